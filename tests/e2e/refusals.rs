//! An API server that refuses some writes for a while: by a webhook of somebody else, a policy of the cluster, or a quota.

use anyhow::{Result, ensure};
use harness::objects::conditions;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

#[tokio::test]
async fn a_login_stays_ready_while_the_cluster_refuses_its_new_token() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.make_store("acme").await?;
    fixture.login("login", &json!({})).await?;
    fixture.ready("RegistryCredential", "login").await?;
    let before = fixture.status("RegistryCredential", "login", "/tokens/0/issuedAt").await?;

    fixture.refuse("secrets", "UPDATE").await?;
    fixture.emulator.forward("8h").await?;
    let told = fixture.says("RegistryCredential", "login", "Ready", "refused.nobody.test").await?;
    ensure!(told.status == "True" && told.reason == "RenewalFailing", "{told:?}");

    fixture.refuse_no_more("secrets", "UPDATE").await?;
    let after = fixture
        .until("it is renewed", "RegistryCredential", "login", |object| {
            object.data["status"]["tokens"][0]["issuedAt"].as_str().is_some_and(|issued| issued != before)
        })
        .await?;
    let ready = conditions(&after).into_iter().find(|seen| seen.kind == "Ready");
    ensure!(
        ready.as_ref().is_some_and(|ready| ready.status == "True" && ready.reason != "RenewalFailing"),
        "{ready:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_secret_that_a_policy_of_the_cluster_refuses_is_written_when_the_policy_has_gone() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.make_store("acme").await?;
    let refuses = json!({"validations": [{"expression": "object.metadata.name != 'login'", "message": "no logins here"}]});
    enforce(&fixture, "ValidatingAdmissionPolicy", refuses, json!({"validationActions": ["Deny"]})).await?;

    fixture.login("login", &json!({})).await?;
    let told = fixture.condition("RegistryCredential", "login", "Ready", "False").await?;
    ensure!(told.reason == "AdmissionDenied" && told.message.contains("no logins here"), "{told:?}");
    lift(&fixture, "ValidatingAdmissionPolicy").await?;
    fixture.ready("RegistryCredential", "login").await.map(drop)
}

#[tokio::test]
async fn a_secret_beyond_the_quota_of_its_namespace_is_written_when_there_is_room() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.make_store("acme").await?;
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"},
        "spec": {"hard": {"count/secrets": "0"}}});
    fixture.apply(&quota).await?;
    // No controller runs here that counts what the quota has used, so the test writes the count.
    let counted = json!({"status": {"hard": {"count/secrets": "0"}, "used": {"count/secrets": "0"}}});
    let quotas = fixture.cluster.api("ResourceQuota", fixture.namespace()).await?;
    quotas.patch_status("few", &PatchParams::default(), &Patch::Merge(&counted)).await?;
    fixture.login("login", &json!({})).await?;
    let told = fixture.condition("RegistryCredential", "login", "Ready", "False").await?;
    ensure!(told.reason == "QuotaExceeded" && told.message.contains("exceeded quota: few"), "{told:?}");
    fixture.delete("ResourceQuota", "few").await?;
    fixture.ready("RegistryCredential", "login").await.map(drop)
}

/// The name of the admission policies of these tests.
const POLICY: &str = "no-logins";

/// Puts an admission policy of the cluster in force for new Secrets of the namespace, and waits until the API server has noticed.
pub(crate) async fn enforce(
    fixture: &Fixture,
    kind: &str,
    mut spec: Value,
    mut binding: Value,
) -> Result<()> {
    let rule =
        json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["secrets"]});
    let here = json!({"matchLabels": {"kubernetes.io/metadata.name": fixture.namespace()}});
    spec["failurePolicy"] = json!("Fail");
    spec["matchConstraints"] = json!({"namespaceSelector": here, "resourceRules": [rule]});
    binding["policyName"] = json!(POLICY);
    for (kind, spec) in [(kind.to_owned(), spec), (format!("{kind}Binding"), binding)] {
        let object = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
            "metadata": {"name": POLICY}, "spec": spec});
        fixture.apply(&object).await?;
    }
    let secrets = fixture.secrets()?;
    let trial = serde_json::from_value(json!({"metadata": {"name": "login"}}))?;
    wait_for("the policy is in force", PATIENCE, async || {
        let dry_run = PostParams { dry_run: true, ..PostParams::default() };
        ensure!(secrets.create(&dry_run, &trial).await.is_err(), "not yet");
        Ok(())
    })
    .await
}

/// Ends the policy of that kind.
pub(crate) async fn lift(fixture: &Fixture, kind: &str) -> Result<()> {
    for kind in [format!("{kind}Binding"), kind.to_owned()] {
        fixture.cluster.kubectl(&["delete", &kind.to_lowercase(), POLICY]).await?;
    }
    Ok(())
}
