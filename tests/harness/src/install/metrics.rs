//! What the operator measures of itself.

use anyhow::{Context, Result};

/// The operator's page `/metrics` at one moment.
#[derive(Debug)]
pub struct Metrics(String);

impl Metrics {
    /// A page of metrics.
    pub fn new(page: String) -> Self {
        Self(page)
    }

    /// The value of one series, labels as they are written: `name{label="value"}`.
    pub fn value(&self, series: &str) -> Result<f64> {
        let value = self.0.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        let value = value.with_context(|| format!("no {series} in /metrics"))?;
        value.parse().with_context(|| format!("{series} is {value}"))
    }

    /// The sum of all series of a metric.
    pub fn sum(&self, metric: &str) -> f64 {
        self.sum_with(metric, "")
    }

    /// The sum of all series of a metric that have a label, as it is written: `label="value"`.
    pub fn sum_with(&self, metric: &str, label: &str) -> f64 {
        let series = self.0.lines().filter_map(|line| {
            let rest = line.strip_prefix(metric)?;
            (rest.starts_with(['{', ' ']) && rest.contains(label)).then_some(rest)
        });
        // A sum of no floats is -0.0.
        series
            .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok())
            .fold(0.0, |sum, value| sum + value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_summed_by_whole_names_and_labels() -> Result<()> {
        let page = "# TYPE passes counter\npasses{kind=\"a\",of=\"x\"} 1\npasses{kind=\"b\",of=\"x\"} 2\npasses_more 4\ndepth 0\n";
        let metrics = Metrics::new(page.to_owned());
        assert_eq!(metrics.sum("passes").to_string(), "3");
        assert_eq!(metrics.sum_with("passes", "kind=\"b\"").to_string(), "2");
        assert_eq!(metrics.sum("absent").to_string(), "0");
        assert_eq!(metrics.value("passes_more")?.to_string(), "4");
        assert!(metrics.value("passes").is_err());
        Ok(())
    }
}
