//! Conditions: an operator, a condition key, and the values that a policy wants.

use super::context::Context;
use super::operator::{Comparison, Operator, Quantifier};
use super::template::Template;

/// One condition of a statement.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    key: String,
    operator: Operator,
    values: Vec<Template>,
}

impl Condition {
    pub(super) fn new(operator: &str, key: &str, values: Vec<Template>) -> Result<Self, String> {
        let operator = Operator::parse(operator)?;
        if !key.contains(':') {
            return Err(format!("the condition key {key:?} has no prefix"));
        }
        if values.is_empty() {
            return Err(format!("the condition key {key:?} has no value"));
        }
        for value in values.iter().filter(|value| value.is_constant()) {
            let text = value.text(&Context::default()).unwrap_or_default();
            if !operator.comparison.understands(&text) {
                return Err(format!("the condition {operator:?} cannot be made with {text:?}"));
            }
        }
        Ok(Self { key: key.into(), operator, values })
    }

    /// Whether a request meets it.
    pub(super) fn holds(&self, context: &Context) -> bool {
        let Operator { comparison, negated, if_exists, quantifier } = self.operator;
        let present = context.get(&self.key);
        if comparison == Comparison::Null {
            let absent = if present.is_some() { "false" } else { "true" };
            return self.is_wanted(absent, context);
        }
        let Some(values) = present else {
            return if_exists
                || match quantifier {
                    Some(Quantifier::All) => true,
                    Some(Quantifier::Any) => false,
                    None => negated,
                };
        };
        let suits = |value: &String| self.is_wanted(value, context) != negated;
        match quantifier {
            Some(Quantifier::All) => values.iter().all(suits),
            // A key of several values needs a quantifier; without one the contrary must hold for all.
            None if negated => values.iter().all(suits),
            Some(Quantifier::Any) | None => values.iter().any(suits),
        }
    }

