//! Logs: no level prints a token.

use anyhow::{Result, ensure};
use harness::Emulator;
use serde_json::json;

use super::World;

#[tokio::test]
async fn no_log_level_prints_a_token() -> Result<()> {
    for level in ["info,codeartifact_operator=debug,aws_smithy_runtime=trace", "trace,kube_client=trace"] {
        let emulator = Emulator::start().await?;
        let world = World::start_with(&emulator, 1, json!({"logLevel": level})).await?;
        world.ready_login("login", &json!({})).await?;
        let log = std::fs::read_to_string(world.install.operator.log())?;
        let tokens = emulator.tokens_minted();
        ensure!(!tokens.is_empty(), "{level}: nothing was minted");
        ensure!(log.contains("called AWS"), "{level}: our own debug lines are not there");
        for token in tokens {
            ensure!(!log.contains(&token), "{level}: a token is in the log");
        }
    }
    Ok(())
}
