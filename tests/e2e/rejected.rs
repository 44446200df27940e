//! A cluster that has taken rights from the operator, or that makes what the operator writes invalid.

use anyhow::{Context, Result, ensure};
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::rbac::v1::ClusterRole;
use kube::api::{ListParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::json;

use crate::refusals::{enforce, lift};

#[tokio::test]
async fn a_secret_is_put_back_when_the_operator_has_its_roles_again() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.make_store("acme").await?;
    fixture.login("login", &json!({})).await?;
    fixture.ready("RegistryCredential", "login").await?;
    let roles: Api<ClusterRole> = Api::all(fixture.cluster.client()?);
    let role = role_for_secrets(&roles).await?;
    let mut fewer = role.clone();
    for rule in fewer.rules.iter_mut().flatten() {
        if rule.resources.iter().flatten().any(|resource| resource == "secrets") {
            rule.verbs.retain(|verb| ["get", "list", "watch"].contains(&verb.as_str()));
        }
    }
    roles.replace(&role.name_any(), &PostParams::default(), &fewer).await?;
    until_it_may_patch_secrets(&fixture, false).await?;

    fixture.delete("Secret", "login").await?;
    let told = fixture.condition("RegistryCredential", "login", "Ready", "False").await?;
    ensure!(
        told.reason == "KubernetesForbidden" && told.message.contains("install the roles of its chart"),
        "{told:?}"
    );

    let mut again = roles.get(&role.name_any()).await?;
    again.rules = role.rules;
    roles.replace(&again.name_any(), &PostParams::default(), &again).await?;
    until_it_may_patch_secrets(&fixture, true).await?;
    fixture.reconcile_now("RegistryCredential", "login").await?;
    fixture.ready("RegistryCredential", "login").await?;
    fixture.get("Secret", "login").await.map(drop)
}

#[tokio::test]
async fn a_secret_that_the_cluster_makes_invalid_is_written_when_that_has_ended() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.make_store("acme").await?;
    let label = r#"Object{metadata: Object.metadata{labels: {"broken": "no label!"}}}"#;
    let breaks = json!({"reinvocationPolicy": "Never",
        "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": label}}]});
    enforce(&fixture, "MutatingAdmissionPolicy", breaks, json!({})).await?;

    fixture.login("login", &json!({})).await?;
    let told = fixture.condition("RegistryCredential", "login", "Ready", "False").await?;
    ensure!(told.reason == "KubernetesRejected" && told.message.contains("metadata.labels"), "{told:?}");
    lift(&fixture, "MutatingAdmissionPolicy").await?;
    fixture.ready("RegistryCredential", "login").await.map(drop)
}

/// The cluster role of the operator that lets it write Secrets.
async fn role_for_secrets(roles: &Api<ClusterRole>) -> Result<ClusterRole> {
    let writes_secrets = |role: &ClusterRole| {
        role.name_any().starts_with("codeartifact-operator")
            && role.rules.iter().flatten().any(|rule| {
                rule.resources.iter().flatten().any(|resource| resource == "secrets")
                    && rule.verbs.iter().any(|verb| verb == "patch")
            })
    };
    let list = roles.list(&ListParams::default()).await?;
    list.items
        .into_iter()
        .find(writes_secrets)
        .context("no ClusterRole of the operator lets it write Secrets")
}

/// Waits until the API server allows, or denies, the operator to patch Secrets.
async fn until_it_may_patch_secrets(fixture: &Fixture, may: bool) -> Result<()> {
    let reviews: Api<SubjectAccessReview> = Api::all(fixture.cluster.client()?);
    let review =
        serde_json::from_value(json!({"spec": {"user": fixture.install.user, "resourceAttributes": {
            "namespace": fixture.namespace(), "verb": "patch", "resource": "secrets"}}}))?;
    wait_for(&format!("the operator may patch Secrets: {may}"), PATIENCE, async || {
        let answer = reviews.create(&PostParams::default(), &review).await?;
        let allowed = answer.status.context("no answer")?.allowed;
        ensure!(allowed == may, "not yet");
        Ok(())
    })
    .await
}
