//! An API server that refuses some writes for a while, as it does when a webhook of somebody else fails.

use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::wait_for;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;

use crate::scene::{NAMESPACE, Scene};

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
        self.until_taken(resource, false).await
    }

    /// Ends that, as soon as the API server has noticed.
    pub(crate) async fn refuse_no_more(&self, resource: &str) -> Result<()> {
        self.webhooks()?.delete(resource, &DeleteParams::default()).await?;
        self.until_taken(resource, true).await
    }

    fn webhooks(&self) -> Result<Api<ValidatingWebhookConfiguration>> {
        Ok(Api::all(self.cluster.client()?))
    }

    /// Waits until the API server takes, or refuses, what is asked for as a trial.
    async fn until_taken(&self, resource: &str, taken: bool) -> Result<()> {
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
            let answer = if resource == "events" {
                events.create(&PostParams { dry_run: true, ..PostParams::default() }, &event).await.map(drop)
            } else {
                let dry_run = DeleteParams { dry_run: true, ..DeleteParams::default() };
                secrets.delete("probe", &dry_run).await.map(drop)
            };
            ensure!(answer.is_ok() == taken, "{answer:?}");
            Ok(())
        })
        .await
    }
}
