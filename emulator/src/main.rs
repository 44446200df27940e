//! The emulator as a program of its own.

mod arguments;

use anyhow::Context;
use arguments::{Arguments, LogFormat};
use clap::Parser;
use codeartifact_emulator::{Emulator, Entry, OnCall};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long requests that are under way may take when the program is told to stop.
const FINISH: Duration = Duration::from_secs(5);

/// As a shell tells that a signal ended a program.
const CUT_OFF: u8 = 130;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            // With its causes, and never with a backtrace: what is wrong is not in the code.
            say(&format!("Error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let is_terminal = std::io::stderr().is_terminal();
    let usual = if is_terminal { LogFormat::Text } else { LogFormat::Off };
    let format = arguments.log.unwrap_or(usual);
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(is_terminal);
    match format {
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Text | LogFormat::Off => log.init(),
    }
    let mut signals = Signals::new()?;
    let mut options = arguments.options()?;
    options.on_call = match format {
        LogFormat::Off => None,
        LogFormat::Text => Some(OnCall::new(move |entry, took| say(&entry.to_line(took, is_terminal)))),
        LogFormat::Json => Some(OnCall::new(log_json)),
    };
    let emulator = Emulator::start(options).await?;
    if let (Some(path), Some(authority)) = (&arguments.tls_ca, emulator.authority()) {
        std::fs::write(path, authority).with_context(|| format!("cannot write {}", path.display()))?;
    }
    tracing::info!(url = emulator.url(), address = %emulator.address(), "serving");
    signals.next().await;
    if emulator.under_way() == 0 {
        tracing::info!("stopping");
    } else {
        tracing::info!("stopping; a second signal cuts off what is under way");
    }
    tokio::select! {
        () = emulator.finish(FINISH) => Ok(ExitCode::SUCCESS),
        () = signals.next() => Ok(ExitCode::from(CUT_OFF)),
    }
}

/// The signals that mean: stop.
struct Signals {
    interrupted: Signal,
    terminated: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        let interrupted = signal(SignalKind::interrupt())?;
        Ok(Self { interrupted, terminated: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}

fn log_json(entry: &Entry, took: Duration) {
    match entry.to_json(took) {
        Ok(line) => say(&line),
        Err(error) => tracing::warn!(%error, "a request cannot be logged"),
    }
}

/// A log that nobody reads any more must not end the program.
fn say(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}
