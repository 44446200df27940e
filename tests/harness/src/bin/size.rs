//! `size PROGRAM`: how big the released operator is on disk, and in memory when it has nothing to do.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{ControlPlane, Emulator, Install, Options};

/// 15 MB, as file sizes are given.
const LARGEST_FILE: u64 = 15_000_000;
/// 20 MiB, in the KiB that the kernel counts.
const LARGEST_RESIDENT: u64 = 20 * 1024;
/// Memory is looked at when the watches have been up for so long.
const IDLE: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> Result<()> {
    let program: PathBuf = std::env::args_os().nth(1).context("usage: size PROGRAM")?.into();
    let bytes = std::fs::metadata(&program).with_context(|| program.display().to_string())?.len();
    say(&format!("binary: {}.{:02} MB, static", bytes / 1_000_000, bytes % 1_000_000 / 10_000))?;

    let control_plane = ControlPlane::start(Options { audit: true, crds: false }).await?;
    let emulator = Emulator::start().await?;
    let install = Install::into(&control_plane, &emulator).program(&program).host_clock().start().await?;
    install.explain(install.operator.ready().await)?;
    let since = Instant::now();
    tokio::time::sleep_until((since + IDLE).into()).await;
    install.explain(install.operator.ready().await)?;
    let resident = resident(install.operator.id()?)?;
    say(&format!(
        "memory: {}.{} MiB resident, {} s after all watches were up",
        resident / 1024,
        resident % 1024 * 10 / 1024,
        since.elapsed().as_secs()
    ))?;
    ensure!(bytes < LARGEST_FILE, "the binary is larger than 15 MB");
    ensure!(resident < LARGEST_RESIDENT, "more than 20 MiB are resident");
    Ok(())
}

/// The resident set of a process in KiB.
fn resident(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
