//! An API server that refuses some writes for a while, as it does when a webhook of somebody else fails.

use anyhow::{Result, bail, ensure};
use harness::objects::conditions;
use harness::wait::PATIENCE;
use harness::wait_for;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;

use crate::scene::{NAMESPACE, Scene, scene};

#[tokio::test]
async fn a_login_stays_ready_while_the_cluster_refuses_its_new_token() -> Result<()> {
    scene!(scene);
    scene.apply(&make_login(&scene).await?).await?;
    scene.ready("RegistryCredential", "login").await?;
    let before = scene.status("RegistryCredential", "login", "/tokens/0/issuedAt").await?;

    scene.refuse("secrets", "UPDATE").await?;
    scene.emulator.forward("8h").await?;
    let told = scene.says(("RegistryCredential", "login"), "Ready", "refused.nobody.test").await?;
    ensure!(told.status == "True" && told.reason == "RenewalFailing", "{told:?}");

    scene.refuse_no_more("secrets", "UPDATE").await?;
    let after = scene
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
    scene!(scene);
    let login = make_login(&scene).await?;
    let rule =
        json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["secrets"]});
    let here = json!({"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}});
    let policy = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "no-secrets"}, "spec": {"failurePolicy": "Fail",
        "matchConstraints": {"namespaceSelector": here, "resourceRules": [rule]},
        "validations": [{"expression": "object.metadata.name != 'login'", "message": "no logins here"}]}});
    let binding = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "no-secrets"}, "spec": {"policyName": "no-secrets", "validationActions": ["Deny"]}});
    scene.apply(&policy.to_string()).await?;
    scene.apply(&binding.to_string()).await?;
    let secrets: Api<Secret> = Api::namespaced(scene.cluster.client()?, NAMESPACE);
    let trial = serde_json::from_value(json!({"metadata": {"name": "login"}}))?;
    wait_for("the policy holds", PATIENCE, async || {
        let dry_run = PostParams { dry_run: true, ..PostParams::default() };
        ensure!(secrets.create(&dry_run, &trial).await.is_err(), "not yet");
        Ok(())
    })
    .await?;

    scene.apply(&login).await?;
    let told = scene.condition("RegistryCredential", "login", "Ready", "False").await?;
    ensure!(told.reason == "AdmissionDenied" && told.message.contains("no logins here"), "{told:?}");
    for kind in ["ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"] {
        let kind = scene.cluster.api(kind, "").await?;
        kind.delete("no-secrets", &DeleteParams::default()).await?;
    }
    scene.ready("RegistryCredential", "login").await.map(drop)
}

#[tokio::test]
async fn a_secret_beyond_the_quota_of_its_namespace_is_written_when_there_is_room() -> Result<()> {
    scene!(scene);
    let login = make_login(&scene).await?;
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"},
        "spec": {"hard": {"count/secrets": "0"}}});
    scene.apply(&quota.to_string()).await?;
    // The controller that counts what is used is not among those that run here.
    let counted = json!({"status": {"hard": {"count/secrets": "0"}, "used": {"count/secrets": "0"}}});
    let quotas = scene.cluster.api("ResourceQuota", NAMESPACE).await?;
    quotas.patch_status("few", &PatchParams::default(), &Patch::Merge(&counted)).await?;
    scene.apply(&login).await?;
    let told = scene.condition("RegistryCredential", "login", "Ready", "False").await?;
    ensure!(told.reason == "QuotaExceeded" && told.message.contains("exceeded quota: few"), "{told:?}");
    scene.delete("ResourceQuota", "few").await?;
    scene.ready("RegistryCredential", "login").await.map(drop)
}

/// A repository in AWS, and the manifest of a login for it.
pub(crate) async fn make_login(scene: &Scene<'_>) -> Result<String> {
    scene.aws().create_domain().domain("acme").send().await?;
    scene.aws().create_repository().domain("acme").repository("store").send().await?;
    Ok(json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "RegistryCredential",
        "metadata": {"name": "login"},
        "spec": {"registries": [{"repository": {"domain": "acme", "name": "store"}, "formats": ["npm"]}]}})
    .to_string())
}

impl Scene<'_> {
    /// Makes the API server answer an operation on a resource with 500, as soon as it has noticed.
    pub(crate) async fn refuse(&self, resource: &str, operation: &str) -> Result<()> {
        let group = if resource == "events" { "events.k8s.io" } else { "" };
        let rule = json!({"apiGroups": [group], "apiVersions": ["v1"], "resources": [resource],
            "operations": [operation], "scope": "Namespaced"});
        // Nobody serves this webhook.
        let webhook = json!({"name": "refused.nobody.test", "rules": [rule], "failurePolicy": "Fail", "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "clientConfig": {"url": "https://127.0.0.1:1/"}});
        let webhook = serde_json::from_value(json!({"metadata": {"name": resource}, "webhooks": [webhook]}))?;
        self.webhooks()?.create(&PostParams::default(), &webhook).await?;
        self.until_taken(resource, operation, false).await
    }

    /// Ends that, as soon as the API server has noticed.
    pub(crate) async fn refuse_no_more(&self, resource: &str, operation: &str) -> Result<()> {
        self.webhooks()?.delete(resource, &DeleteParams::default()).await?;
        self.until_taken(resource, operation, true).await
    }

    fn webhooks(&self) -> Result<Api<ValidatingWebhookConfiguration>> {
        Ok(Api::all(self.cluster.client()?))
    }

    /// Waits until the API server takes, or refuses, what is asked for as a trial.
    async fn until_taken(&self, resource: &str, operation: &str, taken: bool) -> Result<()> {
        let client = self.cluster.client()?;
        let (events, secrets): (Api<Event>, Api<Secret>) =
            (Api::namespaced(client.clone(), NAMESPACE), Api::namespaced(client, NAMESPACE));
        let event = serde_json::from_value(json!({
            "metadata": {"name": "probe"}, "eventTime": "2026-01-01T00:00:00.000000Z", "reason": "Probe", "action": "Probe",
            "type": "Normal", "reportingController": "test/probe", "reportingInstance": "test", "note": "",
            "regarding": {"namespace": NAMESPACE},
        }))?;
        let secret = serde_json::from_value(json!({"metadata": {"name": "probe"}}))?;
        if resource == "secrets" {
            drop(secrets.create(&PostParams::default(), &secret).await);
        }
        wait_for(&format!("{resource} are taken: {taken}"), PATIENCE, async || {
            let answer = match (resource, operation) {
                ("events", "CREATE") => {
                    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
                    events.create(&dry_run, &event).await.map(drop)
                }
                ("secrets", "DELETE") => {
                    let dry_run = DeleteParams { dry_run: true, ..DeleteParams::default() };
                    secrets.delete("probe", &dry_run).await.map(drop)
                }
                ("secrets", "UPDATE") => {
                    let dry_run = PatchParams { dry_run: true, ..PatchParams::default() };
                    let edit = Patch::Merge(json!({"metadata": {"annotations": {"probe": "1"}}}));
                    secrets.patch("probe", &dry_run, &edit).await.map(drop)
                }
                other => bail!("no trial for {other:?}"),
            };
            ensure!(answer.is_ok() == taken, "{answer:?}");
            Ok(())
        })
        .await
    }
}
