//! The string constraints of the service model, and their check in AWS's words.

use crate::error::{Error, Result};
use regex::Regex;
use serde_json::Value;
use std::sync::OnceLock;

/// Length and pattern of a string type.
pub(crate) struct Text {
    min: usize,
    max: usize,
    pattern: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

pub(crate) static DOMAIN_NAME: Text = Text::new(2, 50, r"[a-z][a-z0-9\-]{0,48}[a-z0-9]");
pub(crate) static ACCOUNT_ID: Text = Text::new(12, 12, "[0-9]{12}");
pub(crate) static REPOSITORY_NAME: Text = Text::new(2, 100, r"[A-Za-z0-9][A-Za-z0-9._\-]{1,99}");
pub(crate) static EXTERNAL_CONNECTION_NAME: Text = Text::new(2, 100, r"[A-Za-z0-9][A-Za-z0-9._\-:]{1,99}");
pub(crate) static DESCRIPTION: Text = Text::new(0, 1000, r"\P{C}*");
pub(crate) static ARN: Text = Text::new(1, 1011, r"\S+");
/// Names, namespaces, versions and prefixes of packages.
pub(crate) static PACKAGE_NAME: Text = Text::new(1, 255, r"[^#/\s]+");
pub(crate) static TAG_KEY: Text = Text::new(1, 128, r"\P{C}+");
pub(crate) static TAG_VALUE: Text = Text::new(0, 256, r"\P{C}*");
pub(crate) static PAGINATION_TOKEN: Text = Text::new(1, 2000, r"\S+");

/// The values of `PackageFormat`.
pub(crate) const PACKAGE_FORMATS: &[&str] =
    &["npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo"];
/// The values of `EndpointType`.
pub(crate) const ENDPOINT_TYPES: &[&str] = &["dualstack", "ipv4"];

impl Text {
    /// A string type of the model. The pattern covers the whole value.
    pub(crate) const fn new(min: usize, max: usize, pattern: &'static str) -> Self {
        Self { min, max, pattern, compiled: OnceLock::new() }
    }

    /// Refuse a value as the service does; `member` is the model's member name.
    pub(crate) fn check(&self, member: &str, value: &str) -> Result<()> {
        let refuse = |constraint: String| Err(Error::constraint(&Value::from(value), member, &constraint));
        let length = value.chars().count();
        if length < self.min {
            return refuse(format!("Member must have length greater than or equal to {}", self.min));
        }
        if length > self.max {
            return refuse(format!("Member must have length less than or equal to {}", self.max));
        }
        if !self.regex().is_some_and(|regex| regex.is_match(value)) {
            return refuse(format!("Member must satisfy regular expression pattern: {}", self.pattern));
        }
        Ok(())
    }

    fn regex(&self) -> Option<&Regex> {
        let compile = || Regex::new(&format!(r"\A(?:{})\z", self.pattern)).ok();
        self.compiled.get_or_init(compile).as_ref()
    }
}

/// Refuse a value that is not one of an enumeration's.
pub(crate) fn check_enum(member: &str, value: &str, known: &[&str]) -> Result<()> {
    if known.contains(&value) {
        return Ok(());
    }
    let constraint = format!("Member must satisfy enum value set: [{}]", known.join(", "));
    Err(Error::constraint(&Value::from(value), member, &constraint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_covers_the_whole_value() {
        for (constraint, good, bad) in [
            (&DOMAIN_NAME, "acme-1", "acme_1"),
            (&ACCOUNT_ID, "123456789012", "12345678901x"),
            (&REPOSITORY_NAME, "npm.Store_1", "-npm"),
            (&EXTERNAL_CONNECTION_NAME, "public:npmjs", "public/npmjs"),
            (&DESCRIPTION, "für alle", "a\u{7}b"),
            (&ARN, "arn:aws:x", "arn aws"),
            (&PACKAGE_NAME, "left-pad", "left/pad"),
            (&TAG_KEY, "team", ""),
            (&TAG_VALUE, "", "a\nb"),
            (&PAGINATION_TOKEN, "abc", "a b"),
        ] {
            assert!(constraint.check("member", good).is_ok(), "{good}");
            assert!(constraint.check("member", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_are_told_first() {
        let error = DOMAIN_NAME.check("domain", "A").unwrap_err();
        assert!(error.message.ends_with("length greater than or equal to 2"), "{error}");
    }
}
