//! What takes a working login away: the grant of the token that it holds, and nothing else.

use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::{Emulator, unique, wait_for};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::{World, registry};

impl World<'_> {
    /// Changes what the account grants to all namespaces of the install.
    pub(super) async fn grant(&self, credentials: Value) -> Result<()> {
        let grants = json!([{"namespaces": {"names": self.install.namespaces}, "credentials": credentials}]);
        let accounts = self.install.control_plane.api("AwsAccount", "").await?;
        let patch = json!({"spec": {"grants": grants}});
        accounts.patch(&self.account, &PatchParams::default(), &Patch::Merge(&patch)).await?;
        Ok(())
    }

    async fn stalled(&self, name: &str, about: &str) -> Result<()> {
        let object = ("RegistryCredential", self.namespace(), name);
        let told = self.install.condition(object, "Stalled", "True").await?;
        ensure!(told.message.contains(about), "{told:?}");
        Ok(())
    }
}

#[tokio::test]
async fn a_spec_that_is_wrong_keeps_the_login() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.grant(json!([{"domains": ["acme"]}])).await?;
    let first = registry(&["npm"]);
    let before = world.ready_login("login", &json!({"registries": [first]})).await?;

    let typo = json!({"repository": {"domain": "acmee", "name": "store"}, "formats": ["npm"], "scope": "@x"});
    world.login("login", &json!({"registries": [first, typo]})).await?;
    world.stalled("login", "`credentials` acmee").await?;
    ensure!(world.data("login").await? == before, "a typo in another registry took or changed the Secret");

    let other = unique("account");
    world.install.account(&other, &json!([])).await?;
    world.login("login", &json!({"registries": [first], "accountRef": {"name": other}})).await?;
    world.stalled("login", &format!("AwsAccount {other}")).await?;
    ensure!(world.data("login").await? == before, "an account without a grant took or changed the Secret");

    world.grant(json!([])).await?;
    world.install.gone("Secret", world.namespace(), "login").await
}

#[tokio::test]
async fn a_deleted_login_that_a_finalizer_keeps_loses_its_secret_with_its_grant() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.ready_login("login", &json!({})).await?;
    let logins = world.install.control_plane.api("RegistryCredential", world.namespace()).await?;
    let hold = |finalizers: Value| json!({"metadata": {"finalizers": finalizers}});
    logins.patch("login", &PatchParams::default(), &Patch::Merge(hold(json!(["example.com/hold"])))).await?;
    logins.delete("login", &DeleteParams::default()).await?;
    world.grant(json!([])).await?;
    world.install.gone("Secret", world.namespace(), "login").await?;
    logins.patch("login", &PatchParams::default(), &Patch::Merge(hold(Value::Null))).await?;
    world.install.gone("RegistryCredential", world.namespace(), "login").await
}

#[tokio::test]
async fn a_secret_that_a_finalizer_keeps_is_emptied_with_its_grant() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let hold = |finalizers: Value| json!({"metadata": {"finalizers": finalizers}});
    for (name, deleted_before) in [("login", false), ("leaving", true)] {
        world.ready_login(name, &json!({})).await?;
        let kept = Patch::Merge(hold(json!(["example.com/hold"])));
        world.secrets()?.patch(name, &PatchParams::default(), &kept).await?;
        if deleted_before {
            world.secrets()?.delete(name, &DeleteParams::default()).await?;
            world.ready_for(name, "SecretDeleting").await?;
        }
    }
    world.grant(json!([])).await?;
    for name in ["login", "leaving"] {
        let waited = wait_for("the Secret has no data", PATIENCE, async || {
            ensure!(world.data(name).await?.is_empty(), "it has");
            Ok(())
        });
        world.install.explain(waited.await)?;
        world.secrets()?.patch(name, &PatchParams::default(), &Patch::Merge(hold(Value::Null))).await?;
        world.install.gone("Secret", world.namespace(), name).await?;
    }
    world
        .until_event("GrantMissing", "Secret login emptied, and deleted as soon as its finalizers are gone")
        .await
}

#[tokio::test]
async fn a_shorter_grant_replaces_the_longer_token_or_takes_it() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let open = world.ready_login("open", &json!({})).await?;
    world.ready_login("fixed", &json!({"token": {"duration": "12h"}})).await?;
    world.grant(json!([{"domains": ["acme"], "maxDuration": "4h"}])).await?;
    let shorter = world.until_renewed(world.namespace(), "open", &open).await?;
    let lives = shorter["expires_at"].parse::<i64>()? - emulator.now().as_second();
    ensure!((1..=4 * 3600).contains(&lives), "it lives {lives} s");
    world.issued("open").await?;
    world.stalled("fixed", "at most 4h").await?;
    world.install.gone("Secret", world.namespace(), "fixed").await
}

#[tokio::test]
async fn a_suspended_login_that_has_expired_is_not_called_ready() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.ready_login("login", &json!({})).await?;
    world.login("login", &json!({"suspend": true})).await?;
    world.ready_for("login", "Suspended").await?;
    emulator.forward("13h").await?;
    world.stalled("login", "because spec.suspend is true; set spec.suspend to false").await?;
    world.login("login", &json!({"suspend": false})).await?;
    world.issued("login").await.map(drop)
}

#[tokio::test]
async fn a_forced_renewal_leaves_the_secrets_of_others_alone() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("eager", &json!({})).await?;
    ensure!(world.ready_login("calm", &json!({})).await? == before, "they do not share");
    emulator.forward("10m").await?;
    world.annotate("eager", "renew-at", "now").await?;
    world.until_renewed(world.namespace(), "eager", &before).await?;
    world.look("calm").await?;
    ensure!(world.data("calm").await? == before, "somebody else's request rewrote it");
    emulator.forward("8h").await?;
    world.until_renewed(world.namespace(), "calm", &before).await.map(drop)
}

#[tokio::test]
async fn a_secret_that_an_earlier_name_has_left_behind_is_removed() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.ready_login("login", &json!({})).await?;
    // As a renaming leaves it whose status could not be written: ours, and told nowhere.
    let mut left = world.secrets()?.get("login").await?;
    left.metadata = ObjectMeta {
        name: Some("left".into()),
        labels: left.metadata.labels,
        owner_references: left.metadata.owner_references,
        ..ObjectMeta::default()
    };
    world.secrets()?.create(&PostParams::default(), &left).await?;
    world.login("login", &json!({"token": {"renewBefore": "1h"}})).await?;
    world.install.gone("Secret", world.namespace(), "left").await?;
    world.data("login").await.map(drop)
}
