//! A Secret of somebody else is taken over when it allows that, and one of ours is taken back.

use anyhow::{Context, Result, ensure};
use harness::Fixture;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};

const CONSENT: &str = "codeartifact-operator.dev/allow-takeover";

/// Makes a Secret as a cron job does, and returns its uid.
async fn made_by_cron(fixture: &Fixture, secret: Value) -> Result<String> {
    let secret: Secret = serde_json::from_value(secret)?;
    let params = PostParams { field_manager: Some("cron-job".into()), ..PostParams::default() };
    fixture.secrets()?.create(&params, &secret).await?.metadata.uid.context("no uid")
}

#[tokio::test]
async fn a_secret_that_consents_is_taken_over_without_being_absent() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let copy = json!({"kubectl.kubernetes.io/last-applied-configuration": "{\"stringData\":{\"token\":\"theirs\"}}"});
    let theirs = json!({"metadata": {"name": "login", "labels": {"team": "a"}, "annotations": copy},
        "stringData": {"token": "theirs", "old.conf": "x"}});
    let uid = made_by_cron(&fixture, theirs).await?;
    let take_over = json!({"secret": {"adoption": "TakeOver"}});
    fixture.login("login", &take_over).await?;
    let told = fixture.login_ready_for("login", "SecretNotOurs").await?;
    ensure!(told.message.contains("(written last by cron-job at 2"), "{told:?}");
    ensure!(
        told.message.contains("annotate the Secret with codeartifact-operator.dev/allow-takeover=login"),
        "{told:?}"
    );

    fixture.annotate("Secret", "login", "allow-takeover", "other").await?;
    fixture.reconcile_now("RegistryCredential", "login").await?;
    ensure!(fixture.data("login").await?["token"] == "theirs", "the consent was for another");

    fixture.annotate("Secret", "login", "allow-takeover", "login").await?;
    fixture.issued("login").await?;
    let data = fixture.data("login").await?;
    ensure!(data["username"] == "aws" && data["token"] != "theirs", "it was not written");
    ensure!(!data.contains_key("old.conf"), "what was there and is not ours stays");
    let metadata = fixture.secrets()?.get_metadata("login").await?.metadata;
    ensure!(metadata.uid.as_ref() == Some(&uid), "it was made anew");
    ensure!(metadata.labels.unwrap_or_default()["team"] == "a", "labels of others stay");
    let kept = metadata.annotations.unwrap_or_default();
    ensure!(
        !kept.values().any(|value| value.contains("theirs")),
        "kubectl's copy of the old data stays: {kept:?}"
    );
    fixture.until_event("Adopted", "Secret login (written last by").await?;

    fixture.ends_with_its_login("login").await
}

/// A team replaces the Secrets of a cron job. The clock stands still, so that no requeue is due and only a watch shows each annotation.
#[tokio::test]
async fn many_secrets_that_consent_are_taken_over_at_once() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let names: Vec<_> = (0..8).map(|number| format!("login-{number}")).collect();
    for name in &names {
        made_by_cron(&fixture, json!({"metadata": {"name": name}, "stringData": {"token": "theirs"}}))
            .await?;
        fixture.login(name, &json!({"secret": {"adoption": "TakeOver"}})).await?;
        fixture.login_ready_for(name, "SecretNotOurs").await?;
    }
    for name in &names {
        fixture.annotate("Secret", name, "allow-takeover", name).await?;
        fixture.issued(name).await?;
    }
    Ok(())
}

#[tokio::test]
async fn consent_without_the_spec_takes_nothing_and_the_spec_changes_that() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let theirs = json!({"metadata": {"name": "login", "annotations": {CONSENT: "login"}},
        "stringData": {"token": "theirs"}});
    made_by_cron(&fixture, theirs).await?;
    fixture.login("login", &json!({})).await?;
    let told = fixture.login_ready_for("login", "SecretNotOurs").await?;
    ensure!(told.message.contains("set spec.secret.adoption to TakeOver"), "{told:?}");
    ensure!(fixture.data("login").await?["token"] == "theirs");
    fixture.login("login", &json!({"secret": {"adoption": "TakeOver"}})).await?;
    fixture.issued("login").await.map(drop)
}

#[tokio::test]
async fn what_cannot_be_changed_is_not_replaced_by_a_takeover() -> Result<()> {
    let fixture = Fixture::with_store().await?;
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
        let uid = made_by_cron(&fixture, theirs).await?;
        fixture.login(name, &json!({"secret": {"adoption": "TakeOver"}})).await?;
        let told = fixture.login_ready_for(name, "SecretNotOurs").await?;
        ensure!(told.message.contains(why), "{told:?}");
        let seen = fixture.secrets()?.get(name).await?;
        ensure!(seen.metadata.uid == Some(uid), "{name}: it was replaced");
        ensure!(fixture.data(name).await?["token"] == "theirs", "{name}: it was written");

        fixture.secrets()?.delete(name, &DeleteParams::default()).await?;
        fixture.issued(name).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_restored_secret_is_taken_back_and_a_copy_is_not() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    let mut backup = fixture.secrets()?.get("login").await?;
    let mut status = fixture.get("RegistryCredential", "login").await?;

    // The object and its Secret are lost; the backup comes back first, without its owner.
    fixture.ends_with_its_login("login").await?;
    let metadata = &mut backup.metadata;
    (metadata.uid, metadata.resource_version, metadata.owner_references, metadata.managed_fields) =
        (None, None, None, None);
    let restored = fixture.secrets()?.create(&PostParams::default(), &backup).await?;
    backup.metadata.name = Some("copy".into());
    fixture.secrets()?.create(&PostParams::default(), &backup).await?;

    (status.metadata.uid, status.metadata.resource_version, status.metadata.managed_fields) =
        (None, None, None);
    let api = fixture.cluster.api("RegistryCredential", fixture.namespace()).await?;
    api.create(&PostParams::default(), &status).await?;
    fixture.issued("login").await?;
    fixture.until_holds("login", &before).await?;
    let seen = fixture.secrets()?.get_metadata("login").await?.metadata;
    ensure!(seen.uid == restored.metadata.uid, "it was made anew");
    ensure!(seen.owner_references.is_some_and(|owners| owners.len() == 1), "it has no owner");

    fixture.login("copying", &json!({"secret": {"name": "copy"}})).await?;
    fixture.login_ready_for("copying", "SecretNotOurs").await?;
    Ok(())
}

#[tokio::test]
async fn a_secret_without_owner_and_label_is_taken_back() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    let stripped =
        json!({"metadata": {"ownerReferences": null, "labels": null}, "stringData": {"token": "wrong"}});
    fixture.patch("Secret", "login", &stripped).await?;
    fixture.until_holds("login", &before).await?;
    fixture.ends_with_its_login("login").await?;
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    Ok(())
}
