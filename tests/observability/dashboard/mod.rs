//! The dashboard of the chart: its panels and queries, and a page that draws it.
//!
//! Reading the dashboard fails if the dashboard uses something that the page cannot draw.

mod chart;
mod lines;
pub(crate) mod page;
mod units;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use units::Unit;

/// Where the dashboard lies in the repository.
const FILE: &str = "charts/codeartifact-operator/files/dashboard.json";

/// The dashboard as Grafana reads it.
#[derive(Clone, Debug)]
pub(crate) struct Dashboard {
    pub(crate) title: String,
    pub(crate) panels: Vec<Panel>,
}

/// One panel, or the heading of the panels below.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Panel {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) title: String,
    grid_pos: Place,
    #[serde(default)]
    field_config: FieldConfig,
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
}

/// The types of panels that the page draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Row,
    Stat,
    Timeseries,
}

/// In a grid of 24 columns.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Place {
    x: u32,
    y: u32,
    w: u32,
    h: u32,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct FieldConfig {
    defaults: Defaults,
    overrides: Vec<Override>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Defaults {
    unit: Unit,
    decimals: Option<u32>,
    min: Option<f64>,
    #[serde(default)]
    mappings: Vec<Mapping>,
    thresholds: Thresholds,
    #[serde(default)]
    custom: Custom,
}

/// Texts for values.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Mapping {
    Value { options: BTreeMap<String, Mapped> },
}

#[derive(Clone, Debug, Deserialize)]
struct Mapped {
    text: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Thresholds {
    steps: Vec<Step>,
}

/// A colour, and from which value on it holds.
#[derive(Clone, Debug, Deserialize)]
struct Step {
    color: String,
    value: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Custom {
    line_width: u32,
    fill_opacity: u8,
    span_nulls: SpanNulls,
    stacking: Stacking,
}

/// Over which gaps a line goes on.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum SpanNulls {
    All(bool),
    Milliseconds(i64),
}

impl Default for SpanNulls {
    fn default() -> Self {
        Self::All(false)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Stacking {
    mode: StackingMode,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StackingMode {
    #[default]
    None,
    Normal,
}

/// What is different for the line of one name.
#[derive(Clone, Debug, Deserialize)]
struct Override {
    matcher: Matcher,
    properties: Vec<Property>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "id", content = "options", rename_all = "camelCase")]
enum Matcher {
    ByName(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "id", content = "value", rename_all = "camelCase")]
enum Property {
    DisplayName(String),
    Color(FixedColor),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "mode", rename_all = "camelCase")]
enum FixedColor {
    #[serde(rename_all = "camelCase")]
    Fixed { fixed_color: String },
}

/// One query of a panel.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Target {
    pub(crate) expr: String,
    legend_format: String,
}

/// A query with the variables of the dashboard as Grafana would fill them in.
pub(crate) fn filled(query: &str, rate_interval: &str) -> String {
    let pairs = [("$job", "operator"), ("$namespace", "platform"), ("$__rate_interval", rate_interval)];
    pairs.into_iter().fold(query.to_owned(), |query, (name, value)| query.replace(name, value))
}

/// The dashboard as the file has it.
pub(crate) fn document() -> Result<Value> {
    let text = std::fs::read_to_string(harness::repository().join(FILE)).context(FILE)?;
    Ok(serde_json::from_str(&text)?)
}

impl Dashboard {
    /// Reads a dashboard. Fails with the name of the panel if the page cannot draw something in that panel.
    pub(crate) fn read(document: &Value) -> Result<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned).context("no title");
        let panels = document["panels"].as_array().context("no panels")?.iter().map(|panel| {
            let title = text(&panel["title"])?;
            Panel::deserialize(panel).with_context(|| format!("the panel {title} cannot be drawn"))
        });
        Ok(Self { title: text(&document["title"])?, panels: panels.collect::<Result<_>>()? })
    }
}
