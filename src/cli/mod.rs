//! The command line.

mod crds;
mod options;
mod release;
mod render;
mod run;
mod start;
mod usage;
mod values;

use std::io::{ErrorKind, Write};

use clap::{Parser, Subcommand};

use crate::ops::metrics;
use crate::reason;
use options::{CrdOptions, ReleaseOptions, RenderOptions, RunOptions, UsageOptions};

/// Kubernetes operator for AWS CodeArtifact.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the controllers.
    Run(Box<RunOptions>),
    /// Releases every object before an uninstall, as `deletionPolicy: Retain` does. A running operator rests from then on.
    Release(Box<ReleaseOptions>),
    /// Writes the CRDs: to standard output, to a folder, or into the cluster.
    Crds(CrdOptions),
    /// Prints the Secret that each RegistryCredential of a manifest would have, without AWS and a cluster; tokens are masked.
    Render(RenderOptions),
    /// Prints what a Pod needs to use the Secret of a RegistryCredential: volume, mount and variables with paths, for each format.
    Usage(UsageOptions),
    /// Prints the reference of the metrics, for the documentation.
    #[command(hide = true)]
    Metrics,
    /// Prints the reference of conditions and reasons, for the documentation.
    #[command(hide = true)]
    Conditions,
}

/// Does what the command line says.
pub async fn main() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another TLS provider is installed already"))?;
    match Cli::parse().command {
        Command::Run(options) => Box::pin(run::run(*options)).await,
        Command::Release(options) => Box::pin(release::release(*options)).await,
        Command::Crds(options) => Box::pin(crds::crds(options)).await,
        Command::Render(options) => render::render(&options),
        Command::Usage(options) => Box::pin(usage::usage(options)).await,
        Command::Metrics => print(&mut std::io::stdout(), &metrics::reference()),
        Command::Conditions => print(&mut std::io::stdout(), &reason::reference()),
    }
}

/// Prints a page. A reader who has seen enough, as `head` has, is no failure.
fn print(out: &mut impl Write, page: &str) -> anyhow::Result<()> {
    match out.write_all(page.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

#[cfg(test)]
mod tests;
