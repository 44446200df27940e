//! What takes a working login away: the grant of the token that it holds, and nothing else.

use anyhow::{Result, ensure};
use harness::fixture::registry;
use harness::objects::conditions;
use harness::wait::PATIENCE;
use harness::{Fixture, unique, wait_for};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, DynamicObject, PostParams};
use serde_json::{Value, json};

#[tokio::test]
async fn a_spec_that_is_wrong_keeps_the_login() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.grant_credentials(json!([{"domains": ["acme"]}])).await?;
    let first = registry(&["npm"]);
    let before = fixture.ready_login("login", &json!({"registries": [first]})).await?;

    let typo = json!({"repository": {"domain": "acmee", "name": "store"}, "formats": ["npm"], "scope": "@x"});
    fixture.login("login", &json!({"registries": [first, typo]})).await?;
    fixture.stalled("RegistryCredential", "login", "`credentials` for acmee").await?;
    ensure!(fixture.data("login").await? == before, "a typo in another registry took or changed the Secret");

    let other = unique("account");
    fixture.make_account(&other, json!({"grants": []})).await?;
    fixture.login("login", &json!({"registries": [first], "accountRef": {"name": other}})).await?;
    fixture.stalled("RegistryCredential", "login", &format!("AwsAccount {other}")).await?;
    ensure!(fixture.data("login").await? == before, "an account without a grant took or changed the Secret");

    fixture.grant_credentials(json!([])).await?;
    fixture.gone("Secret", "login").await
}

#[tokio::test]
async fn a_deleted_login_that_a_finalizer_keeps_loses_its_secret_with_its_grant() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    fixture.set_finalizers("RegistryCredential", "login", json!(["example.com/hold"])).await?;
    fixture.delete("RegistryCredential", "login").await?;
    fixture.grant_credentials(json!([])).await?;
    fixture.gone("Secret", "login").await?;
    let told = |login: &DynamicObject| {
        let ready = conditions(login).into_iter().find(|condition| condition.kind == "Ready");
        let holds = login.data["status"]["tokens"].as_array().is_some_and(|tokens| !tokens.is_empty());
        !holds && ready.is_some_and(|ready| ready.status == "False" && ready.reason == "Deleted")
    };
    fixture.until_login("status says that nothing is left", "login", told).await?;
    fixture.set_finalizers("RegistryCredential", "login", Value::Null).await?;
    fixture.gone("RegistryCredential", "login").await
}

#[tokio::test]
async fn a_secret_that_a_finalizer_keeps_is_emptied_with_its_grant() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    for (name, deleted_before) in [("login", false), ("leaving", true)] {
        fixture.ready_login(name, &json!({})).await?;
        fixture.set_finalizers("Secret", name, json!(["example.com/hold"])).await?;
        if deleted_before {
            fixture.secrets()?.delete(name, &DeleteParams::default()).await?;
            fixture.login_ready_for(name, "SecretDeleting").await?;
        }
    }
    fixture.grant_credentials(json!([])).await?;
    for name in ["login", "leaving"] {
        let waited = wait_for("the Secret has no data", PATIENCE, async || {
            ensure!(fixture.data(name).await?.is_empty(), "it has");
            Ok(())
        });
        fixture.install.explain(waited.await)?;
        fixture.set_finalizers("Secret", name, Value::Null).await?;
        fixture.gone("Secret", name).await?;
    }
    fixture
        .until_event("GrantMissing", "Secret login emptied, and deleted as soon as its finalizers are gone")
        .await
}

#[tokio::test]
async fn a_token_that_nobody_can_take_out_of_a_secret_is_told_with_what_to_do() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    fixture.set_finalizers("Secret", "login", json!(["example.com/hold"])).await?;
    fixture.patch("Secret", "login", &json!({"immutable": true})).await?;
    fixture.grant_credentials(json!([])).await?;
    let told = fixture.login_ready_for("login", "SecretDeleting").await?;
    ensure!(
        told.message.contains("has no grant") && told.message.contains("remove the finalizer"),
        "{told:?}"
    );
    fixture.set_finalizers("Secret", "login", Value::Null).await?;
    fixture.gone("Secret", "login").await?;
    fixture.login_ready_for("login", "GrantMissing").await.map(drop)
}

