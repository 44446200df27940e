//! promtool: checks metrics and rules, and tests rules on recorded series.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use harness::evidence::Evidence;
use harness::process::{guarded, run};

use crate::recording::Recording;

/// The rule file of the chart.
pub(crate) fn rules() -> PathBuf {
    harness::repository().join("charts/codeartifact-operator/files/alerts.yaml")
}

/// A program that `make prometheus-tools` builds.
pub(crate) fn tool(name: &str) -> Result<PathBuf> {
    let path = harness::repository().join("target/prometheus/bin").join(name);
    ensure!(path.exists(), "{} is missing: run `make prometheus-tools`", path.display());
    Ok(path)
}

/// Runs promtool to its end with an input, and returns what it printed.
pub(crate) async fn promtool(arguments: &[&str], input: &str) -> Result<String> {
    let mut command = guarded(tool("promtool")?);
    command.args(arguments);
    run(command, input).await
}

/// Which alert fires at a scrape.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// The scrape.
    pub(crate) at: usize,
    /// The alert.
    pub(crate) alert: &'static str,
    /// Labels that the alert has, as a query selects them; `None` when it must not fire.
    pub(crate) firing: Option<String>,
}

impl Expected {
    pub(crate) fn firing(at: usize, alert: &'static str, labels: impl Into<String>) -> Self {
        Self { at, alert, firing: Some(labels.into()) }
    }

    pub(crate) fn silent(at: usize, alert: &'static str) -> Self {
        Self { at, alert, firing: None }
    }

    fn check(&self) -> String {
        let labels = self.firing.as_deref().unwrap_or_default();
        let alerts = format!("ALERTS{{alertname=\"{}\",alertstate=\"firing\",{labels}}}", self.alert)
            .replace(",}", "}");
        let samples = if self.firing.is_some() { "[{labels: '{}', value: 1}]" } else { "[]" };
        format!("  - expr: 'sum({alerts})'\n    eval_time: {}m\n    exp_samples: {samples}\n", self.at)
    }
}

/// Has promtool evaluate the rules of the chart on what was recorded.
pub(crate) async fn test_rules(recording: &Recording, expected: &[Expected]) -> Result<()> {
    test_rules_of(&rules(), recording, expected).await
}

/// As [`test_rules`], with another rule file.
pub(crate) async fn test_rules_of(rules: &Path, recording: &Recording, expected: &[Expected]) -> Result<()> {
    let checks: String = expected.iter().map(Expected::check).collect();
    let text = format!(
        "rule_files: ['{}']\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n{}  promql_expr_test:\n{checks}",
        rules.display(),
        recording.input_series(),
    );
    let file = Evidence::of_this_test()?.fresh("alerts", "yaml")?;
    std::fs::write(&file, text)?;
    let file = file.to_str().context("a path that is no text")?;
    promtool(&["test", "rules", file], "").await?;
    // What was expected and held.
    for it in expected {
        let state = if it.firing.is_some() { "firing" } else { "not firing" };
        println!("{}: {state} at minute {}", it.alert, it.at);
    }
    Ok(())
}
