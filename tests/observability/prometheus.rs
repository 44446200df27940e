//! A real Prometheus on loopback that scrapes one operator.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::evidence::Evidence;
use harness::process::{Process, guarded, tail};
use harness::scratch::Scratch;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::dashboard::page::{Series, Time};
use crate::promtool::{promtool, rules, tool};
use crate::recording::Recording;

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
        let every = format!("{}ms", EVERY.as_millis());
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
        Self::with(Scratch::new()?, &config, &[]).await
    }

    /// Starts one that has what was recorded, a scrape at each of these times in seconds, and scrapes nothing.
    pub(crate) async fn of(recording: &Recording, time: Time) -> Result<Self> {
        let data = Scratch::new()?;
        let times = (time.from..=time.to).step_by(usize::try_from(time.step)?);
        let file = data.write("recorded.om", recording.open_metrics(&times))?;
        let (file, into) = (file.display().to_string(), folder(&data).display().to_string());
        promtool(&["tsdb", "create-blocks-from", "openmetrics", "--quiet", &file, &into], "").await?;
        // A series ends with its last sample: what was recorded has no other mark of an end.
        let lookback = format!("--query.lookback-delta={}s", time.step);
        Self::with(data, "global: {}\n", &[lookback]).await
    }

    async fn with(data: Scratch, config: &str, arguments: &[String]) -> Result<Self> {
        let config = data.write("prometheus.yml", config)?;
        let log = Evidence::of_this_test()?.fresh("prometheus", "log")?;
        let mut command = guarded(tool("prometheus")?);
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder(&data).display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .args(arguments)
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
        let prometheus = Self { process, address, _data: data };
        // Until it has read its series it answers every query with 503.
        let waited = wait_for("Prometheus is ready", PATIENCE, async || {
            web::get(&format!("http://{}/-/ready", prometheus.address)).await
        });
        waited.await?;
        Ok(prometheus)
    }

    /// What a query gives now: the series, each with labels and value.
    pub(crate) async fn query(&self, query: &str) -> Result<Vec<Value>> {
        let escaped = utf8_percent_encode(query, NON_ALPHANUMERIC);
        self.ask(&format!("query?query={escaped}"), "/result").await
    }

    /// What a query gives over a span of time, without what is no number.
    pub(crate) async fn range(&self, query: &str, time: Time) -> Result<Vec<Series>> {
        let escaped = utf8_percent_encode(query, NON_ALPHANUMERIC);
        let Time { from, to, step } = time;
        let what = format!("query_range?query={escaped}&start={from}&end={to}&step={step}");
        self.ask(&what, "/result").await?.iter().map(series).collect()
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

/// Where a Prometheus keeps its series.
fn folder(data: &Scratch) -> PathBuf {
    data.path().join("data")
}

fn series(answer: &Value) -> Result<Series> {
    let labels = serde_json::from_value(answer["metric"].clone())?;
    let pairs: Vec<(f64, String)> = serde_json::from_value(answer["values"].clone())?;
    let mut points = Vec::new();
    for (at, value) in pairs {
        let value: f64 = value.parse()?;
        if value.is_finite() {
            points.push((at.round().to_string().parse()?, value));
        }
    }
    Ok(Series { labels, points })
}
