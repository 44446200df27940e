//! `make demo`: the whole story with real package managers, in Pods of a real node, or in processes where no node can run.

mod pods;
mod processes;
mod stage;
mod story;
mod telling;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use harness::node::namespaces::{self, Inside, Place};
use tokio::signal::unix::{SignalKind, signal};

use stage::Stage;
use telling::{say, step};

fn main() -> ExitCode {
    let told = match place() {
        Ok(Some(Place::Ended(status))) => {
            return ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1));
        }
        Ok(Some(Place::Inside(inside))) => run(Some(&inside)),
        Ok(None) => run(None),
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

/// Where the story is told: in namespaces of a node, or nowhere in particular where this machine cannot run a node.
fn place() -> Result<Option<Place>> {
    // Who is inside has asked already.
    if namespaces::folder().is_none() {
        let lacks = harness::node::lacks()?;
        if !lacks.is_empty() {
            say(&format!(
                "Told without Pods, because this machine lacks what a node needs: {}\n",
                lacks.join("; ")
            ));
            return Ok(None);
        }
    }
    namespaces::enter().map(Some)
}

fn run(inside: Option<&Inside>) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let started = Instant::now();
        let stage = Stage::set(inside).await?;
        let told = stage.explain(story::tell(&stage).await).await;
        let told = match told {
            Ok(()) => end(&stage, started).await,
            failed => failed,
        };
        stage.collect().await;
        told
    })
}

async fn end(stage: &Stage, started: Instant) -> Result<()> {
    say(&format!("\nall shown in {:.0} s", started.elapsed().as_secs_f64()));
    // Nobody would stop it when it runs for a test.
    if std::env::var_os("KEEP").is_some_and(|keep| keep == "0") { Ok(()) } else { keep(stage).await }
}

/// Keeps everything running, and tells how to look around.
async fn keep(stage: &Stage) -> Result<()> {
    // PID 1 of a node's namespaces passes Ctrl-C on as SIGTERM.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    say("\nEverything keeps running until Ctrl-C. Look around with:");
    for line in stage.ways_in().await? {
        say(&format!("  {line}"));
    }
    say("The story has moved the emulator's clock. Put it right before you use the AWS CLI there:");
    let clock = stage.emulator().clock_url();
    say(&format!("  curl --json '{{\"set\":\"'$(date --utc +%FT%TZ)'\"}}' {clock}"));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
