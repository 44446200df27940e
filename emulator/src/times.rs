//! Durations and times as people write them for the control routes.

use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

/// A member such as `"2s"` or `"1h 30m"`.
pub(crate) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SignedDuration>, D::Error> {
    text(from, "a duration", "2s")?.map(|text| parsed_duration(&text).map_err(D::Error::custom)).transpose()
}

/// A member such as `"2026-01-01T00:00:00Z"`.
pub(crate) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let example = "2026-01-01T00:00:00Z";
    let parsed = |text: String| text.parse().map_err(|_| D::Error::custom(no(&text, "a time", example)));
    text(from, "a time", example)?.map(parsed).transpose()
}

fn text<'de, D: Deserializer<'de>>(from: D, wanted: &str, example: &str) -> Result<Option<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other => Err(D::Error::custom(format!("{other} is not {wanted}, such as {example:?}"))),
    }
}

fn parsed_duration(text: &str) -> Result<SignedDuration, String> {
    text.parse().map_err(|_| match text.parse::<Span>() {
        // How long a day is depends on where one is.
        Ok(_) => format!("{text:?}: days and what is longer are not taken; use hours, such as \"24h\""),
        Err(_) => no(text, "a duration", "2s"),
    })
}

fn no(text: &str, wanted: &str, example: &str) -> String {
    format!("{text:?} is not {wanted}, such as {example:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_in_hours_and_less() {
        assert_eq!(parsed_duration("1h 30m").unwrap(), SignedDuration::from_mins(90));
        assert_eq!(parsed_duration("-4h").unwrap(), SignedDuration::from_hours(-4));
        for (text, told) in [("2", "such as \"2s\""), ("", "such as \"2s\""), ("1d", "24h"), ("P9Y", "24h")] {
            let error = parsed_duration(text).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn times_are_told_by_an_example() {
        for given in ["\"soon\"", "\"+012026-01-01T00:00:00Z\"", "7"] {
            let error = time(&mut serde_json::Deserializer::from_str(given)).unwrap_err();
            assert!(error.to_string().contains("such as \"2026-01-01T00:00:00Z\""), "{error}");
        }
    }
}
