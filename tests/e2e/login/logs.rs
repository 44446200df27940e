//! Logs: no level prints a token, whatever is done with it.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use harness::Emulator;
use harness::audit::Search;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::World;

#[tokio::test]
async fn no_log_level_prints_a_token() -> Result<()> {
    for level in [
        "info,codeartifact_operator=debug,aws_smithy_runtime=trace",
        "trace,codeartifact_operator=trace,aws_smithy_runtime=trace,kube=trace,kube_client=trace,hyper=trace,tower=trace",
    ] {
        let emulator = Emulator::start().await?;
        let world = World::start_with(&emulator, 1, json!({"logLevel": level})).await?;
        let logs = life_of_a_login(&world).await?;
        let tokens = emulator.tokens_minted();
        ensure!(tokens.len() == 2, "{level}: {} tokens", tokens.len());
        let search = Search::new(tokens.iter().map(String::as_str))?;
        for log in &logs {
            let text = std::fs::read_to_string(log)?;
            ensure!(text.contains("called AWS"), "{level}: our own debug lines are not in {}", log.display());
        }
        let found = search.files(&logs)?.found;
        ensure!(found.is_empty(), "{level}: {found:?}");
        planted_tokens_are_found(&search, &logs, &tokens)?;
    }
    Ok(())
}

/// A token is minted, written, put back, cannot be renewed, is renewed, and is found again after a restart; sign-in fails once.
/// Returns the logs.
async fn life_of_a_login(world: &World<'_>) -> Result<Vec<PathBuf>> {
    let emulator = world.install.emulator;
    let before = world.ready_login("login", &json!({})).await?;
    let edit = Patch::Merge(json!({"stringData": {"token": "edited"}}));
    world.secrets()?.patch("login", &PatchParams::default(), &edit).await?;
    world.until_holds("login", &before).await?;

    world.fail_mints("InternalServerException").await?;
    emulator.forward("8h").await?;
    world.ready_for("login", "RenewalFailing").await?;
    emulator.clear_faults().await?;
    emulator.forward("5m").await?;
    let renewed = world.until_renewed(world.namespace(), "login", &before).await?;

    let first = world.install.operator.log();
    world.install.operator.terminate().await?;
    emulator
        .set_faults(&json!([{"match": {"operation": "GetCallerIdentity"}, "fault": {"status": 503}}]))
        .await?;
    world.install.operator.start_again().await?;
    world.ready_for("login", "RenewalFailing").await?;
    emulator.clear_faults().await?;
    world.issued_after_looks("login").await?;
    world.until_holds("login", &renewed).await?;
    Ok(vec![first, world.install.operator.log()])
}

/// The search sees a token in a line of such a log.
fn planted_tokens_are_found(search: &Search, logs: &[PathBuf], tokens: &[String]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (number, token) in tokens.iter().enumerate() {
        let copy = folder.path().join(format!("operator-{number}.log"));
        let line =
            json!({"level": "TRACE", "message": format!("answer {{\"authorizationToken\":\"{token}\"}}")});
        std::fs::write(&copy, format!("{}{line}\n", std::fs::read_to_string(&logs[0])?))?;
        ensure!(!search.files(&[copy])?.found.is_empty(), "a planted token is not found");
    }
    Ok(())
}
