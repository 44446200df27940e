//! Logs: no level prints a token, whatever is done with it.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use harness::Fixture;
use harness::audit::Search;
use harness::emulator::MINT;
use harness::fixture::Setup;
use serde_json::json;

#[tokio::test]
async fn no_log_level_prints_a_token() -> Result<()> {
    for level in [
        "info,codeartifact_operator=debug,aws_smithy_runtime=trace",
        "trace,codeartifact_operator=trace,aws_smithy_runtime=trace,kube=trace,kube_client=trace,hyper=trace,tower=trace",
    ] {
        let fixture = Setup::shared().values(json!({"logLevel": level})).start().await?;
        fixture.make_store("acme").await?;
        let logs = life_of_a_login(&fixture).await?;
        let tokens = fixture.emulator.tokens_minted();
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
async fn life_of_a_login(fixture: &Fixture) -> Result<Vec<PathBuf>> {
    let before = fixture.ready_login("login", &json!({})).await?;
    fixture.patch("Secret", "login", &json!({"stringData": {"token": "edited"}})).await?;
    fixture.until_holds("login", &before).await?;

    fixture.emulator.fault(MINT, &json!({"error": "InternalServerException"})).await?;
    fixture.emulator.forward("8h").await?;
    fixture.login_ready_for("login", "RenewalFailing").await?;
    fixture.emulator.clear_faults().await?;
    fixture.emulator.forward("5m").await?;
    let renewed = fixture.until_renewed("login", &before).await?;

    let first = fixture.install.operator.log();
    fixture.install.operator.terminate().await?;
    fixture.emulator.fault("GetCallerIdentity", &json!({"status": 503})).await?;
    fixture.install.operator.start_again().await?;
    fixture.login_ready_for("login", "RenewalFailing").await?;
    fixture.emulator.clear_faults().await?;
    fixture.issued_after_looks("login").await?;
    fixture.until_holds("login", &renewed).await?;
    Ok(vec![first, fixture.install.operator.log()])
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