    fn is_wanted(&self, value: &str, context: &Context) -> bool {
        self.values.iter().any(|wanted| self.operator.comparison.compare(value, wanted, context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(operator: &str, key: &str, values: &[&str], context: &Context) -> bool {
        let values = values.iter().map(|value| Template::parse(value).unwrap()).collect();
        Condition::new(operator, key, values).unwrap().holds(context)
    }

    #[test]
    fn a_key_with_one_value() {
        let context = Context::default()
            .with("aws:PrincipalTag/team", "blue")
            .with("aws:PrincipalArn", "arn:aws:iam::111122223333:role/team/builder")
            .with("sts:DurationSeconds", "900")
            .with("aws:CurrentTime", "2026-01-01T00:00:00Z")
            .with("aws:SecureTransport", "true")
            .with("aws:SourceIp", "127.0.0.1");
        for (operator, key, values, expected) in [
            ("StringEquals", "aws:PrincipalTag/team", &["red", "blue"][..], true),
            ("StringEquals", "AWS:principaltag/TEAM", &["blue"], true),
            ("StringEquals", "aws:PrincipalTag/team", &["Blue"], false),
            ("StringEquals", "aws:PrincipalTag/team", &["b*"], false),
            ("StringEquals", "aws:PrincipalTag/team", &["${aws:PrincipalTag/team}"], true),
            ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", &["BLUE"], true),
            ("StringNotEqualsIgnoreCase", "aws:PrincipalTag/team", &["BLUE"], false),
            ("StringLike", "aws:PrincipalTag/team", &["b?u*"], true),
            ("StringNotLike", "aws:PrincipalTag/team", &["b?u*"], false),
            ("StringNotEquals", "aws:PrincipalTag/team", &["red", "blue"], false),
            ("StringNotEquals", "aws:PrincipalTag/team", &["red", "green"], true),
            ("ArnEquals", "aws:PrincipalArn", &["arn:aws:iam::111122223333:role/*"], true),
            ("ArnLike", "aws:PrincipalArn", &["arn:aws:iam::*:role/team/*"], true),
            ("ArnLike", "aws:PrincipalArn", &["arn:aws:iam::*"], false),
            ("ArnNotLike", "aws:PrincipalArn", &["arn:aws:iam::*:user/*"], true),
            ("NumericLessThanEquals", "sts:DurationSeconds", &["900"], true),
            ("NumericLessThan", "sts:DurationSeconds", &["900"], false),
            ("NumericGreaterThan", "sts:DurationSeconds", &["899.5"], true),
            ("NumericEquals", "sts:DurationSeconds", &["900.0"], true),
            ("NumericNotEquals", "sts:DurationSeconds", &["900"], false),
            ("DateLessThan", "aws:CurrentTime", &["2026-01-01T00:00:01Z"], true),
            ("DateGreaterThanEquals", "aws:CurrentTime", &["2026-01-01"], true),
            ("DateEquals", "aws:CurrentTime", &["1767225600"], true),
            ("Bool", "aws:SecureTransport", &["true"], true),
            ("Bool", "aws:SecureTransport", &["false"], false),
            ("IpAddress", "aws:SourceIp", &["127.0.0.0/8"], true),
            ("NotIpAddress", "aws:SourceIp", &["10.0.0.0/8", "127.0.0.1"], false),
            ("Null", "aws:SourceIp", &["false"], true),
            ("Null", "aws:SourceIp", &["true"], false),
        ] {
            assert_eq!(holds(operator, key, values, &context), expected, "{operator} {key} {values:?}");
        }
    }

    #[test]
    fn a_key_that_is_not_there() {
        let context = Context::default();
        for (operator, expected) in [
            ("StringEquals", false),
            ("StringNotEquals", true),
            ("StringEqualsIfExists", true),
            ("StringNotEqualsIfExists", true),
            ("ArnNotEquals", true),
            ("ForAllValues:StringEquals", true),
            ("ForAnyValue:StringEquals", false),
            ("ForAnyValue:StringNotEquals", false),
            ("ForAnyValue:StringEqualsIfExists", true),
        ] {
            assert_eq!(holds(operator, "aws:TagKeys", &["arn:a"], &context), expected, "{operator}");
        }
        assert!(holds("Null", "aws:TagKeys", &["true"], &context));
        assert!(!holds("Bool", "aws:TagKeys", &["false"], &context));
        assert!(!holds("NumericEquals", "aws:TagKeys", &["0"], &context));
    }

    #[test]
    fn a_key_with_several_values() {
        let context = Context::default().with_all("aws:TagKeys", ["team".into(), "cost".into()]);
        for (operator, values, expected) in [
            ("ForAllValues:StringEquals", &["team", "cost", "other"][..], true),
            ("ForAllValues:StringEquals", &["team"], false),
            ("ForAnyValue:StringEquals", &["team"], true),
            ("ForAnyValue:StringEquals", &["other"], false),
            ("ForAllValues:StringNotEquals", &["other"], true),
            ("ForAllValues:StringNotEquals", &["team"], false),
            ("ForAnyValue:StringNotEquals", &["team"], true),
            ("ForAllValues:StringLike", &["*o*", "t*"], true),
            ("StringEquals", &["cost"], true),
            ("StringNotEquals", &["cost"], false),
        ] {
            assert_eq!(holds(operator, "aws:TagKeys", values, &context), expected, "{operator} {values:?}");
        }
    }

    #[test]
    fn conditions_that_make_no_sense_are_refused() {
        for (operator, key, value) in [
            ("StringMatches", "aws:a", "x"),
            ("NullIfExists", "aws:a", "true"),
            ("ForAllValues:Null", "aws:a", "true"),
            ("Null", "aws:a", "maybe"),
            ("Bool", "aws:a", "1"),
            ("NumericEquals", "aws:a", "one"),
            ("DateEquals", "aws:a", "yesterday"),
            ("IpAddress", "aws:a", "10.0.0.0/33"),
            ("ArnEquals", "aws:a", "name"),
            ("StringEquals", "nothing", "x"),
        ] {
            let values = vec![Template::literal(value)];
            assert!(Condition::new(operator, key, values).is_err(), "{operator} {key} {value}");
        }
        assert!(Condition::new("StringEquals", "aws:a", vec![]).is_err());
    }
}
