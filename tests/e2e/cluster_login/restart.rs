//! Nothing is kept of single namespaces but the Secrets themselves: a restart tells from their metadata that all is as written.

use anyhow::{Result, ensure};
use kube::api::DeleteParams;
use serde_json::json;

use super::{KIND, applied, stage, until_counts, until_there};

#[tokio::test]
async fn logins_in_sync_cost_no_write_in_a_pass_and_over_a_restart() -> Result<()> {
    let namespaces: Vec<_> = (0..20).map(|number| format!("team-{number}")).collect();
    let fixture = stage(&namespaces.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    applied(&fixture, &json!({})).await?;
    until_counts(&fixture, [20, 20, 0, 0]).await?;
    fixture.until_idle().await?;
    let quiet = fixture.mark().await?;
    let visits = fixture.reconciles("Delivery").await?;
    fixture.emulator.forward("10m").await?;
    fixture.until_reconciles("Delivery", visits + 20.0).await?;
    fixture.until_idle().await?;
    let moved = fixture.since(&quiet).await?;
    ensure!(moved.is_silent(), "a pass: {moved:?}");

    fixture.install.operator.kill().await?;
    let quiet = fixture.mark().await?;
    fixture.install.operator.start_again().await?;
    fixture.until_reconciles("Delivery", 20.0).await?;
    fixture.until_idle().await?;
    let mut moved = fixture.since(&quiet).await?;
    // The Lease of the process that was killed is taken over.
    moved.kubernetes_writes.retain(|write| !write.contains("leases"));
    ensure!(moved.is_silent(), "a restart: {moved:?}");
    Ok(())
}

#[tokio::test]
async fn what_was_done_while_the_operator_was_away_is_undone_without_a_mint_or_aws() -> Result<()> {
    let fixture = stage(&["a", "b", "c"]).await?;
    applied(&fixture, &json!({})).await?;
    let data = until_there(&fixture, "a").await?;
    fixture.install.operator.kill().await?;
    fixture.at("a").secrets()?.delete("login", &DeleteParams::default()).await?;
    fixture.at("b").patch("Secret", "login", &json!({"stringData": {"token": "wrong"}})).await?;
    fixture.emulator.fault("*", &json!({"status": 503})).await?;
    fixture.install.operator.start_again().await?;
    for namespace in ["a", "b", "c"] {
        fixture.at(namespace).until_holds("login", &data).await?;
    }
    let told = fixture.ready_for(KIND, "login", "RenewalFailing").await?;
    ensure!(told.status == "True", "{told:?}");
    fixture.emulator.clear_faults().await?;
    fixture.emulator.forward("10m").await?;
    fixture.ready_for(KIND, "login", "Issued").await?;
    ensure!(fixture.emulator.tokens_minted().len() == 1, "{} tokens", fixture.emulator.tokens_minted().len());
    Ok(())
}
