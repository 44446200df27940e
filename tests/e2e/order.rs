//! What many objects wait for goes first: their Secrets before their final statuses.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use harness::objects::conditions;
use harness::wait::PATIENCE;
use harness::wait_for;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::json;

use crate::scene::{NAMESPACE, Scene, scene};

/// Enough for the writes of Secrets to queue up.
const LOGINS: usize = 300;

/// Many logins that a stopped operator has not seen yet.
async fn make_logins(scene: &Scene<'_>) -> Result<()> {
    scene.aws().create_domain().domain("acme").send().await?;
    scene.aws().create_repository().domain("acme").repository("store").send().await?;
    scene.install.operator.terminate().await?;
    let registries = json!([{"repository": {"domain": "acme", "name": "store"}, "formats": ["npm"]}]);
    let logins: Vec<_> = (0..LOGINS)
        .map(|number| {
            json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "RegistryCredential",
                "metadata": {"name": format!("login-{number}")}, "spec": {"registries": registries}})
        })
        .collect();
    scene.cluster.create_many("RegistryCredential", NAMESPACE, logins).await
}

#[tokio::test]
async fn of_many_logins_the_secrets_go_before_the_final_statuses() -> Result<()> {
    scene!(scene);
    make_logins(&scene).await?;
    scene.install.operator.start_again().await?;
    scene.install.operator.ready().await?;
    wait_for("all logins are Ready", 4 * PATIENCE, async || {
        let ready = ready_logins(&scene).await?.len();
        ensure!(ready == LOGINS, "{ready} so far");
        Ok(())
    })
    .await?;
    let log = scene.cluster.audit_log().await?;
    let ours = log.iter().filter(|event| event.user.username == scene.install.user && event.writes());
    let of = |event: &harness::control_plane::AuditEvent| {
        let object = event.object_ref.as_ref().filter(|object| object.namespace == NAMESPACE)?;
        Some((object.resource.clone(), object.subresource == "status"))
    };
    let writes: Vec<_> = ours.filter_map(of).collect();
    let last = writes.iter().rposition(|(resource, _)| resource == "secrets").context("no Secret")?;
    let earlier = writes[..last].iter().filter(|(_, status)| *status).count();
    ensure!(earlier < LOGINS / 2, "{earlier} of {LOGINS} statuses were written before the last Secret");
    Ok(())
}

#[tokio::test]
async fn an_operator_that_ends_writes_the_statuses_that_wait() -> Result<()> {
    scene!(scene);
    make_logins(&scene).await?;
    scene.install.operator.start_again().await?;
    wait_for("many Secrets are written", PATIENCE, async || {
        let secrets = secrets(&scene).await?.len();
        ensure!(secrets > LOGINS / 3, "{secrets} so far");
        Ok(())
    })
    .await?;
    let status = scene.install.operator.terminate().await?;
    ensure!(status.success(), "{status}");
    let (secrets, ready) = (secrets(&scene).await?, ready_logins(&scene).await?);
    ensure!(secrets == ready, "without a status: {:?}", secrets.difference(&ready).collect::<Vec<_>>());
    Ok(())
}

/// The logins that are Ready.
async fn ready_logins(scene: &Scene<'_>) -> Result<BTreeSet<String>> {
    let api = scene.cluster.api("RegistryCredential", NAMESPACE).await?;
    let list = api.list(&ListParams::default()).await?;
    let ready = list.items.iter().filter(|login| {
        conditions(login).iter().any(|condition| condition.kind == "Ready" && condition.status == "True")
    });
    Ok(ready.map(ResourceExt::name_any).collect())
}

/// The logins whose Secret exists: a Secret has the name of its login.
async fn secrets(scene: &Scene<'_>) -> Result<BTreeSet<String>> {
    let list = scene.cluster.api("Secret", NAMESPACE).await?.list(&ListParams::default()).await?;
    Ok(list.items.iter().map(ResourceExt::name_any).filter(|name| name.starts_with("login-")).collect())
}
