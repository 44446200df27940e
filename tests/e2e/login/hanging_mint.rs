//! A mint that gets no answer keeps nothing else waiting.

use anyhow::{Result, ensure};
use harness::control_plane::AuditEvent;
use harness::emulator::MINT;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use kube::api::{DeleteParams, DynamicObject};
use serde_json::json;

/// Has a renewal begin that gets no answer. Returns how many mints have ended by then.
async fn hang_a_mint(fixture: &Fixture) -> Result<f64> {
    let ended = mints_ended(fixture).await?;
    fixture.emulator.fault(MINT, &json!({"hold": true})).await?;
    fixture.emulator.forward("8h").await?;
    fixture.until_held(1).await?;
    Ok(ended)
}

/// How many mints have ended, one way or another.
async fn mints_ended(fixture: &Fixture) -> Result<f64> {
    let of_mints = format!("operation=\"{MINT}\"");
    let metrics = fixture.install.operator.metrics().await?;
    Ok(metrics.sum_with("codeartifact_operator_aws_calls_total", &of_mints))
}

/// The operator waits 20 s for the answer to a mint; none has ended before the login is where it should be.
#[tokio::test]
async fn a_mint_that_hangs_keeps_no_secret_from_being_put_back() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    let ended = hang_a_mint(&fixture).await?;
    fixture.secrets()?.delete("login", &DeleteParams::default()).await?;
    fixture.until_holds("login", &before).await?;
    ensure!(mints_ended(&fixture).await? <= ended, "the Secret came back only when the mint had ended");
    fixture.emulator.clear_faults().await?;
    fixture.until_renewed("login", &before).await.map(drop)
}

#[tokio::test]
async fn a_mint_that_hangs_keeps_no_secret_whose_grant_has_gone() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    let ended = hang_a_mint(&fixture).await?;
    fixture.grant_credentials(json!([])).await?;
    fixture.gone("Secret", "login").await?;
    ensure!(mints_ended(&fixture).await? <= ended, "the Secret went only when the mint had ended");
    Ok(())
}

#[tokio::test]
async fn a_forced_renewal_whose_mint_hangs_is_not_called_handled() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    fixture.emulator.forward("6m").await?;
    fixture.emulator.fault(MINT, &json!({"hold": true})).await?;
    fixture.annotate("RegistryCredential", "login", "renew-at", "1").await?;
    let object = fixture.reconcile_now("RegistryCredential", "login").await?;
    let handled = &object.data["status"]["lastHandledRenewAt"];
    ensure!(handled.is_null(), "{handled}");
    fixture.emulator.clear_faults().await?;
    let is_handled = |object: &DynamicObject| object.data["status"]["lastHandledRenewAt"] == "1";
    fixture.until_login("the renewal is handled", "login", is_handled).await.map(drop)
}

#[tokio::test]
async fn a_login_that_is_deleted_while_its_mint_hangs_gets_no_secret() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let ended = mints_ended(&fixture).await?;
    fixture.emulator.fault(MINT, &json!({"hold": true})).await?;
    fixture.login("late", &json!({})).await?;
    fixture.until_held(1).await?;
    fixture.delete("RegistryCredential", "late").await?;
    fixture.gone("RegistryCredential", "late").await?;
    fixture.emulator.clear_faults().await?;
    wait_for("the mint has ended", PATIENCE, async || {
        ensure!(mints_ended(&fixture).await? > ended, "the mint is still under way");
        Ok(())
    })
    .await?;
    fixture.until_idle().await?;
    let made = |request: &AuditEvent| {
        request.object_ref.as_ref().is_some_and(|secret| {
            (&*secret.resource, &*secret.name, &*secret.namespace) == ("secrets", "late", fixture.namespace())
        })
    };
    let requests = fixture.requests().await?;
    ensure!(!requests.iter().any(made), "a Secret was written for a login that is gone");
    Ok(())
}
