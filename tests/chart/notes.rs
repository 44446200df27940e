//! The trust policies that Helm prints are whole policies, for exactly this ServiceAccount.

use anyhow::{Context, Result, ensure};
use serde_json::{Deserializer, Value, json};

use crate::render::{Chart, NAMESPACE};

#[test]
fn both_trust_policies_let_this_service_account_in_and_no_other() -> Result<()> {
    let values = json!({
        "fullnameOverride": "packages",
        "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/packages"}},
    });
    let subject = format!("system:serviceaccount:{NAMESPACE}:packages");
    let irsa = json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/OIDC_PROVIDER"},
        "Condition": {"StringEquals": {"OIDC_PROVIDER:sub": subject, "OIDC_PROVIDER:aud": "sts.amazonaws.com"}}});
    let pod_identity = json!({"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:RequestTag/kubernetes-namespace": NAMESPACE,
            "aws:RequestTag/kubernetes-service-account": "packages"}}});
    let wanted =
        [irsa, pod_identity].map(|statement| json!({"Version": "2012-10-17", "Statement": [statement]}));
    let printed = policies(&Chart::ours().notes(&values)?)?;
    ensure!(printed == wanted, "{printed:#?}");
    Ok(())
}

/// The JSON documents in a text: each begins on a line of its own.
fn policies(notes: &str) -> Result<Vec<Value>> {
    let begins = notes.match_indices("\n   {\n").map(|(at, _)| notes.split_at(at).1);
    begins
        .map(|text| Deserializer::from_str(text).into_iter().next().context("no JSON")?.context("no JSON"))
        .collect()
}
