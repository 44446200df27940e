//! A grant that was there and goes.

use super::{Tenants, object};
use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::{Emulator, unique, wait_for};
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

async fn removed(secrets: &Api<DynamicObject>, name: &str) -> Result<()> {
    wait_for("the Secret is removed", PATIENCE, async || {
        ensure!(secrets.get_opt(name).await?.is_none(), "it is still there");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_withdrawn_grant_stops_writes_and_tokens_at_once_and_lets_go() -> Result<()> {
    let emulator = Emulator::start().await?;
    let tenants = Tenants::start(
        &emulator,
        json!({"manage": ["acme/mine"], "use": ["acme"], "credentials": [{"domains": ["acme"]}]}),
    )
    .await?;
    let mine = tenants.repository("mine", json!({"domain": {"name": "acme"}, "deletionPolicy": "Delete"}));
    tenants.apply(tenants.second(), mine).await?;
    tenants.install.ready("Repository", tenants.second(), "mine").await?;
    tenants
        .apply(tenants.second(), tenants.login("login", json!({"repositoryRef": {"name": "mine"}})))
        .await?;
    tenants.install.ready("RegistryCredential", tenants.second(), "login").await?;

    tenants.grant_only(json!([tenants.everything()])).await?;
    tenants.refused("Repository", "mine", "`manage` acme/mine").await?;
    tenants.refused("RegistryCredential", "login", "`credentials` acme").await?;
    let secrets = tenants.install.control_plane.api("Secret", tenants.second()).await?;
    removed(&secrets, "login").await?;

    let before = emulator.last_call();
    emulator.forward("13h").await?;
    let changed = tenants.repository(
        "mine",
        json!({"domain": {"name": "acme"}, "description": "new", "deletionPolicy": "Delete"}),
    );
    tenants.apply(tenants.second(), changed).await?;
    tenants.refused("Repository", "mine", "`manage` acme/mine").await?;
    tenants
        .install
        .control_plane
        .api("Repository", tenants.second())
        .await?
        .delete("mine", &DeleteParams::default())
        .await?;
    tenants.install.gone("Repository", tenants.second(), "mine").await?;
    let touched =
        emulator.journal(before).iter().filter(|call| call.parameters["repository"] == "mine").count();
    ensure!(touched == 0, "{touched} calls for it after the grant was gone");
    let mints = emulator.calls("GetAuthorizationToken", before);
    ensure!(mints == 0, "{mints} mints, and nobody but the namespace without a grant asks for a token");
    Ok(())
}

#[tokio::test]
async fn a_suspended_login_goes_with_its_grant_too() -> Result<()> {
    let emulator = Emulator::start().await?;
    let tenants =
        Tenants::start(&emulator, json!({"use": ["acme/*"], "credentials": [{"domains": ["acme"]}]})).await?;
    let team = tenants.repository("team", json!({"domain": {"name": "acme"}}));
    tenants.apply(tenants.first(), team).await?;
    tenants.install.ready("Repository", tenants.first(), "team").await?;
    let mut login =
        tenants.login("login", json!({"repositoryRef": {"name": "team", "namespace": tenants.first()}}));
    tenants.apply(tenants.second(), login.clone()).await?;
    tenants.install.ready("RegistryCredential", tenants.second(), "login").await?;
    login["spec"]["suspend"] = true.into();
    tenants.apply(tenants.second(), login).await?;
    let suspended = ("RegistryCredential", tenants.second(), "login");
    wait_for("it is suspended", PATIENCE, async || {
        let told = tenants.install.condition(suspended, "Ready", "True").await?;
        ensure!(told.reason == "Suspended", "{told:?}");
        Ok(())
    })
    .await?;
    let secrets = tenants.install.control_plane.api("Secret", tenants.second()).await?;
    ensure!(secrets.get_opt("login").await?.is_some(), "a suspended login keeps its Secret");

    tenants.grant_only(json!([tenants.everything()])).await?;
    removed(&secrets, "login").await
}

#[tokio::test]
async fn a_label_that_goes_takes_its_grant_with_it() -> Result<()> {
    let emulator = Emulator::start().await?;
    let tenants = Tenants::start(&emulator, Value::Null).await?;
    let namespaces = tenants.install.control_plane.api("Namespace", "").await?;
    let team = unique("label");
    let label = |value: Value| json!({"metadata": {"labels": {"team": value}}});
    let selected = json!({"namespaces": {"selector": {"matchLabels": {"team": team}}}, "manage": ["mine"]});
    tenants.grant_only(json!([tenants.everything(), selected])).await?;
    let domain = object("Domain", "mine", json!({"accountRef": {"name": tenants.account}}));
    tenants.apply(tenants.second(), domain).await?;
    tenants.refused("Domain", "mine", "`manage` mine").await?;
    namespaces.patch(tenants.second(), &PatchParams::default(), &Patch::Merge(label(json!(team)))).await?;
    tenants.install.ready("Domain", tenants.second(), "mine").await?;
    namespaces.patch(tenants.second(), &PatchParams::default(), &Patch::Merge(label(Value::Null))).await?;
    tenants.refused("Domain", "mine", "`manage` mine").await?;
    Ok(())
}
