//! Tokens: renewed in time, and kept while that fails.

use anyhow::{Result, ensure};
use harness::emulator::MINT;
use harness::fixture::registry;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use kube::api::{DeleteParams, ListParams};
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_is_renewed_in_time_and_once() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    fixture.emulator.forward("6h").await?;
    fixture.reconcile_now("RegistryCredential", "login").await?;
    ensure!(fixture.data("login").await? == before, "renewed long before it was due");
    fixture.emulator.forward("2h").await?;
    let after = fixture.until_renewed("login", &before).await?;
    fixture.until_event("Renewed", "Secret login holds a new token for acme until").await?;
    fixture.reconcile_now("RegistryCredential", "login").await?;
    ensure!(fixture.emulator.mints(0) == 2, "{} mints", fixture.emulator.mints(0));
    let lives = after["expires_at"].parse::<i64>()? - fixture.emulator.now().as_second();
    ensure!(lives > 11 * 3600, "the new token lives {lives} s");
    for file in [".npmrc", "pip.conf", ".netrc"] {
        ensure!(!after[file].contains(&before["token"]), "{file} still has the old token");
    }
    Ok(())
}

#[tokio::test]
async fn the_old_token_stays_while_its_renewal_fails_and_a_new_one_follows() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    fixture.emulator.fault(MINT, &json!({"error": "InternalServerException"})).await?;
    fixture.emulator.forward("8h").await?;
    let ready = fixture.login_ready_for("login", "RenewalFailing").await?;
    ensure!(ready.status == "True", "{ready:?}");
    fixture.until_event("RenewalFailing", "cannot be renewed").await?;
    ensure!(fixture.data("login").await? == before);

    // It is put back also while it cannot be renewed.
    fixture.secrets()?.delete("login", &DeleteParams::default()).await?;
    fixture.until_holds("login", &before).await?;

    fixture.emulator.clear_faults().await?;
    fixture.emulator.forward("5m").await?;
    fixture.until_renewed("login", &before).await?;
    fixture.issued("login").await?;
    ensure!(fixture.emulator.tokens_minted().len() == 2, "{} tokens", fixture.emulator.tokens_minted().len());
    Ok(())
}

/// The operator promises 4 h of a token of 12 h. It warns users when 2 h, 1 h and 24 minutes are left.
#[tokio::test]
async fn while_a_renewal_fails_each_mark_of_what_is_left_is_told_once() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    fixture.emulator.fault(MINT, &json!({"error": "InternalServerException"})).await?;
    fixture.emulator.forward("8h").await?;
    let ready = fixture.login_ready_for("login", "RenewalFailing").await?;
    ensure!(ready.message.contains("tries again within") && !ready.message.contains('%'), "{ready:?}");
    for (by, mark) in [("2h1m", "50"), ("1h", "25"), ("36m", "10")] {
        fixture.emulator.forward(by).await?;
        let text = format!("less than {mark} % of the 4h that renewBefore promises is left");
        let ready = fixture.says("RegistryCredential", "login", "Ready", &text).await?;
        ensure!(ready.status == "True" && ready.reason == "RenewalFailing", "{ready:?}");
        fixture.until_event("RenewalFailing", &text).await?;
        let login = fixture.get("RegistryCredential", "login").await?;
        let percent = login.data.pointer("/status/lifeLeftBelowPercent").map(Value::to_string);
        ensure!(percent.as_deref() == Some(mark), "{percent:?}");
    }
    let told = fixture.told("RenewalFailing").await?;
    ensure!(told.len() == 4, "the failure and the three marks: {told:?}");
    fixture.emulator.clear_faults().await?;
    fixture.emulator.forward("5m").await?;
    let ready = fixture.issued("login").await?;
    ensure!(!ready.message.contains('%'), "{ready:?}");
    Ok(())
}

#[tokio::test]
async fn a_login_that_has_expired_is_not_called_ready() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({"token": {"duration": "15m"}})).await?;
    fixture.emulator.fault(MINT, &json!({"error": "InternalServerException"})).await?;
    fixture.emulator.forward("11m").await?;
    fixture.login_ready_for("login", "RenewalFailing").await?;
    fixture.emulator.forward("4m").await?;
    let ready = fixture.login_ready_for("login", "AwsUnavailable").await?;
    ensure!(ready.status == "False", "{ready:?}");
    ensure!(ready.message.contains("the login in Secret login expired at"), "{ready:?}");
    fixture.emulator.clear_faults().await?;
    fixture.emulator.forward("5m").await?;
    fixture.issued("login").await?;
    ensure!(fixture.data("login").await?["token"] != before["token"]);
    Ok(())
}

#[tokio::test]
async fn a_mint_that_is_denied_says_what_is_needed() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.emulator.fault(MINT, &json!({"error": "AccessDeniedException"})).await?;
    fixture.login("login", &json!({})).await?;
    let ready = fixture.login_ready_for("login", "AccessDenied").await?;
    ensure!(ready.status == "False" && ready.message.contains("sts:GetServiceBearerToken"), "{ready:?}");
    ensure!(fixture.secrets()?.get_opt("login").await?.is_none(), "a Secret without a token");
    fixture.emulator.clear_faults().await?;
    fixture.reconcile_now("RegistryCredential", "login").await?;
    fixture.issued("login").await?;
    Ok(())
}

#[tokio::test]
async fn renew_at_forces_one_renewal() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    let echoed = async |value: &'static str| {
        fixture.annotate("RegistryCredential", "login", "renew-at", value).await?;
        let echoed = |object: &kube::api::DynamicObject| object.data["status"]["lastHandledRenewAt"] == value;
        fixture.until_login("renew-at is echoed", "login", echoed).await
    };
    echoed("too soon").await?;
    ensure!(fixture.emulator.mints(0) == 1, "a token that was just minted was renewed");
    fixture.emulator.forward("6m").await?;
    echoed("leaked").await?;
    fixture.until_renewed("login", &before).await?;
    fixture.reconcile_now("RegistryCredential", "login").await?;
    ensure!(fixture.emulator.mints(0) == 2, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn tokens_that_nobody_renews_are_removed_when_they_expire() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    fixture.ends_with_its_login("login").await?;
    let kept = fixture.operator_secrets()?;
    let selector = ListParams::default().labels("codeartifact-operator.dev/component=token");
    ensure!(kept.list(&selector).await?.items.len() == 1);
    fixture.emulator.forward("12h").await?;
    let waited = wait_for("the token is removed", PATIENCE, async || {
        ensure!(kept.list(&selector).await?.items.is_empty(), "it is still kept");
        Ok(())
    });
    fixture.install.explain(waited.await)
}

#[tokio::test]
async fn two_domains_have_two_tokens_in_one_file() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.make_store("other").await?;
    let other =
        json!({"repository": {"domain": "other", "name": "store"}, "formats": ["npm"], "scope": "@other"});
    let data = fixture.ready_login("login", &json!({"registries": [registry(&["npm"]), other]})).await?;
    let tokens = fixture.emulator.tokens_minted();
    ensure!(tokens.len() == 2 && tokens.iter().all(|token| data[".npmrc"].contains(token.as_str())));
    ensure!(!data.contains_key("token") && data["username"] == "aws", "{:?}", data.keys());
    let object = fixture.get("RegistryCredential", "login").await?;
    let domains: Vec<_> = object.data["status"]["tokens"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| it["domain"].clone())
        .collect();
    ensure!(domains == [Value::from("acme"), Value::from("other")], "{domains:?}");
    Ok(())
}
