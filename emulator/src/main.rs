//! The emulator as a program of its own.

mod arguments;

use anyhow::Context;
use arguments::{Arguments, LogFormat};
use codeartifact_emulator::{Emulator, Entry, OnCall, Options};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long requests that are under way may take when the program is told to stop.
const FINISH: Duration = Duration::from_secs(5);

/// As a shell tells that a signal ended a program.
const CUT_OFF: u8 = 130;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::of_process()).await {
        Ok(code) => code,
        Err(error) => {
            // With its causes, and never with a backtrace: what is wrong is not in the code.
            say(&format!("Error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let on_call = log_to_stderr(arguments.log);
    let mut signals = Signals::new()?;
    arguments.tls_ca.as_deref().map_or(Ok(()), check_replaceable)?;
    let emulator = Emulator::start(Options { on_call, ..arguments.options()? }).await?;
    announce(&emulator, arguments.tls_ca.as_deref())?;
    signals.next().await;
    tracing::info!("{}", stopping(emulator.under_way()));
    tokio::select! {
        () = emulator.finish(FINISH) => Ok(ExitCode::SUCCESS),
        () = signals.next() => Ok(ExitCode::from(CUT_OFF)),
    }
}

/// Writes whom clients must trust, then says where it serves.
fn announce(emulator: &Emulator, tls_ca: Option<&Path>) -> anyhow::Result<()> {
    if let (Some(path), Some(authority)) = (tls_ca, emulator.authority()) {
        // The state may have come to be there meanwhile.
        check_replaceable(path)?;
        std::fs::write(path, authority).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(url) = emulator.assets_url() {
        tracing::info!(url, "serving files of packages");
    }
    tracing::info!(url = emulator.url(), address = %emulator.address(), "serving");
    Ok(())
}

/// Refuses to replace a file that holds something else than what was written there at an earlier start.
fn check_replaceable(tls_ca: &Path) -> anyhow::Result<()> {
    let content = std::fs::read(tls_ca).unwrap_or_default();
    anyhow::ensure!(
        content.is_empty() || content.starts_with(b"-----BEGIN CERTIFICATE-----"),
        "{} holds no certificate and was left as it is: name another file with --tls-ca, or remove this one",
        tls_ca.display()
    );
    Ok(())
}

/// Starts the log of the program itself; what is told of each request comes back.
fn log_to_stderr(wanted: Option<LogFormat>) -> Option<OnCall> {
    let is_terminal = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(is_terminal);
    match wanted.unwrap_or(if is_terminal { LogFormat::Text } else { LogFormat::Off }) {
        LogFormat::Off => {
            log.init();
            None
        }
        LogFormat::Text => {
            log.init();
            Some(OnCall::new(move |entry, took| say(&entry.to_line(took, is_terminal))))
        }
        LogFormat::Json => {
            log.json().flatten_event(true).init();
            Some(OnCall::new(log_json))
        }
    }
}

fn stopping(under_way: usize) -> &'static str {
    if under_way == 0 { "stopping" } else { "stopping; a second signal cuts off what is under way" }
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