#[tokio::test]
async fn a_shorter_grant_replaces_the_longer_token_or_takes_it() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let open = fixture.ready_login("open", &json!({})).await?;
    fixture.ready_login("fixed", &json!({"token": {"duration": "12h"}})).await?;
    fixture.grant_credentials(json!([{"domains": ["acme"], "maxDuration": "4h"}])).await?;
    let shorter = fixture.until_renewed("open", &open).await?;
    let lives = shorter["expires_at"].parse::<i64>()? - fixture.emulator.now().as_second();
    ensure!((1..=4 * 3600).contains(&lives), "it lives {lives} s");
    fixture.issued("open").await?;
    fixture.stalled("RegistryCredential", "fixed", "at most 4h").await?;
    fixture.gone("Secret", "fixed").await
}

#[tokio::test]
async fn a_suspended_login_that_has_expired_is_not_called_ready() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    fixture.login("login", &json!({"suspend": true})).await?;
    fixture.login_ready_for("login", "Suspended").await?;
    fixture.emulator.forward("13h").await?;
    fixture
        .stalled("RegistryCredential", "login", "because spec.suspend is true; set spec.suspend to false")
        .await?;
    fixture.login("login", &json!({"suspend": false})).await?;
    fixture.issued("login").await.map(drop)
}

#[tokio::test]
async fn a_suspended_login_says_for_as_long_as_its_grant_is_gone_why_it_has_no_secret() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    fixture.login("login", &json!({"suspend": true})).await?;
    fixture.login_ready_for("login", "Suspended").await?;
    fixture.grant_credentials(json!([])).await?;
    fixture.gone("Secret", "login").await?;
    let why = "a suspended login keeps no Secret without its grant: namespace";
    for _ in 0..2 {
        fixture.reconcile_now("RegistryCredential", "login").await?;
        let told = fixture.stalled("RegistryCredential", "login", why).await?;
        ensure!(told.reason == "GrantMissing" && told.message.contains("`credentials` for acme"), "{told:?}");
    }
    fixture.grant_credentials(json!([{"domains": ["acme"]}])).await?;
    let told = fixture.login_ready_for("login", "Suspended").await?;
    ensure!(told.status == "False" && told.message.contains("the login has no Secret"), "{told:?}");
    fixture.login("login", &json!({"suspend": false})).await?;
    fixture.issued("login").await.map(drop)
}

#[tokio::test]
async fn a_forced_renewal_leaves_the_secrets_of_others_alone() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("eager", &json!({})).await?;
    ensure!(fixture.ready_login("calm", &json!({})).await? == before, "they do not share");
    fixture.emulator.forward("10m").await?;
    fixture.annotate("RegistryCredential", "eager", "renew-at", "now").await?;
    fixture.until_renewed("eager", &before).await?;
    fixture.reconcile_now("RegistryCredential", "calm").await?;
    ensure!(fixture.data("calm").await? == before, "somebody else's request rewrote it");
    fixture.emulator.forward("8h").await?;
    fixture.until_renewed("calm", &before).await.map(drop)
}

#[tokio::test]
async fn a_secret_that_an_earlier_name_has_left_behind_is_removed() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    // As a renaming leaves it whose status could not be written: ours, and told nowhere.
    let mut left = fixture.secrets()?.get("login").await?;
    left.metadata = ObjectMeta {
        name: Some("left".into()),
        labels: left.metadata.labels,
        owner_references: left.metadata.owner_references,
        ..ObjectMeta::default()
    };
    fixture.secrets()?.create(&PostParams::default(), &left).await?;
    fixture.login("login", &json!({"token": {"renewBefore": "1h"}})).await?;
    fixture.gone("Secret", "left").await?;
    fixture.data("login").await.map(drop)
}
