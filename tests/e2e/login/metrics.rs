//! Metrics of logins: what alerts are made of.

use anyhow::{Result, ensure};
use harness::emulator::MINT;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use serde_json::json;

const EXPIRY: &str = "codeartifact_operator_credential_expiry_seconds";

/// Waits until a metric satisfies a test.
async fn until_metric(fixture: &Fixture, series: &str, test: impl Fn(f64) -> bool) -> Result<f64> {
    let waited = wait_for(series, PATIENCE, async || {
        let value = fixture.install.operator.metric(series).await?;
        ensure!(test(value), "it is {value}");
        Ok(value)
    });
    fixture.install.explain(waited.await)
}

fn objects(ready: &str) -> String {
    format!("codeartifact_operator_objects{{kind=\"RegistryCredential\",ready=\"{ready}\"}}")
}

fn reconciles(outcome: &str) -> String {
    format!("codeartifact_operator_reconciles_total{{kind=\"RegistryCredential\",outcome=\"{outcome}\"}}")
}

#[tokio::test]
async fn a_failing_renewal_is_counted_as_degraded_and_a_dead_token_has_a_negative_expiry() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({"token": {"duration": "15m"}})).await?;
    until_metric(&fixture, EXPIRY, |left| left > 0.0).await?;
    until_metric(&fixture, &objects("true"), |count| count >= 1.0).await?;
    until_metric(&fixture, &objects("degraded"), |count| count == 0.0).await?;

    fixture.emulator.fault(MINT, &json!({"error": "InternalServerException"})).await?;
    fixture.emulator.forward("11m").await?;
    fixture.login_ready_for("login", "RenewalFailing").await?;
    until_metric(&fixture, &objects("degraded"), |count| count >= 1.0).await?;
    until_metric(&fixture, &objects("true"), |count| count == 0.0).await?;
    until_metric(&fixture, &reconciles("degraded"), |count| count >= 1.0).await?;
    until_metric(&fixture, EXPIRY, |left| left > 0.0 && left < 300.0).await?;

    fixture.emulator.forward("20m").await?;
    fixture.login_ready_for("login", "AwsUnavailable").await?;
    ensure!(fixture.data("login").await? == before, "the dead token is gone");
    let dead = until_metric(&fixture, EXPIRY, |left| left < -600.0).await?;
    until_metric(&fixture, &objects("false"), |count| count >= 1.0).await?;
    fixture.emulator.forward("2h").await?;
    until_metric(&fixture, EXPIRY, |left| left < dead - 3600.0).await?;
    let own = format!(
        "codeartifact_operator_login_expiry_seconds{{login_namespace=\"{}\",login=\"login\"}}",
        fixture.namespace()
    );
    until_metric(&fixture, &own, |left| left < dead - 3600.0).await?;

    fixture.emulator.clear_faults().await?;
    fixture.emulator.forward("6m").await?;
    fixture.issued("login").await?;
    until_metric(&fixture, EXPIRY, |left| left > 0.0).await?;
    until_metric(&fixture, &objects("true"), |count| count >= 1.0).await?;
    Ok(())
}
