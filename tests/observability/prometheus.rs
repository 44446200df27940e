//! A real Prometheus on loopback that scrapes one operator.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::evidence::Evidence;
use harness::process::{Process, guarded, tail};
use harness::scratch::Scratch;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::promtool::{rules, tool};

/// Between two scrapes, and between two evaluations of the rules.
pub(crate) const EVERY: Duration = Duration::from_millis(500);

/// A Prometheus that runs. Dropping it ends it.
pub(crate) struct Prometheus {
    process: Process,
    address: String,
    _data: Scratch,
}

impl Prometheus {
    /// Starts one that scrapes the fixture's operator as it would scrape a Pod, and evaluates the rules of the chart.
    pub(crate) async fn start(fixture: &Fixture) -> Result<Self> {
        let (data, every) = (Scratch::new()?, format!("{}ms", EVERY.as_millis()));
        let config = format!(
            "global: {{scrape_interval: {every}, scrape_timeout: {every}, evaluation_interval: {every}}}\n\
             rule_files: ['{}']\n\
             scrape_configs:\n\
             - job_name: operator\n\
             \x20 static_configs:\n\
             \x20 - {{targets: ['{}'], labels: {{namespace: platform, pod: operator-0}}}}\n",
            rules().display(),
            fixture.install.operator.address()?,
        );
        let config = data.write("prometheus.yml", config)?;
        let log = Evidence::of_this_test()?.fresh("prometheus", "log")?;
        let mut command = guarded(tool("prometheus")?);
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.path().join("data").display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .current_dir(data.path());
        let process = Process::start("Prometheus", command, &log)?;
        let address = wait_for("Prometheus listens", PATIENCE, async || {
            process.still_runs()?;
            let log = std::fs::read_to_string(process.log())?;
            let address = log
                .lines()
                .find(|line| line.contains("Listening on"))
                .and_then(|line| Some(line.split_once("address=")?.1.split(' ').next()?.to_owned()));
            address.context("no line with its address yet")
        });
        let address = address.await?;
        Ok(Self { process, address, _data: data })
    }

    /// What a query gives now: the series, each with labels and value.
    pub(crate) async fn query(&self, query: &str) -> Result<Vec<Value>> {
        let escaped = utf8_percent_encode(query, NON_ALPHANUMERIC);
        self.ask(&format!("query?query={escaped}"), "/result").await
    }

    /// The alerts that fire or are about to, with their texts.
    pub(crate) async fn alerts(&self) -> Result<Vec<Value>> {
        self.ask("alerts", "/alerts").await
    }

    async fn ask(&self, what: &str, list: &str) -> Result<Vec<Value>> {
        let url = format!("http://{}/api/v1/{what}", self.address);
        let (status, body) = web::send(http::Method::GET, &url, "").await?;
        ensure!(status.is_success(), "{what}: {status}: {body}\n{}", tail(self.process.log(), 5));
        let answer: Value = serde_json::from_str(&body)?;
        Ok(answer["data"].pointer(list).and_then(Value::as_array).context("a list")?.clone())
    }
}
