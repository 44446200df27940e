//! `bench PROGRAM`: how fast and how large the released operator is, beside a bare client that makes the same writes in the
//! same run. It prints figures and the machine; it judges nothing. The sizes can be made smaller by the environment:
//! `LOGINS`, `NAMESPACES`, `DOMAINS`, `REPOSITORIES`, `CLUSTER_NAMESPACES`.

mod bare;
mod cluster_logins;
mod domains;
mod logins;
mod progress;
mod repositories;
mod stage;
mod writes;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    if let Err(failure) = measure().await {
        say(&format!("bench failed: {failure:#}"))?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure() -> Result<()> {
    let program: PathBuf = std::env::args_os().nth(1).context("usage: bench PROGRAM")?.into();
    say(&machine()?)?;
    writes::measure(&program).await?;
    domains::measure(&program, size("DOMAINS", 200)?).await?;
    repositories::measure(&program, size("REPOSITORIES", 1_000)?).await?;
    logins::measure(&program, size("LOGINS", 10_000)?, size("NAMESPACES", 1_000)?).await?;
    cluster_logins::measure(&program, size("CLUSTER_NAMESPACES", 10_000)?).await
}

/// A size from the environment, which must be a number above zero.
fn size(name: &str, default: usize) -> Result<usize> {
    let Some(text) = std::env::var_os(name) else { return Ok(default) };
    let text = text.to_string_lossy();
    let size = text.parse().ok().filter(|size| *size > 0);
    size.with_context(|| format!("{name} is {text:?}: a number above zero is needed"))
}

/// Processor, cores and memory.
fn machine() -> Result<String> {
    let value = |file: &str, name: &str| -> Result<String> {
        let text = std::fs::read_to_string(file)?;
        let line = text.lines().find(|line| line.starts_with(name)).with_context(|| format!("no {name}"))?;
        Ok(line.split(':').nth(1).unwrap_or_default().trim().to_owned())
    };
    let cores = std::thread::available_parallelism()?;
    let (model, memory) = (value("/proc/cpuinfo", "model name")?, value("/proc/meminfo", "MemTotal")?);
    Ok(format!("machine: {cores} cores, {model}, {memory}"))
}

/// One line for the reader.
pub(crate) fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
