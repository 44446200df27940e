//! What many objects wait for goes first: their Secrets before their final statuses.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use harness::control_plane::AuditEvent;
use harness::objects::holds;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::json;

/// Enough for the writes of Secrets to queue up.
const LOGINS: usize = 300;

/// Many logins that a stopped operator has not seen yet.
async fn make_logins(fixture: &Fixture) -> Result<()> {
    fixture.make_store("acme").await?;
    fixture.install.operator.terminate().await?;
    let store = json!({"repository": {"domain": "acme", "name": "store"}});
    let login = |number| fixture.login_for(&format!("login-{number}"), store.clone());
    let logins = (0..LOGINS).map(login).collect();
    fixture.cluster.create_many("RegistryCredential", fixture.namespace(), logins).await
}

#[tokio::test]
async fn of_many_logins_the_secrets_go_before_the_final_statuses() -> Result<()> {
    let fixture = Fixture::own().await?;
    make_logins(&fixture).await?;
    fixture.install.operator.start_again().await?;
    fixture.install.operator.ready().await?;
    wait_for("all logins are Ready", 4 * PATIENCE, async || {
        let ready = ready_logins(&fixture).await?.len();
        ensure!(ready == LOGINS, "{ready} so far");
        Ok(())
    })
    .await?;
    let requests = fixture.requests().await?;
    let of = |event: &AuditEvent| {
        let object = event.object_ref.as_ref().filter(|object| object.namespace == fixture.namespace())?;
        Some((object.resource.clone(), object.subresource == "status"))
    };
    let writes: Vec<_> = requests.iter().filter(|event| event.writes()).filter_map(of).collect();
    let last = writes.iter().rposition(|(resource, _)| resource == "secrets").context("no Secret")?;
    let earlier = writes[..last].iter().filter(|(_, status)| *status).count();
    ensure!(earlier < LOGINS / 2, "{earlier} of {LOGINS} statuses were written before the last Secret");
    Ok(())
}

#[tokio::test]
async fn an_operator_that_ends_writes_the_statuses_that_wait() -> Result<()> {
    let fixture = Fixture::own().await?;
    make_logins(&fixture).await?;
    fixture.install.operator.start_again().await?;
    wait_for("many Secrets are written", PATIENCE, async || {
        let secrets = secrets(&fixture).await?.len();
        ensure!(secrets > LOGINS / 3, "{secrets} so far");
        Ok(())
    })
    .await?;
    let status = fixture.install.operator.terminate().await?;
    ensure!(status.success(), "{status}");
    let (secrets, ready) = (secrets(&fixture).await?, ready_logins(&fixture).await?);
    ensure!(secrets == ready, "without a status: {:?}", secrets.difference(&ready).collect::<Vec<_>>());
    Ok(())
}

/// The logins that are Ready.
async fn ready_logins(fixture: &Fixture) -> Result<BTreeSet<String>> {
    let api = fixture.cluster.api("RegistryCredential", fixture.namespace()).await?;
    let list = api.list(&ListParams::default()).await?;
    let ready = list.items.iter().filter(|login| holds(login, "Ready"));
    Ok(ready.map(ResourceExt::name_any).collect())
}

/// The logins whose Secret exists: a Secret has the name of its login.
async fn secrets(fixture: &Fixture) -> Result<BTreeSet<String>> {
    let list = fixture.cluster.api("Secret", fixture.namespace()).await?.list(&ListParams::default()).await?;
    Ok(list.items.iter().map(ResourceExt::name_any).filter(|name| name.starts_with("login-")).collect())
}
