//! Units of values, written as Grafana writes them, and marks on an axis. Pure.

use serde::Deserialize;

/// An axis has no more steps than this.
const STEPS: f64 = 5.0;
/// Steps that divide minutes, hours and days, in seconds.
const STEPS_OF_TIME: [f64; 14] = [
    15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 14_400.0, 21_600.0,
    43_200.0,
];

/// The units that the page knows.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) enum Unit {
    #[default]
    #[serde(rename = "short")]
    Short,
    #[serde(rename = "s")]
    Seconds,
}

impl Unit {
    /// A value with its unit.
    pub(super) fn text(self, value: f64) -> String {
        let scales: &[(f64, &str)] = match self {
            Self::Short => &[(1e6, " Mil"), (1e3, " K"), (0.0, "")],
            Self::Seconds if value == 0.0 => &[(0.0, " s")],
            Self::Seconds => &[
                (86_400.0, " days"),
                (3600.0, " hours"),
                (60.0, " mins"),
                (1.0, " s"),
                (1e-3, " ms"),
                (1e-6, " µs"),
            ],
        };
        let fits = scales.iter().find(|(scale, _)| value.abs() >= *scale);
        let (scale, name) = *fits.unwrap_or(&(1.0, ""));
        digits(value / if scale == 0.0 { 1.0 } else { scale }) + name
    }

    /// The values at which an axis has marks. The first mark is at or below the lowest value, and the last one at or above the highest.
    pub(super) fn marks(self, lowest: f64, highest: f64, smallest_step: f64) -> Vec<f64> {
        let flat = if highest > lowest { 0.0 } else { 1.0 };
        let rough = ((highest - lowest) / STEPS).max(smallest_step).max(flat);
        let of_time = STEPS_OF_TIME.into_iter().find(|step| *step >= rough);
        let step = match self {
            Self::Seconds if rough > 10.0 && of_time.is_some() => of_time.unwrap_or(rough),
            Self::Seconds | Self::Short => decimal(rough),
        };
        let (first, last) = ((lowest / step).floor(), (highest / step).ceil());
        let mut marks = vec![first * step];
        let mut at = first;
        while at < last.max(first + 1.0) {
            at += 1.0;
            marks.push(at * step);
        }
        marks
    }
}

/// The next greater one of 1, 2, 5, 10, 20, 50 and so on.
fn decimal(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|step| step * power >= rough * 0.999_999);
    step.unwrap_or(10.0) * power
}

/// Three digits that say something.
fn digits(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 || size == 0.0 => 2,
        _ => 4,
    };
    let text = format!("{value:.places$}");
    if places == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

#[test]
fn values_have_few_digits_and_a_unit_that_fits() {
    for (unit, value, text) in [
        (Unit::Short, 0.0, "0"),
        (Unit::Short, 0.25, "0.25"),
        (Unit::Short, 12.34, "12.3"),
        (Unit::Short, 100.0, "100"),
        (Unit::Short, 1500.0, "1.5 K"),
        (Unit::Short, -2_000_000.0, "-2 Mil"),
        (Unit::Short, 0.0021, "0.0021"),
        (Unit::Seconds, 0.0, "0 s"),
        (Unit::Seconds, 0.000_25, "250 µs"),
        (Unit::Seconds, 0.0051, "5.1 ms"),
        (Unit::Seconds, 30.0, "30 s"),
        (Unit::Seconds, 90.0, "1.5 mins"),
        (Unit::Seconds, -3600.0, "-1 hours"),
        (Unit::Seconds, 172_800.0, "2 days"),
    ] {
        assert_eq!(unit.text(value), text, "{unit:?}: {value}");
    }
}

#[test]
fn an_axis_has_marks_at_round_values() {
    for (unit, (lowest, highest), least, marks) in [
        (Unit::Short, (0.0, 9.0), 0.0, vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
        (Unit::Short, (0.0, 0.0), 0.0, vec![0.0, 1.0]),
        (Unit::Short, (0.0, 2.0), 1.0, vec![0.0, 1.0, 2.0]),
        (
            Unit::Seconds,
            (-100.0, 43_200.0),
            0.0,
            vec![-10_800.0, 0.0, 10_800.0, 21_600.0, 32_400.0, 43_200.0],
        ),
        (Unit::Seconds, (0.0, 0.009), 0.0, vec![0.0, 0.002, 0.004, 0.006, 0.008, 0.01]),
    ] {
        let found = unit.marks(lowest, highest, least);
        let close = found.iter().zip(&marks).all(|(one, other)| (one - other).abs() < 1e-9);
        assert!(close && found.len() == marks.len(), "{unit:?} {lowest} {highest}: {found:?}");
    }
}
