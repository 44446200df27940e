//! `spec.token` beyond durations: shards, verification, and the token before the present one.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use kube::api::DeleteParams;
use serde_json::json;

/// What a package manager's ping is called in the emulator.
const PING: &str = "NpmPing";

#[tokio::test]
async fn shards_spread_logins_over_tokens_and_a_restart_moves_none() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let mut tokens = BTreeSet::new();
    for number in 0..6 {
        let name = format!("login-{number}");
        let login = fixture.ready_login(&name, &json!({"token": {"shards": 3}})).await?;
        tokens.insert(login["token"].clone());
    }
    ensure!((2..=3).contains(&tokens.len()), "{} tokens", tokens.len());
    ensure!(fixture.emulator.mints(0) == tokens.len(), "{} mints", fixture.emulator.mints(0));
    let before = fixture.data("login-0").await?;
    fixture.install.operator.kill().await?;
    fixture.install.operator.start_again().await?;
    fixture.reconcile_now("RegistryCredential", "login-0").await?;
    ensure!(fixture.data("login-0").await? == before);
    ensure!(fixture.emulator.mints(0) == tokens.len(), "minted again: {}", fixture.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn a_token_that_the_registry_refuses_replaces_none() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let verified = json!({"token": {"verify": true}});
    let before = fixture.ready_login("login", &verified).await?;
    ensure!(fixture.emulator.calls(PING, 0) == 1, "{} pings", fixture.emulator.calls(PING, 0));
    fixture.reconcile_now("RegistryCredential", "login").await?;
    ensure!(fixture.emulator.calls(PING, 0) == 1, "a token is tried once");

    fixture.emulator.fault(PING, &json!({"status": 403})).await?;
    fixture.emulator.forward("8h").await?;
    let ready = fixture.login_ready_for("login", "RenewalFailing").await?;
    ensure!(ready.status == "True" && ready.message.contains("refuses the new token (403)"), "{ready:?}");
    ensure!(ready.message.contains("spec.token.verify"), "{ready:?}");
    ensure!(fixture.data("login").await? == before, "the old token was replaced");
    // The one that it holds is put back, too.
    fixture.secrets()?.delete("login", &DeleteParams::default()).await?;
    fixture.until_holds("login", &before).await?;
    ensure!(fixture.emulator.mints(0) == 2, "{} mints", fixture.emulator.mints(0));

    fixture.emulator.clear_faults().await?;
    fixture.reconcile_now("RegistryCredential", "login").await?;
    fixture.until_renewed("login", &before).await?;
    fixture.issued("login").await?;
    ensure!(
        fixture.emulator.mints(0) == 2,
        "the token that was refused is used: {}",
        fixture.emulator.mints(0)
    );
    Ok(())
}

#[tokio::test]
async fn a_first_token_that_the_registry_refuses_is_written_nowhere() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.emulator.fault(PING, &json!({"status": 401})).await?;
    fixture.login("login", &json!({"token": {"verify": true}})).await?;
    let ready = fixture.login_ready_for("login", "AccessDenied").await?;
    ensure!(ready.status == "False" && ready.message.contains("refuses the new token (401)"), "{ready:?}");
    ensure!(fixture.secrets()?.get_opt("login").await?.is_none(), "a Secret with a token that opens nothing");
    Ok(())
}

#[tokio::test]
async fn the_token_before_the_present_one_is_kept_where_it_is_wanted() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let wanted = json!({"token": {"keepPrevious": true}});
    let first = fixture.ready_login("login", &wanted).await?;
    let plain = fixture.ready_login("plain", &json!({})).await?;
    ensure!(!first.contains_key("token-previous"), "there is none before the first");
    fixture.emulator.forward("8h").await?;
    let second = fixture.until_renewed("login", &first).await?;
    ensure!(second["token-previous"] == first["token"]);
    let other = fixture.until_renewed("plain", &plain).await?;
    ensure!(!other.contains_key("token-previous"), "nobody asked for it");

    let calls = fixture.emulator.last_call();
    fixture.install.operator.kill().await?;
    fixture.install.operator.start_again().await?;
    fixture.secrets()?.delete("login", &DeleteParams::default()).await?;
    fixture.until_holds("login", &second).await?;
    ensure!(fixture.emulator.mints(calls) == 0, "a restart knows both tokens");

    fixture
        .patch("RegistryCredential", "login", &json!({"spec": {"token": {"keepPrevious": false}}}))
        .await?;
    let gone = wait_for("the earlier token goes", PATIENCE, async || {
        ensure!(!fixture.data("login").await?.contains_key("token-previous"), "it is there");
        Ok(())
    });
    fixture.install.explain(gone.await)
}
