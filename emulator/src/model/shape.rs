//! Shapes of values, and their check in AWS's words.

use crate::error::violation;
use regex::Regex;
use serde_json::Value;
use std::sync::OnceLock;

/// What a value must be.
pub(crate) enum Shape {
    Text(Text),
    Enum(&'static [&'static str]),
    /// A whole number within bounds, both included.
    Integer(i64, i64),
    /// The same, or zero.
    ZeroOr(i64, i64),
    Flag,
    /// A list with at most so many entries.
    List(&'static Shape, Option<usize>),
    Map(&'static Shape, &'static Shape),
    Structure(&'static [Field]),
    /// Bytes, unchecked.
    Blob,
}

/// A member of a structure.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Shape,
    pub(crate) required: bool,
}

/// Length and pattern of a string. The pattern covers the whole value.
pub(crate) struct Text {
    min: usize,
    max: usize,
    pattern: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Text {
    pub(crate) const fn new(min: usize, max: usize, pattern: &'static str) -> Self {
        Self { min, max, pattern, compiled: OnceLock::new() }
    }

    fn regex(&self) -> Option<&Regex> {
        // Java's name of a class that Rust calls otherwise.
        let pattern = self.pattern.replace(r"\p{IsWhitespace}", r"\s");
        let compile = || Regex::new(&format!(r"\A(?:{pattern})\z")).ok();
        self.compiled.get_or_init(compile).as_ref()
    }
}

/// What is wrong with the values of one request.
#[derive(Default)]
pub(crate) struct Findings {
    /// Values that break a constraint, each in one sentence.
    pub(crate) violations: Vec<String>,
    /// A value of another JSON type than the model's.
    pub(crate) misfit: Option<String>,
}

impl Findings {
    /// Note a value that breaks a constraint.
    pub(crate) fn violation(&mut self, value: &Value, path: &str, constraint: &str) {
        self.violations.push(violation(value, path, constraint));
    }

    /// Note a required value that is not there.
    pub(crate) fn missing(&mut self, path: &str) {
        self.violation(&Value::Null, path, "Member must not be null");
    }

