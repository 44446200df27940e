//! The emulator as a program of its own.

use clap::Parser;
use codeartifact_emulator::{Emulator, Options};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long requests that are under way may take when the program is told to stop.
const FINISH: Duration = Duration::from_secs(5);

/// AWS CodeArtifact over HTTP on your own machine, as strict as the service.
#[derive(Parser)]
#[command(name = "codeartifact-emulator", version)]
struct Arguments {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:4566")]
    listen: SocketAddr,
    /// The account of the administrator (access key `test`, secret `test`).
    #[arg(long, default_value = "123456789012")]
    account: String,
    /// The Region that is served.
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// A quota, such as domains-per-account=1000. May be repeated.
    #[arg(long = "quota", value_name = "NAME=VALUE")]
    quotas: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(colours).init();
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let emulator = Emulator::start(options(arguments)?).await?;
    tracing::info!(address = %emulator.address(), "serving");
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    tracing::info!("stopping");
    emulator.finish(FINISH).await;
    Ok(())
}

fn options(arguments: Arguments) -> anyhow::Result<Options> {
    let mut options = Options {
        account: arguments.account,
        region: arguments.region,
        listen: arguments.listen,
        ..Options::default()
    };
    for quota in &arguments.quotas {
        let Some((name, value)) = quota.split_once('=') else {
            anyhow::bail!("--quota {quota:?} must be NAME=VALUE");
        };
        options.quotas.set(name, value.parse()?)?;
    }
    Ok(options)
}
