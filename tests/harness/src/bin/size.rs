//! `size PROGRAM`: how big the released operator is on disk, and in memory when it has nothing to do.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{Emulator, Install, Options, own};

/// 15 MB, as file sizes are given.
const LARGEST_FILE: usize = 15_000_000;
/// 20 MiB, in the KiB that the kernel counts.
const LARGEST_RESIDENT: usize = 20 * 1024;
/// Memory is looked at when the watches have been up for so long.
const IDLE: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> Result<ExitCode> {
    if let Err(failure) = measure().await {
        say(&format!("size failed: {failure:#}"))?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure() -> Result<()> {
    let program: PathBuf = std::env::args_os().nth(1).context("usage: size PROGRAM")?.into();
    let file = std::fs::read(&program).with_context(|| program.display().to_string())?;
    let linking = if names_loader(&file)? { "dynamic" } else { "static" };
    say(&format!("binary: {}.{:02} MB, {linking}", file.len() / 1_000_000, file.len() % 1_000_000 / 10_000))?;

    let control_plane = own(Options { crds: false, ..Options::default() }).await?;
    let emulator = Emulator::start().await?;
    let install = Install::into(&control_plane, &emulator).program(&program).host_clock().start().await?;
    install.explain(install.operator.ready().await)?;
    let since = Instant::now();
    tokio::time::sleep_until((since + IDLE).into()).await;
    install.explain(install.operator.ready().await)?;
    let resident = install.operator.resident()? / 1024;
    say(&format!(
        "memory: {}.{} MiB resident, {} s after all watches were up",
        resident / 1024,
        resident % 1024 * 10 / 1024,
        since.elapsed().as_secs()
    ))?;
    ensure!(linking == "static", "the binary is not static");
    ensure!(file.len() < LARGEST_FILE, "the binary is larger than 15 MB");
    ensure!(resident < LARGEST_RESIDENT, "more than 20 MiB are resident");
    Ok(())
}

/// Whether a 64-bit little-endian ELF file has a program header of type `PT_INTERP`: it then needs a dynamic loader.
fn names_loader(file: &[u8]) -> Result<bool> {
    const PT_INTERP: u64 = 3;
    let number = |at: usize, width: usize| -> Result<u64> {
        let bytes = file.get(at..at + width).context("the file ends early")?;
        Ok(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    };
    ensure!(file.starts_with(b"\x7fELF\x02\x01"), "not a 64-bit little-endian ELF file");
    let (table, width, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    for index in 0..count {
        if number(usize::try_from(table + index * width)?, 4)? == PT_INTERP {
            return Ok(true);
        }
    }
    Ok(false)
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
