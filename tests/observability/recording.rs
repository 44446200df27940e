//! What a Prometheus would have of an operator: one scrape of `/metrics` in a minute of the emulator's clock.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};

/// Labels that Prometheus puts on whatever it scrapes from a Pod. A metric with a label of that name would lose the label.
const OF_THE_TARGET: [(&str, &str); 3] =
    [("job", "operator"), ("namespace", "platform"), ("pod", "operator-0")];
/// Nothing was scraped.
const NOTHING: &str = "_";
/// What Prometheus adds when a series ends.
const STALE: &str = "stale";

/// The scrapes so far. Each series has as many samples as there were scrapes.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    series: BTreeMap<String, Vec<String>>,
    scrapes: usize,
}

impl Recording {
    /// Takes in a page, or that nobody answered. Returns the number of the scrape, from 0 on.
    pub(crate) fn scraped(&mut self, page: Option<&str>) -> Result<usize> {
        let lines =
            page.unwrap_or_default().lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        for line in lines {
            let (series, value) = line.rsplit_once(' ').with_context(|| format!("no sample: {line}"))?;
            let samples = self.series.entry(with_target(series)?).or_default();
            samples.resize(self.scrapes, NOTHING.to_owned());
            samples.push(value.to_owned());
        }
        for samples in self.series.values_mut().filter(|samples| samples.len() == self.scrapes) {
            let ended = samples.last().is_some_and(|last| last != NOTHING && last != STALE);
            samples.push(if ended { STALE } else { NOTHING }.to_owned());
        }
        self.scrapes += 1;
        Ok(self.scrapes - 1)
    }

    /// How many scrapes there were.
    pub(crate) fn scrapes(&self) -> usize {
        self.scrapes
    }

    /// The samples as OpenMetrics text with the time of each, for scrapes at these times in seconds.
    pub(crate) fn open_metrics(&self, times: &(impl Iterator<Item = i64> + Clone)) -> String {
        let mut text = String::new();
        for (series, samples) in &self.series {
            let samples = samples.iter().zip(times.clone());
            for (sample, time) in samples.filter(|(sample, _)| ![NOTHING, STALE].contains(&sample.as_str())) {
                writeln!(text, "{series} {sample} {time}").ok();
            }
        }
        text + "# EOF\n"
    }

    /// The series as `input_series` of a test file of promtool.
    pub(crate) fn input_series(&self) -> String {
        self.series.iter().fold(String::new(), |mut text, (series, samples)| {
            let quoted = series.replace('\'', "''");
            writeln!(text, "  - series: '{quoted}'\n    values: '{}'", samples.join(" ")).ok();
            text
        })
    }
}

fn with_target(series: &str) -> Result<String> {
    let target: Vec<_> = OF_THE_TARGET.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    let target = target.join(",");
    let Some((name, labels)) = series.split_once('{') else { return Ok(format!("{series}{{{target}}}")) };
    for (label, _) in OF_THE_TARGET {
        let own = format!("{label}=\"");
        let clashes = labels.starts_with(&own) || labels.contains(&format!(",{own}"));
        ensure!(!clashes, "{series}: Prometheus replaces the label {label} by that of the target");
    }
    Ok(format!("{name}{{{target},{labels}"))
}

#[test]
fn a_series_that_comes_late_and_goes_early_keeps_its_place_in_time() -> Result<()> {
    let mut recording = Recording::default();
    for page in
        [Some("# TYPE a gauge\na 1\n"), Some("a -2\nb{c=\"d\"} 0.5\n"), None, None, Some("a 3\n# EOF")]
    {
        recording.scraped(page)?;
    }
    let target = "job=\"operator\",namespace=\"platform\",pod=\"operator-0\"";
    let expected = format!(
        "  - series: 'a{{{target}}}'\n    values: '1 -2 stale _ 3'\n  - series: 'b{{{target},c=\"d\"}}'\n    values: '_ 0.5 stale _ _'\n"
    );
    ensure!(recording.input_series() == expected, "{}", recording.input_series());
    let at_times = format!(
        "a{{{target}}} 1 60\na{{{target}}} -2 120\na{{{target}}} 3 300\nb{{{target},c=\"d\"}} 0.5 120\n# EOF\n"
    );
    let text = recording.open_metrics(&(1..).map(|minute| minute * 60));
    ensure!(text == at_times, "{text}");
    Ok(())
}

#[test]
fn a_label_that_prometheus_would_replace_is_refused() {
    assert!(Recording::default().scraped(Some("a{b=\"c\",namespace=\"team\"} 1\n")).is_err());
    assert!(Recording::default().scraped(Some("a{namespace=\"team\"} 1\n")).is_err());
    assert!(Recording::default().scraped(Some("a{login_namespace=\"team\"} 1\n")).is_ok());
}
