//! The Secret: as the spec wants it, replaced where it cannot be changed, and never one of somebody else.

use anyhow::{Result, ensure};
use harness::Fixture;
use harness::fixture::registry;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, DynamicObject, PostParams};
use serde_json::{Value, json};

use super::put_back::{By, tamper};

#[tokio::test]
async fn a_secret_that_cannot_go_is_not_called_ready_and_is_put_back_when_it_has_gone() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.login("login", &json!({"secret": {"name": "aa"}})).await?;
    fixture.issued("login").await?;
    let before = fixture.data("aa").await?;
    fixture.set_finalizers("Secret", "aa", json!(["example.com/hold"])).await?;
    for name in ["bb", "aa"] {
        fixture.login("login", &json!({"secret": {"name": name}})).await?;
        if name == "bb" {
            fixture.until_holds("bb", &before).await?;
            let named = |object: &DynamicObject| object.data["status"]["secretName"] == "bb";
            fixture.until_login("status names the new Secret", "login", named).await?;
        }
    }
    let told = fixture.login_ready_for("login", "SecretDeleting").await?;
    ensure!(told.status == "False" && told.message.contains("Secret aa is being deleted"), "{told:?}");
    fixture.set_finalizers("Secret", "aa", Value::Null).await?;
    fixture.until_holds("aa", &before).await?;
    fixture.issued("login").await?;
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn what_the_spec_does_not_want_any_more_goes_from_the_secret() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let marks = json!({"labels": {"team": "a"}, "annotations": {"note": "x"}});
    fixture.ready_login("login", &json!({"secret": marks})).await?;
    fixture
        .login("login", &json!({"registries": [registry(&["npm"])], "secret": {"labels": {"team": "b"}}}))
        .await?;
    fixture.issued("login").await?;
    let secret = fixture.secrets()?.get("login").await?;
    let labels = secret.metadata.labels.clone().unwrap_or_default();
    ensure!(labels["team"] == "b", "{labels:?}");
    ensure!(
        !secret.metadata.annotations.clone().unwrap_or_default().contains_key("note"),
        "the annotation stays"
    );
    let (addresses, keys): (Vec<_>, Vec<_>) =
        secret.data.unwrap_or_default().into_keys().partition(|key| key.contains('-'));
    ensure!(addresses.len() == 10, "endpoint- of 8 formats, publish- of 2: {addresses:?}");
    let expected = [".npmrc", "expiration", "expires_at", "password", "token", "username"];
    ensure!(keys == expected, "{keys:?}");
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn a_name_that_one_login_gives_up_goes_to_the_other_that_wants_it() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    for number in 0..6 {
        let name = format!("foreign-{number}");
        let plain: Secret = serde_json::from_value(json!({"metadata": {"name": name}}))?;
        fixture.secrets()?.create(&PostParams::default(), &plain).await?;
        fixture.login(&name, &json!({})).await?;
        fixture.login_ready_for(&name, "SecretNotOurs").await?;
    }
    fixture.login("first", &json!({"secret": {"name": "shared"}})).await?;
    fixture.issued("first").await?;
    fixture.login("second", &json!({"secret": {"name": "shared"}})).await?;
    fixture.login_ready_for("second", "SecretNotOurs").await?;
    fixture.login("first", &json!({"secret": {"name": "other"}})).await?;
    fixture.issued("second").await?;
    fixture.login("third", &json!({"secret": {"name": "shared"}})).await?;
    fixture.login_ready_for("third", "SecretNotOurs").await?;
    fixture.delete("RegistryCredential", "second").await?;
    fixture.issued("third").await.map(drop)
}

#[tokio::test]
async fn a_renamed_secret_is_written_first_and_then_removed() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    fixture.login("login", &json!({"secret": {"name": "renamed"}})).await?;
    fixture.until_holds("renamed", &before).await?;
    fixture.gone("Secret", "login").await?;
    let named = |object: &DynamicObject| object.data["status"]["secretName"] == "renamed";
    fixture.until_login("status names the new Secret", "login", named).await?;

    fixture.delete("RegistryCredential", "login").await?;
    fixture.gone("Secret", "renamed").await?;
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn a_secret_of_somebody_else_is_refused_and_left_as_it_is() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let plain: Secret =
        serde_json::from_value(json!({"metadata": {"name": "login"}, "stringData": {"token": "theirs"}}))?;
    let made = fixture.secrets()?.create(&PostParams::default(), &plain).await?;
    fixture.login("login", &json!({})).await?;
    let told = fixture.stalled("RegistryCredential", "login", "Secret login").await?;
    ensure!(told.reason == "SecretNotOurs", "{told:?}");
    ensure!(told.message.contains("set another spec.secret.name"), "no remedy: {told:?}");
    let seen = fixture.secrets()?.get("login").await?;
    ensure!(seen.metadata.resource_version == made.metadata.resource_version, "it was written");

    // The message asks for it, so that it is noticed although the clock stands still.
    fixture.secrets()?.delete("login", &DeleteParams::default()).await?;
    fixture.issued("login").await?;
    ensure!(fixture.data("login").await?["username"] == "aws");
    Ok(())
}

#[tokio::test]
async fn an_immutable_secret_is_replaced_when_its_token_changes() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    tamper(&fixture, By::Edit, &json!({"immutable": true})).await?;
    fixture.emulator.forward("8h").await?;
    fixture.until_renewed("login", &before).await?;
    ensure!(fixture.secrets()?.get("login").await?.immutable.is_none(), "it is still immutable");
    Ok(())
}

#[tokio::test]
async fn an_immutable_secret_that_is_replaced_is_not_called_deleted() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    tamper(&fixture, By::Edit, &json!({"immutable": true})).await?;
    fixture.login("login", &json!({"registries": [registry(&["npm"])]})).await?;
    fixture.until_event("Updated", "Secret login written as declared").await
}

#[tokio::test]
async fn a_secret_marked_as_the_operators_own_is_healed_and_not_replaced() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    let uid = fixture.secrets()?.get_metadata("login").await?.metadata.uid;
    let mark = json!({"metadata": {"labels": {"codeartifact-operator.dev/component": "token"}}});
    tamper(&fixture, By::Edit, &mark).await?;
    fixture.emulator.forward("8h").await?;
    fixture.until_renewed("login", &before).await?;
    let metadata = fixture.secrets()?.get_metadata("login").await?.metadata;
    ensure!(metadata.uid == uid, "it was replaced");
    let labels = metadata.labels.unwrap_or_default();
    ensure!(!labels.contains_key("codeartifact-operator.dev/component"), "{labels:?}");
    Ok(())
}
