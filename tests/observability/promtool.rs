//! promtool: checks metrics and rules, and tests rules on recorded series.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use harness::evidence::Evidence;
use harness::process::{guarded, output};

use crate::recording::Recording;

/// Labels that say the same of each alert of a test.
const OF_NO_INTEREST: [&str; 6] = ["alertname=", "alertstate=", "severity=", "job=", "namespace=", "pod="];

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

/// Runs promtool to its end with an input, and returns what it printed, errors and what it says of its work after the rest.
pub(crate) async fn promtool(arguments: &[&str], input: &str) -> Result<String> {
    let mut command = guarded(tool("promtool")?);
    command.args(arguments);
    let done = output(command, input).await?;
    let said = [&done.stdout, &done.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    if !done.status.success() {
        bail!("promtool {} ended with {}:\n{said}", arguments.join(" "), done.status);
    }
    Ok(said)
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

/// Has promtool evaluate the rules of the chart on what was recorded, and keeps when each alert was pending and fired.
pub(crate) async fn test_rules(recording: &Recording, expected: &[Expected]) -> Result<()> {
    let said = test_rules_of(&rules(), recording, expected).await?;
    let alerts = expected.iter().map(|it| it.alert).collect();
    let lines = timeline(&said, recording.scrapes(), &alerts)?;
    for it in expected.iter().filter(|it| it.firing.is_some()) {
        ensure!(lines.iter().any(|line| line.starts_with(it.alert)), "{} is not in {lines:?}", it.alert);
    }
    let table = lines.join("\n") + "\n";
    println!("{table}");
    std::fs::write(Evidence::of_this_test()?.fresh("promtool", "txt")?, table)?;
    Ok(())
}

/// As [`test_rules`], with another rule file. Returns what promtool said.
pub(crate) async fn test_rules_of(
    rules: &Path,
    recording: &Recording,
    expected: &[Expected],
) -> Result<String> {
    let checks: String = expected.iter().map(Expected::check).collect();
    let text = format!(
        "rule_files: ['{}']\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n{}  promql_expr_test:\n{checks}",
        rules.display(),
        recording.input_series(),
    );
    let file = Evidence::of_this_test()?.fresh("alerts", "yaml")?;
    std::fs::write(&file, text)?;
    promtool(&["test", "rules", "--debug", file.to_str().context("a path that is no text")?], "").await
}

/// When each of these alerts was pending, fired and was resolved, from what promtool lists of all series; and that promtool is content.
fn timeline(said: &str, scrapes: usize, alerts: &BTreeSet<&str>) -> Result<Vec<String>> {
    ensure!(said.lines().any(|line| line.trim() == "SUCCESS"), "promtool does not say SUCCESS: {said}");
    let mut found: BTreeMap<String, [Vec<usize>; 2]> = BTreeMap::new();
    let mut listed = said.lines().peekable();
    while let Some(line) = listed.next() {
        let series = line.strip_prefix("{__name__=\"ALERTS\", ").and_then(|line| line.strip_suffix("} =>"));
        let Some(labels) = series else { continue };
        let label =
            |name: &str| labels.split(", ").find_map(|label| label.strip_prefix(name)?.strip_suffix('"'));
        let name = label("alertname=\"").unwrap_or_default();
        if !alerts.contains(name) {
            continue;
        }
        let interests = |label: &&str| !OF_NO_INTEREST.iter().any(|name| label.starts_with(name));
        let about: Vec<_> = labels.split(", ").filter(interests).collect();
        let states = found.entry(format!("{name}{{{}}}", about.join(", "))).or_default();
        let state = usize::from(label("alertstate=\"") == Some("firing"));
        while let Some(at) = listed.next_if(|line| line.starts_with("1 @[")) {
            let at = at.trim_start_matches("1 @[").trim_end_matches(']');
            states[state].push(at.parse::<usize>().with_context(|| at.to_owned())? / 60_000);
        }
    }
    let mut lines = vec![format!("promtool test rules: SUCCESS; {scrapes} scrapes, one in a minute")];
    for (alert, [pending, firing]) in found {
        let last = firing.last().map_or(scrapes, |last| last + 1);
        let end = if last < scrapes { format!(", resolved at {last}") } else { String::new() };
        let fired =
            if firing.is_empty() { "never firing".into() } else { format!("firing at {}", spans(&firing)) };
        lines.push(format!("{alert}: pending at {}, {fired}{end}", spans(&pending)));
    }
    Ok(lines)
}

/// Numbers as spans: 3-7, 9.
fn spans(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|one, next| one + 1 == *next);
    let spans = runs.filter_map(|run| match run {
        [] => None,
        [only] => Some(only.to_string()),
        [first, .., last] => Some(format!("{first}-{last}")),
    });
    spans.collect::<Vec<_>>().join(", ")
}

#[test]
fn what_promtool_lists_becomes_a_timeline_of_alerts() -> Result<()> {
    let said = "DEBUG: Dump of all data (input_series and rules) at 3m1s:\n\
                {__name__=\"ALERTS\", alertname=\"A\", alertstate=\"firing\", job=\"operator\", kind=\"Domain\", severity=\"warning\"} =>\n\
                1 @[120000]\n1 @[180000]\n1 @[300000]\n{__name__=\"up\", job=\"operator\"} =>\n1 @[0]\n\
                {__name__=\"ALERTS\", alertname=\"A\", alertstate=\"pending\", job=\"operator\", kind=\"Domain\", severity=\"warning\"} =>\n\
                1 @[60000]\n\
                {__name__=\"ALERTS\", alertname=\"B\", alertstate=\"pending\"} =>\n1 @[0]\n\
                {__name__=\"ALERTS\", alertname=\"C\", alertstate=\"pending\", job=\"operator\"} =>\n1 @[0]\n1 @[60000]\nUnit Testing:  alerts.yaml\n  SUCCESS\n";
    let expected = [
        "promtool test rules: SUCCESS; 7 scrapes, one in a minute",
        "A{kind=\"Domain\"}: pending at 1, firing at 2-3, 5, resolved at 6",
        "C{}: pending at 0-1, never firing",
    ];
    let lines = timeline(said, 7, &["A", "C"].into())?;
    ensure!(lines == expected, "{lines:?}");
    ensure!(timeline("Unit Testing:  alerts.yaml\n  FAILED:\n", 6, &["A"].into()).is_err());
    Ok(())
}
