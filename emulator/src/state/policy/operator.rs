//! Condition operators, and what each compares.

use super::context::Context;
use super::pattern;
use super::template::Template;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::cmp::Ordering;
use std::net::IpAddr;

/// An operator with what stands around its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) comparison: Comparison,
    pub(super) negated: bool,
    pub(super) if_exists: bool,
    pub(super) quantifier: Option<Quantifier>,
}

/// `ForAllValues:` and `ForAnyValue:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    All,
    Any,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Text,
    TextWithoutCase,
    Pattern,
    Arn,
    Number(Relation),
    Date(Relation),
    Bool,
    Address,
    Null,
}

/// What the order of two values must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let (quantifier, rest) = match written.split_once(':') {
            Some(("ForAllValues", rest)) => (Some(Quantifier::All), rest),
            Some(("ForAnyValue", rest)) => (Some(Quantifier::Any), rest),
            _ => (None, written),
        };
        let (name, if_exists) = match rest.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let known = named(name).filter(|(comparison, _)| {
            *comparison != Comparison::Null || (quantifier.is_none() && !if_exists)
        });
        let (comparison, negated) =
            known.ok_or_else(|| format!("the condition operator {written:?} does not exist"))?;
        Ok(Self { comparison, negated, if_exists, quantifier })
    }
}

/// What an operator compares, and whether it wants the contrary.
fn named(name: &str) -> Option<(Comparison, bool)> {
    use Comparison::{Address, Arn, Bool, Null, Pattern, Text, TextWithoutCase};
    Some(match name {
        // No key has binary values, and base64 is compared as text.
        "StringEquals" | "BinaryEquals" => (Text, false),
        "StringNotEquals" => (Text, true),
        "StringEqualsIgnoreCase" => (TextWithoutCase, false),
        "StringNotEqualsIgnoreCase" => (TextWithoutCase, true),
        "StringLike" => (Pattern, false),
        "StringNotLike" => (Pattern, true),
        "ArnEquals" | "ArnLike" => (Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Arn, true),
        "Bool" => (Bool, false),
        "IpAddress" => (Address, false),
        "NotIpAddress" => (Address, true),
        "Null" => (Null, false),
        _ => return ordered(name),
    })
}

fn ordered(name: &str) -> Option<(Comparison, bool)> {
    let (kind, relation): (fn(Relation) -> Comparison, _) = match name.strip_prefix("Numeric") {
        Some(relation) => (Comparison::Number, relation),
        None => (Comparison::Date, name.strip_prefix("Date")?),
    };
    let (relation, negated) = match relation {
        "Equals" => (Relation::Equal, false),
        "NotEquals" => (Relation::Equal, true),
        "LessThan" => (Relation::Less, false),
        "LessThanEquals" => (Relation::LessOrEqual, false),
        "GreaterThan" => (Relation::Greater, false),
        "GreaterThanEquals" => (Relation::GreaterOrEqual, false),
        _ => return None,
    };
    Some((kind(relation), negated))
}

impl Relation {
    fn suits(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Comparison {
    /// Whether a policy may give this value.
    pub(super) fn understands(self, wanted: &str) -> bool {
        match self {
            Self::Text | Self::TextWithoutCase | Self::Pattern => true,
            Self::Arn => wanted == "*" || wanted.starts_with("arn:"),
            Self::Number(_) => number(wanted).is_some(),
            Self::Date(_) => date(wanted).is_some(),
            Self::Bool | Self::Null => wanted == "true" || wanted == "false",
            Self::Address => Network::parse(wanted).is_some(),
        }
    }

    /// Whether the request's value is one that the policy means.
    pub(super) fn compare(self, value: &str, wanted: &Template, context: &Context) -> bool {
        let text = || wanted.text(context);
        match self {
            Self::Text | Self::Null => text().is_some_and(|wanted| wanted == value),
            Self::TextWithoutCase => {
                text().is_some_and(|wanted| wanted.to_lowercase() == value.to_lowercase())
            }
            Self::Bool => text().is_some_and(|wanted| wanted.eq_ignore_ascii_case(value)),
            Self::Pattern => wanted.tokens(context).is_some_and(|tokens| pattern::matches(&tokens, value)),
            Self::Arn => wanted.tokens(context).is_some_and(|tokens| pattern::matches_arn(&tokens, value)),
            Self::Number(relation) => {
                let order = text().and_then(|wanted| number(value)?.partial_cmp(&number(&wanted)?));
                order.is_some_and(|order| relation.suits(order))
            }
            Self::Date(relation) => {
                let order = text().and_then(|wanted| Some(date(value)?.cmp(&date(&wanted)?)));
                order.is_some_and(|order| relation.suits(order))
            }
            Self::Address => {
                let network = text().and_then(|wanted| Network::parse(&wanted));
                network.zip(value.parse().ok()).is_some_and(|(network, address)| network.contains(address))
            }
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A time, a day, or seconds since 1970.
fn date(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    if let Ok(seconds) = text.parse() {
        return Timestamp::from_second(seconds).ok();
    }
    let day: Date = text.parse().ok()?;
    day.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
}

/// An address range, such as `10.0.0.0/8`. A lone address is a range of one.
struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address.parse().ok()?, Some(prefix.parse().ok()?)),
            None => (text.parse().ok()?, None),
        };
        let longest = width(address);
        let prefix = prefix.unwrap_or(longest);
        (prefix <= longest).then_some(Self { address, prefix })
    }

    fn contains(&self, address: IpAddr) -> bool {
        let host_bits = width(self.address) - self.prefix;
        let network = |address| bits(address).checked_shr(host_bits).unwrap_or(0);
        self.address.is_ipv4() == address.is_ipv4() && network(self.address) == network(address)
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}
