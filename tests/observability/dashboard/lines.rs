//! The results of queries as lines with names and colours. Pure.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use plotters::style::RGBColor;

use super::{FixedColor, Matcher, Panel, Property, Target};

/// The colours of Grafana's classic palette, in order.
const PALETTE: [RGBColor; 12] = [
    RGBColor(0x56, 0xa6, 0x4b),
    RGBColor(0xe0, 0xb4, 0x00),
    RGBColor(0x1f, 0x78, 0xc1),
    RGBColor(0xef, 0x84, 0x3c),
    RGBColor(0xe2, 0x4d, 0x42),
    RGBColor(0x4d, 0xc4, 0xd6),
    RGBColor(0xba, 0x43, 0xa9),
    RGBColor(0x70, 0x5d, 0xa0),
    RGBColor(0x50, 0x86, 0x42),
    RGBColor(0xcc, 0xa3, 0x00),
    RGBColor(0x44, 0x7e, 0xbc),
    RGBColor(0xc1, 0x5c, 0x17),
];

/// One series of a query: its labels, and its numbers, each with its time in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) points: Vec<(i64, f64)>,
}

/// A series as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) color: RGBColor,
    pub(super) points: Vec<(i64, f64)>,
}

/// The lines of a panel, from the series that each of its targets gave.
pub(super) fn lines(panel: &Panel, answers: &[Vec<Series>]) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (target, series) in panel.targets.iter().zip(answers) {
        for one in series {
            let mut line = Line {
                name: legend(target, &one.labels),
                color: PALETTE[lines.len() % PALETTE.len()],
                points: one.points.clone(),
            };
            override_line(panel, &mut line)?;
            lines.push(line);
        }
    }
    Ok(lines)
}

/// The name of a series: the format of the legend with labels in it.
fn legend(target: &Target, labels: &BTreeMap<String, String>) -> String {
    let mut parts = target.legend_format.split("{{");
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (label, rest) = part.split_once("}}").unwrap_or((part, ""));
        name += labels.get(label.trim()).map_or("", String::as_str);
        name += rest;
    }
    name
}

fn override_line(panel: &Panel, line: &mut Line) -> Result<()> {
    let given = line.name.clone();
    let fits = |matcher: &Matcher| matches!(matcher, Matcher::ByName(name) if *name == given);
    for property in
        panel.field_config.overrides.iter().filter(|it| fits(&it.matcher)).flat_map(|it| &it.properties)
    {
        match property {
            Property::DisplayName(name) => line.name.clone_from(name),
            Property::Color(FixedColor::Fixed { fixed_color }) => line.color = color(fixed_color)?,
        }
    }
    Ok(())
}

/// A colour by the name that Grafana knows.
pub(super) fn color(name: &str) -> Result<RGBColor> {
    const NAMED: [(&str, RGBColor); 8] = [
        ("green", RGBColor(0x37, 0x87, 0x2d)),
        ("orange", RGBColor(0xfa, 0x64, 0x00)),
        ("red", RGBColor(0xc4, 0x16, 0x2a)),
        ("blue", RGBColor(0x1f, 0x60, 0xc4)),
        ("yellow", RGBColor(0xe0, 0xb4, 0x00)),
        ("purple", RGBColor(0x8f, 0x3b, 0xb8)),
        ("dark-red", RGBColor(0x6e, 0x0a, 0x14)),
        ("gray", RGBColor(0x8e, 0x8e, 0x8e)),
    ];
    let known = NAMED.iter().find(|(known, _)| *known == name);
    known.map(|(_, color)| *color).with_context(|| format!("the page knows no colour {name}"))
}
