//! `make demo`: the whole story on a local control plane, with real package managers.

mod story;
mod telling;

use std::process::ExitCode;

use telling::{say, step};

#[tokio::main]
async fn main() -> ExitCode {
    let told = match story::Stage::set().await {
        Ok(stage) => tell(&stage).await,
        Err(failure) => Err(failure),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("\ndemo failed: {failure:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn tell(stage: &story::Stage) -> anyhow::Result<()> {
    let install = stage.install().await?;
    let story = story::Story::new(stage, &install);
    story.declare().await?;
    story.packages().await?;
    story.confusion().await?;
    story.renewal().await?;
    story.deleted_secret().await?;
    story.drift().await?;
    say(&format!("\nall shown in {:.0} s", stage.started.elapsed().as_secs_f64()));
    // Nobody would stop it when it runs for a test.
    if std::env::var_os("KEEP").is_some_and(|keep| keep == "0") {
        return Ok(());
    }
    say("\nEverything keeps running until Ctrl-C. Look around with:");
    say(&format!("  export KUBECONFIG={}", stage.control_plane.kubeconfig().display()));
    say(&format!("  {} get codeartifact --all-namespaces", harness::cluster_tool("kubectl")?.display()));
    say(&format!("  curl http://{}/metrics", install.operator.address()?));
    say(&format!("  curl {}/_emulator/journal", stage.emulator.url()));
    say("The story has moved the emulator's clock. Put it right before you use the AWS CLI there:");
    say(&format!(
        "  curl --json '{{\"set\":\"'$(date --utc +%FT%TZ)'\"}}' {}/_emulator/clock",
        stage.emulator.url()
    ));
    tokio::signal::ctrl_c().await?;
    Ok(())
}
