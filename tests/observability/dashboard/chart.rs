//! A chart of lines over time, as SVG. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::Result;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::lines::Line;
use super::units::Unit;

/// Steps of the axis of time, in seconds, and how many there are at most.
const TIME_STEPS: [i64; 6] = [60, 300, 600, 1800, 3600, 10_800];
const MOST_TIMES: i64 = 8;
const GRID: RGBColor = RGBColor(0xe4, 0xe7, 0xe7);
const TEXT: RGBColor = RGBColor(0x5a, 0x5f, 0x66);

/// The time span of a chart: its begin, its end, and the distance between two samples, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) step: i64,
}

/// What a chart looks like.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) size: (u32, u32),
    pub(super) unit: Unit,
    /// The axis begins at this value, or at a lower one.
    pub(super) min: Option<f64>,
    /// The least distance of marks on the axis.
    pub(super) least_step: f64,
    pub(super) stacked: bool,
    /// A line is drawn across gaps of at most this number of seconds.
    pub(super) spanned: i64,
    /// How thick a line is; 0 for areas without lines.
    pub(super) line: u32,
    /// Of the area below a line, from 0 to 1.
    pub(super) opacity: f64,
}

/// Without a gap: time, what the value stands on, and the value.
type Run = Vec<(f64, f64, f64)>;

/// An axis with these marks and no others.
struct Axis {
    scale: RangedCoordf64,
    marks: Vec<f64>,
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.scale.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.marks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.scale.range()
    }
}

/// Draws lines.
pub(super) fn chart(look: &Look, time: Time, lines: &[Line]) -> Result<String> {
    let runs = runs(lines, look.spanned.max(time.step), look.stacked);
    let marks = marks(look, &runs);
    let (low, high) = (marks.first().copied().unwrap_or(0.0), marks.last().copied().unwrap_or(1.0));
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, look.size).into_drawing_area();
        let times = Axis { scale: (seconds(time.from)..seconds(time.to)).into(), marks: times(time) };
        let values = Axis { scale: (low..high).into(), marks };
        let mut chart = ChartBuilder::on(&area)
            .margin_top(8)
            .margin_right(14)
            .x_label_area_size(20)
            .y_label_area_size(62)
            .build_cartesian_2d(times, values)?;
        chart
            .configure_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .label_style(("sans-serif", 14).into_font().color(&TEXT))
            .x_label_formatter(&|at| clock(*at))
            .y_label_formatter(&|value| look.unit.text(*value))
            .draw()?;
        for (line, run) in
            lines.iter().zip(&runs).flat_map(|(line, runs)| runs.iter().map(move |run| (line, run)))
        {
            let upper = run.iter().map(|(at, _, value)| (*at, *value));
            if look.opacity > 0.0 {
                let lower = run.iter().rev().map(|(at, base, _)| (*at, *base));
                let outline: Vec<_> = upper.clone().chain(lower).collect();
                chart.draw_series([Polygon::new(outline, line.color.mix(look.opacity))])?;
            }
            if look.line > 0 {
                let path: Vec<_> = upper.collect();
                chart.draw_series([PathElement::new(path, line.color.stroke_width(look.line))])?;
            }
        }
        area.present()?;
    }
    Ok(svg)
}

/// The points of each line, one upon the other where the lines are stacked. A line ends where samples are missing for
/// longer than is spanned.
fn runs(lines: &[Line], spanned: i64, stacked: bool) -> Vec<Vec<Run>> {
    let mut below: BTreeMap<i64, f64> = BTreeMap::new();
    let mut all = Vec::new();
    for line in lines {
        let mut runs: Vec<Run> = Vec::new();
        let mut before = None;
        for &(at, value) in &line.points {
            let base = if stacked { below.get(&at).copied().unwrap_or(0.0) } else { 0.0 };
            let point = (seconds(at), base, base + value);
            match runs.last_mut() {
                Some(run) if before.is_some_and(|before| at - before <= spanned) => run.push(point),
                _ => runs.push(vec![point]),
            }
            before = Some(at);
            below.insert(at, base + value);
        }
        all.push(runs);
    }
    all
}

/// The marks of the axis of values.
fn marks(look: &Look, runs: &[Vec<Run>]) -> Vec<f64> {
    let values = || runs.iter().flatten().flatten().map(|(_, _, value)| *value);
    let lowest = look.min.into_iter().chain(values()).fold(f64::INFINITY, f64::min);
    let highest = look.min.into_iter().chain(values()).fold(f64::NEG_INFINITY, f64::max);
    look.unit.marks(lowest, highest, look.least_step)
}

fn times(time: Time) -> Vec<f64> {
    let fits = |step: &i64| (time.to - time.from) / step <= MOST_TIMES;
    let step = TIME_STEPS.into_iter().find(fits).unwrap_or(86_400);
    (time.from.div_euclid(step)..=time.to.div_euclid(step))
        .map(|mark| mark * step)
        .filter(|mark| (time.from..=time.to).contains(mark))
        .map(seconds)
        .collect()
}

/// Seconds since 1970 are far below where a float loses one.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn seconds(at: i64) -> f64 {
    at as f64
}

/// Hour and minute in UTC.
fn clock(at: f64) -> String {
    let minutes = (at / 60.0).round().rem_euclid(1440.0);
    format!("{:02}:{:02}", (minutes / 60.0).floor(), minutes % 60.0)
}

#[test]
fn lines_stand_one_upon_the_other_and_end_where_a_sample_is_missing() {
    let line = |points: &[(i64, f64)]| Line { name: "line".into(), color: BLACK, points: points.to_vec() };
    let lines = [line(&[(0, 1.0), (60, 2.0)]), line(&[(60, 3.0), (180, 4.0)])];
    let expected = [
        vec![vec![(0.0, 0.0, 1.0), (60.0, 0.0, 2.0)]],
        vec![vec![(60.0, 2.0, 5.0)], vec![(180.0, 0.0, 4.0)]],
    ];
    assert_eq!(runs(&lines, 60, true), expected);
    assert_eq!(runs(&lines, 60, false)[1], [[(60.0, 0.0, 3.0)], [(180.0, 0.0, 4.0)]]);
    assert_eq!(runs(&lines, 120, false)[1], [[(60.0, 0.0, 3.0), (180.0, 0.0, 4.0)]]);
    assert_eq!(
        (clock(3540.0), times(Time { from: 30, to: 7300, step: 60 })),
        ("00:59".into(), vec![1800.0, 3600.0, 5400.0, 7200.0])
    );
}
