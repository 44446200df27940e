//! A Secret of somebody else is taken over when it allows that, and one of ours is taken back.

use anyhow::{Context, Result, ensure};
use harness::Emulator;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::World;

const CONSENT: &str = "codeartifact-operator.dev/allow-takeover";

impl World<'_> {
    /// Makes a Secret as a cron job does, and returns its uid.
    async fn made_by_cron(&self, secret: Value) -> Result<String> {
        let secret: Secret = serde_json::from_value(secret)?;
        let params = PostParams { field_manager: Some("cron-job".into()), ..PostParams::default() };
        self.secrets()?.create(&params, &secret).await?.metadata.uid.context("no uid")
    }

    async fn annotate_secret(&self, name: &str, key: &str, value: Value) -> Result<()> {
        let patch = json!({"metadata": {"annotations": {key: value}}});
        self.secrets()?.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_secret_that_consents_is_taken_over_without_being_absent() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let copy = json!({"kubectl.kubernetes.io/last-applied-configuration": "{\"stringData\":{\"token\":\"theirs\"}}"});
    let theirs = json!({"metadata": {"name": "login", "labels": {"team": "a"}, "annotations": copy},
        "stringData": {"token": "theirs", "old.conf": "x"}});
    let uid = world.made_by_cron(theirs).await?;
    let take_over = json!({"secret": {"adoption": "TakeOver"}});
    world.login("login", &take_over).await?;
    let told = world.ready_for("login", "SecretNotOurs").await?;
    ensure!(told.message.contains("(written last by cron-job at 2"), "{told:?}");
    ensure!(
        told.message.contains("annotate the Secret with codeartifact-operator.dev/allow-takeover=login"),
        "{told:?}"
    );

    world.annotate_secret("login", CONSENT, json!("other")).await?;
    world.look("login").await?;
    ensure!(world.data("login").await?["token"] == "theirs", "the consent was for another");

    world.annotate_secret("login", CONSENT, json!("login")).await?;
    world.issued("login").await?;
    let data = world.data("login").await?;
    ensure!(data["username"] == "aws" && data["token"] != "theirs", "it was not written");
    ensure!(!data.contains_key("old.conf"), "what was there and is not ours stays");
    let metadata = world.secrets()?.get_metadata("login").await?.metadata;
    ensure!(metadata.uid.as_ref() == Some(&uid), "it was made anew");
    ensure!(metadata.labels.unwrap_or_default()["team"] == "a", "labels of others stay");
    let kept = metadata.annotations.unwrap_or_default();
    ensure!(
        !kept.values().any(|value| value.contains("theirs")),
        "kubectl's copy of the old data stays: {kept:?}"
    );
    world.until_event("Adopted", "Secret login (written last by").await?;

    world.ends_with_its_login("login").await
}

#[tokio::test]
async fn consent_without_the_spec_takes_nothing_and_the_spec_changes_that() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let theirs = json!({"metadata": {"name": "login", "annotations": {CONSENT: "login"}},
        "stringData": {"token": "theirs"}});
    world.made_by_cron(theirs).await?;
    world.login("login", &json!({})).await?;
    let told = world.ready_for("login", "SecretNotOurs").await?;
    ensure!(told.message.contains("set spec.secret.adoption to TakeOver"), "{told:?}");
    ensure!(world.data("login").await?["token"] == "theirs");
    world.login("login", &json!({"secret": {"adoption": "TakeOver"}})).await?;
    world.issued("login").await.map(drop)
}

#[tokio::test]
async fn what_cannot_be_changed_is_not_replaced_by_a_takeover() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let table = [
        ("immutable", json!({"immutable": true}), "because it is immutable;"),
        ("typed", json!({"type": "example.com/login"}), "because its type is not Opaque;"),
    ];
    for (name, more, why) in table {
        let mut theirs = json!({"metadata": {"name": name, "annotations": {CONSENT: name}}, "stringData": {"token": "theirs"}});
        theirs
            .as_object_mut()
            .into_iter()
            .for_each(|theirs| theirs.extend(more.as_object().cloned().unwrap_or_default()));
        let uid = world.made_by_cron(theirs).await?;
        world.login(name, &json!({"secret": {"adoption": "TakeOver"}})).await?;
        let told = world.ready_for(name, "SecretNotOurs").await?;
        ensure!(told.message.contains(why), "{told:?}");
        let seen = world.secrets()?.get(name).await?;
        ensure!(seen.metadata.uid == Some(uid), "{name}: it was replaced");
        ensure!(world.data(name).await?["token"] == "theirs", "{name}: it was written");

        world.secrets()?.delete(name, &DeleteParams::default()).await?;
        world.issued(name).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_restored_secret_is_taken_back_and_a_copy_is_not() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    let mut backup = world.secrets()?.get("login").await?;
    let mut status = world
        .install
        .until("it is there", ("RegistryCredential", world.namespace(), "login"), |_| true)
        .await?;

    // The object and its Secret are lost; the backup comes back first, without its owner.
    world.ends_with_its_login("login").await?;
    let metadata = &mut backup.metadata;
    (metadata.uid, metadata.resource_version, metadata.owner_references, metadata.managed_fields) =
        (None, None, None, None);
    let restored = world.secrets()?.create(&PostParams::default(), &backup).await?;
    backup.metadata.name = Some("copy".into());
    world.secrets()?.create(&PostParams::default(), &backup).await?;

    (status.metadata.uid, status.metadata.resource_version, status.metadata.managed_fields) =
        (None, None, None);
    let api = world.install.control_plane.api("RegistryCredential", world.namespace()).await?;
    api.create(&PostParams::default(), &status).await?;
    world.issued("login").await?;
    world.until_holds("login", &before).await?;
    let seen = world.secrets()?.get_metadata("login").await?.metadata;
    ensure!(seen.uid == restored.metadata.uid, "it was made anew");
    ensure!(seen.owner_references.is_some_and(|owners| owners.len() == 1), "it has no owner");

    world.login("copying", &json!({"secret": {"name": "copy"}})).await?;
    world.ready_for("copying", "SecretNotOurs").await?;
    Ok(())
}

#[tokio::test]
async fn a_secret_without_owner_and_label_is_taken_back() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    let stripped =
        json!({"metadata": {"ownerReferences": null, "labels": null}, "stringData": {"token": "wrong"}});
    world.secrets()?.patch("login", &PatchParams::default(), &Patch::Merge(&stripped)).await?;
    world.until_holds("login", &before).await?;
    world.ends_with_its_login("login").await?;
    ensure!(world.mints() == 1, "{} mints", world.mints());
    Ok(())
}
