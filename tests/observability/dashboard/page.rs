//! The dashboard as one HTML page that needs nothing from outside. Pure.

use anyhow::{Result, ensure};
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(crate) use super::chart::Time;
use super::chart::{Look, chart};
pub(crate) use super::lines::Series;
use super::lines::{Line, color, lines};
use super::{Dashboard, Defaults, Kind, Mapping, Panel, SpanNulls, StackingMode};

/// Columns and rows of the grid, and the space between them, in pixels.
const COLUMNS: u32 = 24;
const COLUMN: u32 = 43;
const ROW: u32 = 26;
const GAP: u32 = 8;
/// Around the grid, and around the content of a panel.
const PADDING: u32 = 8;
/// The heights of the heading of the page, of a title and of a row of the legend.
const HEADING: u32 = 40;
const TITLE: u32 = 24;
const LEGEND_ROW: u32 = 17;
/// How wide a letter of the legend is at most, and the mark before a name.
const LETTER: u32 = 6;
const MARK: u32 = 34;

/// The page. For each panel there is a list for each of its targets: the series that the query gave.
pub(crate) fn page(dashboard: &Dashboard, answers: &[Vec<Vec<Series>>], time: Time) -> Result<String> {
    ensure!(answers.len() == dashboard.panels.len(), "{} panels have an answer", answers.len());
    let mut panels = Vec::new();
    for (panel, answers) in dashboard.panels.iter().zip(answers) {
        ensure!(
            answers.len() == panel.targets.len(),
            "{}: {} targets have an answer",
            panel.title,
            answers.len()
        );
        panels.push(drawn(panel, answers, time)?);
    }
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (dashboard.title) } style { (PreEscaped(STYLE)) } }
            body style={ "width:" (width(COLUMNS) + 2 * PADDING) "px;height:" (HEADING + height(dashboard.rows()) + PADDING) "px" } {
                h1 { (dashboard.title) }
                div.grid style={ "grid:auto-flow " (ROW) "px/repeat(" (COLUMNS) "," (COLUMN) "px);gap:" (GAP) "px" } {
                    @for panel in panels { (panel) }
                }
            }
        }
    };
    Ok(page.into_string())
}

impl Dashboard {
    /// How many rows of the grid the panels take.
    fn rows(&self) -> u32 {
        self.panels.iter().map(|panel| panel.grid_pos.y + panel.grid_pos.h).max().unwrap_or(1)
    }
}

fn drawn(panel: &Panel, answers: &[Vec<Series>], time: Time) -> Result<Markup> {
    let content = match panel.kind {
        Kind::Row => html! {},
        Kind::Stat => stat(&panel.field_config.defaults, &lines(panel, answers)?)?,
        Kind::Timeseries => timeseries(panel, &lines(panel, answers)?, time)?,
    };
    let place = panel.grid_pos;
    let style = format!("grid-area:{}/{}/span {}/span {}", place.y + 1, place.x + 1, place.h, place.w);
    let class = match panel.kind {
        Kind::Row => "row",
        Kind::Stat => "panel stat",
        Kind::Timeseries => "panel",
    };
    Ok(html! { div class=(class) style=(style) { h2 { (panel.title) } (content) } })
}

/// The last value, large.
fn stat(defaults: &Defaults, lines: &[Line]) -> Result<Markup> {
    let Some((_, value)) = lines.iter().find_map(|line| line.points.last()) else { return Ok(nothing()) };
    let mapped =
        defaults.mappings.iter().find_map(|Mapping::Value { options }| options.get(&value.to_string()));
    let text = mapped.map_or_else(|| defaults.unit.text(*value), |mapped| mapped.text.clone());
    let passed = defaults.thresholds.steps.iter().rfind(|step| step.value.is_none_or(|from| *value >= from));
    let color = color(passed.map_or("green", |step| &step.color))?;
    Ok(html! { p.value style={ "color:rgb(" (color.0) "," (color.1) "," (color.2) ")" } { (text) } })
}

fn timeseries(panel: &Panel, lines: &[Line], time: Time) -> Result<Markup> {
    if lines.is_empty() {
        return Ok(nothing());
    }
    let (defaults, place) = (&panel.field_config.defaults, panel.grid_pos);
    let inside = width(place.w) - 2 * PADDING;
    let around = TITLE + legend_rows(lines, inside) * LEGEND_ROW + 2 * PADDING;
    let look = Look {
        size: (inside, height(place.h).saturating_sub(around)),
        unit: defaults.unit,
        min: defaults.min,
        least_step: defaults.decimals.map_or(f64::MIN_POSITIVE, |places| 0.1_f64.powf(places.into())),
        spanned: match defaults.custom.span_nulls {
            SpanNulls::All(all) => {
                if all {
                    i64::MAX
                } else {
                    0
                }
            }
            SpanNulls::Milliseconds(longest) => longest / 1000,
        },
        stacked: defaults.custom.stacking.mode == StackingMode::Normal,
        // Thinner than this, a picture that is made smaller loses a line.
        line: defaults.custom.line_width * 2,
        opacity: f64::from(defaults.custom.fill_opacity) / 100.0,
    };
    Ok(html! {
        (PreEscaped(chart(&look, time, lines)?))
        ul {
            @for line in lines {
                li { i style={ "background:rgb(" (line.color.0) "," (line.color.1) "," (line.color.2) ")" } {} (line.name) }
            }
        }
    })
}

/// How many rows the names of lines take, guessed from their letters.
fn legend_rows(lines: &[Line], inside: u32) -> u32 {
    let (mut rows, mut used) = (1, 0);
    for line in lines {
        let letters = u32::try_from(line.name.chars().count()).unwrap_or(u32::MAX);
        let wide = letters.saturating_mul(LETTER).saturating_add(MARK).min(inside);
        if used + wide > inside {
            (rows, used) = (rows + 1, 0);
        }
        used += wide;
    }
    rows
}

fn nothing() -> Markup {
    html! { p.nothing { "No data" } }
}

/// How high that many rows are, with the gaps between them.
fn height(rows: u32) -> u32 {
    rows * (ROW + GAP) - GAP
}

/// How wide that many columns are, with the gaps between them.
fn width(columns: u32) -> u32 {
    columns * (COLUMN + GAP) - GAP
}

const STYLE: &str = "\
body { margin: 0; padding: 0 8px 8px; box-sizing: border-box; background: #f4f5f5; color: #24292e; font: 13px/17px 'DejaVu Sans', sans-serif }
h1 { font-size: 17px; line-height: 40px; margin: 0 }
h2 { font-size: 13px; line-height: 24px; margin: 0; font-weight: 600 }
.grid { display: grid }
.row { border-bottom: 1px solid #d0d4d8 }
.panel { background: #fff; border: 1px solid #dfe3e6; border-radius: 3px; padding: 7px; overflow: hidden }
.value { margin: 8px 0 0; text-align: center; font-size: 36px; line-height: 50px; font-weight: 600 }
.nothing { text-align: center; color: #8e8e8e }
svg { display: block }
ul { list-style: none; margin: 0; padding: 0; font-size: 11px; overflow-wrap: anywhere }
li { display: inline-block; margin-right: 14px }
i { display: inline-block; width: 12px; height: 4px; margin: 0 6px 3px 0; border-radius: 2px }
";

#[cfg(test)]
mod tests;
