//! Metrics of logins: what alerts are made of.

use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::{Emulator, wait_for};
use serde_json::json;

use super::World;

const EXPIRY: &str = "codeartifact_operator_credential_expiry_seconds";

/// Waits until a metric satisfies a test.
async fn until_metric(world: &World<'_>, series: &str, test: impl Fn(f64) -> bool) -> Result<f64> {
    let waited = wait_for(series, PATIENCE, async || {
        let value = world.install.operator.metric(series).await?;
        ensure!(test(value), "it is {value}");
        Ok(value)
    });
    world.install.explain(waited.await)
}

fn objects(ready: &str) -> String {
    format!("codeartifact_operator_objects{{kind=\"RegistryCredential\",ready=\"{ready}\"}}")
}

fn reconciles(outcome: &str) -> String {
    format!("codeartifact_operator_reconciles_total{{kind=\"RegistryCredential\",outcome=\"{outcome}\"}}")
}

#[tokio::test]
async fn a_failing_renewal_is_counted_as_degraded_and_a_dead_token_has_a_negative_expiry() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({"token": {"duration": "15m"}})).await?;
    until_metric(&world, EXPIRY, |left| left > 0.0).await?;
    until_metric(&world, &objects("true"), |count| count >= 1.0).await?;
    until_metric(&world, &objects("degraded"), |count| count == 0.0).await?;

    world.fail_mints("InternalServerException").await?;
    emulator.forward("11m").await?;
    world.ready_for("login", "RenewalFailing").await?;
    until_metric(&world, &objects("degraded"), |count| count >= 1.0).await?;
    until_metric(&world, &objects("true"), |count| count == 0.0).await?;
    until_metric(&world, &reconciles("degraded"), |count| count >= 1.0).await?;
    until_metric(&world, EXPIRY, |left| left > 0.0 && left < 300.0).await?;

    emulator.forward("20m").await?;
    world.ready_for("login", "AwsUnavailable").await?;
    ensure!(world.data("login").await? == before, "the dead token is gone");
    let dead = until_metric(&world, EXPIRY, |left| left < -600.0).await?;
    until_metric(&world, &objects("false"), |count| count >= 1.0).await?;
    emulator.forward("2h").await?;
    until_metric(&world, EXPIRY, |left| left < dead - 3600.0).await?;
    let own = format!(
        "codeartifact_operator_login_expiry_seconds{{namespace=\"{}\",name=\"login\"}}",
        world.namespace()
    );
    until_metric(&world, &own, |left| left < dead - 3600.0).await?;

    emulator.clear_faults().await?;
    emulator.forward("6m").await?;
    world.issued("login").await?;
    until_metric(&world, EXPIRY, |left| left > 0.0).await?;
    until_metric(&world, &objects("true"), |count| count >= 1.0).await?;
    Ok(())
}
