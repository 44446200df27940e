//! The operator's process: killed, ended, started again, asked.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::evidence::Evidence;
use crate::install::container::Container;
use crate::install::metrics::Metrics;
use crate::process::{Process, guarded, memory, tail};
use crate::wait::{PATIENCE, wait_for};
use crate::web;

/// The operator of an [`crate::Install`]. Each start writes a log file of its own.
#[derive(Debug)]
pub struct Operator {
    program: PathBuf,
    container: Container,
    evidence: Evidence,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    process: Option<Process>,
    address: Option<String>,
    log: PathBuf,
}

impl Operator {
    pub(super) fn new(program: PathBuf, container: Container, evidence: Evidence) -> Self {
        Self { program, container, evidence, running: Mutex::default() }
    }

    /// Starts another replica of the same Deployment, and waits until it serves.
    pub async fn another(&self) -> Result<Self> {
        let mut container = self.container.clone();
        for (name, value) in &mut container.environment {
            if name == "POD_NAME" {
                *value = format!("{value}-another");
            }
        }
        let another = Self::new(self.program.clone(), container, self.evidence.clone());
        another.start_again().await?;
        Ok(another)
    }

    /// Starts it and waits until it serves. One that still runs is killed first.
    pub async fn start_again(&self) -> Result<()> {
        let log = self.evidence.fresh("operator", "log")?;
        let mut command = guarded(&self.program);
        command.args(&self.container.arguments).env_clear().envs(self.container.environment.iter().cloned());
        // Without this the AWS SDK looks for an instance's metadata outside this machine.
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        let process = Process::start("the operator", command, &log)?;
        *self.running() = Running { process: Some(process), address: None, log };
        let address = wait_for("the operator serves", PATIENCE, async || self.serving()).await??;
        self.running().address = Some(address);
        Ok(())
    }

    /// The address that it logged, or, as the inner error, that it ended.
    fn serving(&self) -> Result<Result<String>> {
        let running = self.running();
        if let Some(Err(end)) = running.process.as_ref().map(Process::still_runs) {
            return Ok(Err(end));
        }
        let log = std::fs::read_to_string(&running.log)?;
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let address = lines
            .filter(|line| line["message"] == "serving")
            .find_map(|line| line["address"].as_str().map(String::from));
        address.map(Ok).context("no line with message=serving in its log")
    }

    /// Waits until it leads and `/ready` answers with success; the failure shows what it waits for.
    pub async fn ready(&self) -> Result<()> {
        wait_for("the operator is ready", PATIENCE, async || {
            let answer = self.get("/ready").await?;
            ensure!(!answer.contains("\"standby\""), "{answer}");
            Ok(())
        })
        .await
    }

    /// Waits until it is ready to take over from another one that leads, and returns what it says of that one.
    pub async fn stands_by(&self) -> Result<String> {
        wait_for("the operator stands by", PATIENCE, async || {
            let answer: Value = serde_json::from_str(&self.get("/ready").await?)?;
            answer["standby"].as_str().map(String::from).with_context(|| answer.to_string())
        })
        .await
    }

    /// Where it serves.
    pub fn address(&self) -> Result<String> {
        self.running().address.clone().context("the operator does not run")
    }

    /// One of its pages, such as `/metrics`.
    pub async fn get(&self, path: &str) -> Result<String> {
        web::get(&format!("http://{}{path}", self.address()?)).await
    }

    /// Its metrics as they are now.
    pub async fn metrics(&self) -> Result<Metrics> {
        Ok(Metrics::new(self.get("/metrics").await?))
    }

    /// The value of a metric, labels as they are written: `name{label="value"}`.
    pub async fn metric(&self, series: &str) -> Result<f64> {
        self.metrics().await?.value(series)
    }

    /// The memory that it has resident, in bytes.
    pub fn resident(&self) -> Result<usize> {
        memory(self.id()?, "VmRSS:")
    }

    /// The most memory that its present process has had resident, in bytes.
    pub fn most_resident(&self) -> Result<usize> {
        memory(self.id()?, "VmHWM:")
    }

    /// Its process id.
    pub fn id(&self) -> Result<u32> {
        self.running().process.as_ref().map(Process::id).context("the operator does not run")
    }

    /// Kills it as `kill -9` does.
    pub async fn kill(&self) -> Result<()> {
        self.collect_metrics().await;
        let process = self.stopped()?;
        process.kill()
    }

    /// Ends it with SIGTERM and waits until it is gone.
    pub async fn terminate(&self) -> Result<ExitStatus> {
        self.collect_metrics().await;
        let process = self.stopped()?;
        process.terminate(PATIENCE).await
    }

    /// The log of the present or last process.
    pub fn log(&self) -> PathBuf {
        self.running().log.clone()
    }

    /// The end of the log, for failures.
    pub fn log_tail(&self) -> String {
        tail(&self.log(), 25)
    }

    /// Keeps the last metrics as evidence, if it still answers.
    pub(super) async fn collect_metrics(&self) {
        let page = self.get("/metrics").await;
        if let (Ok(page), Ok(path)) = (page, self.evidence.fresh("metrics", "txt")) {
            drop(std::fs::write(path, page));
        }
    }

    fn stopped(&self) -> Result<Process> {
        let mut running = self.running();
        running.address = None;
        running.process.take().context("the operator does not run")
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operator's program: named by the environment, or where cargo puts it, beside this one or one folder up.
pub(super) fn program() -> Result<PathBuf> {
    if let Some(told) = std::env::var_os("CODEARTIFACT_OPERATOR_BIN") {
        return Ok(told.into());
    }
    let here = std::env::current_exe()?;
    let mut beside = here.ancestors().skip(1).take(2).map(|folder| folder.join("codeartifact-operator"));
    beside.find(|path| path.is_file()).context("the operator is not built: run `make build`")
}
