//! A cluster that has taken rights from the operator, or that makes what the operator writes invalid.

use anyhow::{Context, Result, ensure};
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::rbac::v1::ClusterRole;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

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

/// As after an upgrade of the operator alone: the CRDs in the cluster know less than the operator writes.
#[tokio::test]
async fn a_status_that_the_crd_refuses_is_told_once_by_an_event() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&fixture.object("Domain", "before", &json!({}))).await?;
    fixture.ready("Domain", "before").await?;
    until_the_crd_takes_an_arn(&fixture, json!({"op": "add", "value": 3}), false).await?;

    fixture.apply(&fixture.object("Domain", "acme", &json!({}))).await?;
    let remedy = "codeartifact-operator crds | kubectl apply --server-side -f -";
    fixture.until_event("KubernetesRejected", remedy).await?;
    fixture.annotate("Domain", "acme", "reconcile-at", "again").await?;
    wait_for("the status is refused once more", PATIENCE, async || {
        let log = std::fs::read_to_string(fixture.install.operator.log())?;
        let refused = log.lines().filter(|line| line.contains("the reconcile could not be finished")).count();
        ensure!(refused >= 2, "{refused} times");
        Ok(())
    })
    .await?;
    let told = fixture.told("KubernetesRejected").await?;
    let [(text, 1)] = told.as_slice() else { anyhow::bail!("{told:?}") };
    // Kubernetes 1.30 leaves the first part of the path out.
    ensure!(text.contains("arn: Too long"), "{text}");

    until_the_crd_takes_an_arn(&fixture, json!({"op": "remove"}), true).await?;
    fixture.annotate("Domain", "acme", "reconcile-at", "with the CRD").await?;
    fixture.ready("Domain", "acme").await.map(drop)
}

/// Changes the greatest length of an ARN in the status of Domains, and waits until the API server takes a longer one, or refuses it.
async fn until_the_crd_takes_an_arn(fixture: &Fixture, mut change: Value, takes: bool) -> Result<()> {
    let crds: Api<CustomResourceDefinition> = Api::all(fixture.cluster.client()?);
    let status = "/spec/versions/0/schema/openAPIV3Schema/properties/status";
    change["path"] = format!("{status}/properties/arn/maxLength").into();
    let change = Patch::Json::<()>(serde_json::from_value(json!([change]))?);
    crds.patch("domains.codeartifact-operator.dev", &PatchParams::default(), &change).await?;
    let domains = fixture.cluster.api("Domain", fixture.namespace()).await?;
    let longer = Patch::Merge(json!({"status": {"arn": "longer"}}));
    let dry = PatchParams { dry_run: true, ..PatchParams::default() };
    wait_for(&format!("the API server takes a longer ARN: {takes}"), PATIENCE, async || {
        let is_taken = domains.patch_status("before", &dry, &longer).await.is_ok();
        ensure!(is_taken == takes, "not yet");
        Ok(())
    })
    .await
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