    fn misfit(&mut self, path: &str, wanted: &str) {
        self.misfit.get_or_insert_with(|| format!("The member '{path}' must be {wanted}"));
    }
}

impl Shape {
    /// Check a value; all that is wrong with it goes to the findings.
    pub(crate) fn check(&self, path: &str, value: &Value, findings: &mut Findings) {
        match self {
            Self::Blob => {}
            Self::Text(text) => match value.as_str() {
                Some(given) => text.check(path, given, findings),
                None => findings.misfit(path, "a string"),
            },
            Self::Enum(known) => check_enum(known, path, value, findings),
            Self::Integer(min, max) => check_integer((*min, *max), path, value, findings),
            Self::ZeroOr(min, max) => check_zero_or((*min, *max), path, value, findings),
            Self::Flag if value.is_boolean() => {}
            Self::Flag => findings.misfit(path, "true or false"),
            Self::List(of, max) => check_list((of, *max), path, value, findings),
            Self::Map(key, of) => check_map((key, of), path, value, findings),
            Self::Structure(fields) => check_structure(fields, path, value, findings),
        }
    }
}

impl Text {
    fn check(&self, path: &str, given: &str, findings: &mut Findings) {
        let length = given.chars().count();
        let mut refuse = |constraint: String| findings.violation(&given.into(), path, &constraint);
        if length < self.min {
            refuse(format!("Member must have length greater than or equal to {}", self.min));
        }
        if length > self.max {
            refuse(format!("Member must have length less than or equal to {}", self.max));
        }
        if !self.regex().is_some_and(|regex| regex.is_match(given)) {
            refuse(format!("Member must satisfy regular expression pattern: {}", self.pattern));
        }
    }
}

fn check_enum(known: &[&str], path: &str, value: &Value, findings: &mut Findings) {
    match value.as_str() {
        None => findings.misfit(path, "a string"),
        Some(given) if known.contains(&given) => {}
        Some(_) => {
            let constraint = format!("Member must satisfy enum value set: [{}]", known.join(", "));
            findings.violation(value, path, &constraint);
        }
    }
}

fn check_integer((min, max): (i64, i64), path: &str, value: &Value, findings: &mut Findings) {
    match value.as_i64() {
        None => findings.misfit(path, "a whole number"),
        Some(given) if given < min => {
            let constraint = format!("Member must have value greater than or equal to {min}");
            findings.violation(value, path, &constraint);
        }
        Some(given) if given > max => {
            let constraint = format!("Member must have value less than or equal to {max}");
            findings.violation(value, path, &constraint);
        }
        Some(_) => {}
    }
}

fn check_zero_or((min, max): (i64, i64), path: &str, value: &Value, findings: &mut Findings) {
    if value.as_i64().is_some_and(|given| (1..min).contains(&given)) {
        let constraint = format!("Member must be 0 or have value greater than or equal to {min}");
        return findings.violation(value, path, &constraint);
    }
    check_integer((0, max), path, value, findings);
}

fn check_list((of, max): (&Shape, Option<usize>), path: &str, value: &Value, findings: &mut Findings) {
    let Some(list) = value.as_array() else { return findings.misfit(path, "a list") };
    if let Some(max) = max.filter(|max| list.len() > *max) {
        let constraint = format!("Member must have length less than or equal to {max}");
        return findings.violation(value, path, &constraint);
    }
    for (number, entry) in (1..).zip(list) {
        let path = format!("{path}.{number}.member");
        if entry.is_null() { findings.missing(&path) } else { of.check(&path, entry, findings) }
    }
}

fn check_map((key, of): (&Shape, &Shape), path: &str, value: &Value, findings: &mut Findings) {
    let Some(map) = value.as_object() else { return findings.misfit(path, "a map") };
    for (name, entry) in map {
        key.check(path, &name.as_str().into(), findings);
        let path = format!("{path}.{name}.member");
        if entry.is_null() { findings.missing(&path) } else { of.check(&path, entry, findings) }
    }
}

fn check_structure(fields: &[Field], path: &str, value: &Value, findings: &mut Findings) {
    let Some(members) = value.as_object() else { return findings.misfit(path, "a structure") };
    for Field { name, shape, required } in fields {
        let path = format!("{path}.{name}");
        match members.get(*name).filter(|value| !value.is_null()) {
            Some(value) => shape.check(&path, value, findings),
            None if *required => findings.missing(&path),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::shapes::*;
    use super::*;
    use serde_json::json;

    fn violations(shape: &Shape, value: impl Into<Value>) -> Vec<String> {
        let mut findings = Findings::default();
        shape.check("member", &value.into(), &mut findings);
        assert_eq!(findings.misfit, None);
        findings.violations
    }

    #[test]
    fn every_pattern_compiles_and_covers_the_whole_value() {
        for (shape, good, bad) in [
            (&DOMAIN_NAME, "acme-1", "acme_1"),
            (&ACCOUNT_ID, "123456789012", "12345678901x"),
            (&REPOSITORY_NAME, "npm.Store_1", "-npm"),
            (&EXTERNAL_CONNECTION_NAME, "public:npmjs", "public/npmjs"),
            (&DESCRIPTION, "für alle", "a\u{7}b"),
            (&ARN, "arn:aws:x", "arn aws"),
            (&PACKAGE_NAME, "left-pad", "left/pad"),
            (&REVISION, "abc=", "a b"),
            (&TAG_KEY, "team", ""),
            (&TAG_VALUE, "", "a\nb"),
            (&PAGINATION_TOKEN, "abc", "a b"),
            (&GROUP_PATTERN, "/npm/*", "/npm /*"),
            (&GROUP_PREFIX, "", "a\tb"),
            (&ASSET_NAME, "a b", ""),
            (&POLICY_DOCUMENT, "{\n}", ""),
            (&SHA256, &"0a".repeat(32), &"0A".repeat(32)),
        ] {
            assert_eq!(violations(shape, good), Vec::<String>::new(), "{good}");
            assert_ne!(violations(shape, bad), Vec::<String>::new(), "{bad}");
        }
    }

    #[test]
    fn every_broken_constraint_is_told_with_its_path() {
        let found = violations(&TAGS, json!([{ "key": "a", "value": "b" }, { "key": "" }]));
        assert_eq!(
            found,
            [
                "Value '' at 'member.2.member.key' failed to satisfy constraint: Member must have \
                 length greater than or equal to 1",
                r"Value '' at 'member.2.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: \P{C}+",
                "Value null at 'member.2.member.value' failed to satisfy constraint: Member must not be null",
            ]
        );
    }

    #[test]
    fn values_of_another_type_are_no_violation() {
        for (shape, value) in [
            (&TAGS, json!({})),
            (&TAGS, json!([1])),
            (&DOMAIN_NAME, json!(1)),
            (&FLAG, json!("true")),
            (&PAGE, json!("1")),
            (&REVISIONS, json!([])),
        ] {
            let mut findings = Findings::default();
            shape.check("member", &value, &mut findings);
            assert!(findings.misfit.is_some(), "{value}");
        }
    }
}
