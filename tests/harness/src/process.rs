//! Child processes that never outlive the process that started them.
//!
//! The kernel sends SIGKILL to such a child when the *thread* that started it ends. All are therefore started from one
//! thread that lives as long as the process: a panic, Ctrl-C or kill -9 of the process ends them all.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::wait::wait_for;

type Order = (Command, SyncSender<std::io::Result<Child>>);

/// A command that is killed when this process ends; add arguments and environment, then [`Process::start`] or [`run`] it.
pub fn guarded(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new("/usr/bin/setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program.as_ref());
    command
}

fn spawn(command: Command) -> Result<Child> {
    static SPAWNER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (orders, inbox) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, reply) in inbox {
                // Whoever asked may be gone; then the child is dropped, not waited for, and still dies with us.
                drop(reply.send(command.spawn()));
            }
        });
        Mutex::new(orders)
    });
    let program = format!("{command:?}");
    let (reply, answer) = sync_channel(1);
    spawner
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send((command, reply))
        .context("spawner is gone")?;
    answer.recv().context("spawner is gone")?.with_context(|| format!("cannot start {program}"))
}

/// A running program whose output goes to a log file; dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    log: PathBuf,
    child: Mutex<Child>,
}

impl Process {
    /// Starts a [`guarded`] command; standard output and error are appended to `log`.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| log.display().to_string())?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        // Ctrl-C is for who started this, who may still need it to come to an end.
        command.process_group(0);
        Ok(Self { name: name.to_owned(), log: log.to_owned(), child: Mutex::new(spawn(command)?) })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    /// How it ended, if it did.
    pub fn ended(&self) -> Result<Option<ExitStatus>> {
        Ok(self.child().try_wait()?)
    }

    /// Fails, with the end of its log, unless it runs.
    pub fn still_runs(&self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}:\n{}", self.name, tail(&self.log, 30)),
        }
    }

    /// Kills it as `kill -9` does and waits until it is gone.
    pub fn kill(&self) -> Result<()> {
        let mut child = self.child();
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Asks it to end (SIGTERM) and waits until it did.
    pub async fn terminate(&self, patience: Duration) -> Result<ExitStatus> {
        let pid = Pid::from_child(&self.child());
        kill_process(pid, Signal::TERM)?;
        wait_for(&format!("{} ends after SIGTERM", self.name), patience, async || {
            self.ended()?.context("it still runs")
        })
        .await
    }

    /// Its log file.
    pub fn log(&self) -> &Path {
        &self.log
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            report(&format!("cannot kill {}: {error:#}", self.name));
        }
    }
}

/// Runs a [`guarded`] command to its end with `input` on its standard input, and returns what it printed.
/// Fails with its standard error when it does not end with 0.
pub async fn run(command: Command, input: &str) -> Result<String> {
    let program = format!("{command:?}");
    let output = output(command, input).await?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    bail!("{program} ended with {}:\n{}", output.status, said.concat())
}

/// Runs a [`guarded`] command to its end, whatever that is.
pub async fn output(mut command: Command, input: &str) -> Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let input = input.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut child = spawn(command)?;
        let stdin = child.stdin.take();
        // Written beside reading, so that neither side waits for the other; a program may close its input early.
        let writer = std::thread::spawn(move || stdin.map(|mut pipe| pipe.write_all(input.as_bytes())));
        let output = child.wait_with_output()?;
        drop(writer.join());
        Ok(output)
    })
    .await?
}

/// What the kernel counts as memory of a process under a name such as `VmRSS:`, in bytes.
pub(crate) fn memory(process: u32, what: &str) -> Result<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line =
        status.lines().find_map(|line| line.strip_prefix(what)).with_context(|| format!("no {what}"))?;
    let kib: usize = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// The last lines of a file, or why it cannot be read.
pub fn tail(path: &Path, lines: usize) -> String {
    match std::fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let all: Vec<&str> = text.lines().collect();
            all[all.len().saturating_sub(lines)..].join("\n")
        }
        Err(error) => format!("({}: {error})", path.display()),
    }
}

/// Says something from where no result can be returned.
pub(crate) fn report(message: &str) {
    drop(writeln!(std::io::stderr(), "harness: {message}"));
}
