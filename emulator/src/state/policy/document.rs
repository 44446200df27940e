//! The grammar of policy documents, and what each kind of policy must and must not say.

use super::condition::Condition;
use super::requester::Principal;
use super::statement::{Choice, Statement};
use super::template::Template;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a policy is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A user or role, or a session of one.
    Identity,
    /// A domain or a repository.
    Resource,
    /// A role, saying who may assume it.
    Trust,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    version: Option<Version>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: OneOrMany<Written>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
enum Version {
    #[serde(rename = "2012-10-17")]
    Current,
    #[serde(rename = "2008-10-17")]
    Old,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    sid: Option<String>,
    effect: Effect,
    principal: Option<WrittenPrincipals>,
    not_principal: Option<WrittenPrincipals>,
    action: Option<OneOrMany<String>>,
    not_action: Option<OneOrMany<String>>,
    resource: Option<OneOrMany<String>>,
    not_resource: Option<OneOrMany<String>>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMany<Scalar>>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
}

enum WrittenPrincipals {
    Word(String),
    ByType(PrincipalsByType),
}

impl<'de> Deserialize<'de> for WrittenPrincipals {
    /// Reads the form that was written, a word or an object, so that an error names what is wrong in that form.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(word) => Ok(Self::Word(word)),
            by_type => serde_json::from_value(by_type).map(Self::ByType).map_err(D::Error::custom),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrincipalsByType {
    #[serde(rename = "AWS")]
    aws: Option<OneOrMany<String>>,
    #[serde(rename = "Federated")]
    federated: Option<OneOrMany<String>>,
    #[serde(rename = "Service")]
    service: Option<OneOrMany<String>>,
}

enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    /// Reads the form that was written, one value or a list, so that an error names what is wrong in that form and
    /// the number of the entry.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = |value| serde_json::from_value(value);
        match Value::deserialize(from)? {
            Value::Array(values) => {
                let numbered = values.into_iter().zip(1_usize..);
                let told = |(value, number)| {
                    read(value).map_err(|error| D::Error::custom(format!("entry {number}: {error}")))
                };
                numbered.map(told).collect::<Result<_, _>>().map(Self::Many)
            }
            value => read(value).map(Self::One).map_err(D::Error::custom),
        }
    }
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

/// A value of a condition, which may be written as a number or a boolean too.
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(text) => Ok(Self(text)),
            Value::Bool(flag) => Ok(Self(flag.to_string())),
            Value::Number(number) => Ok(Self(number.to_string())),
            other => Err(D::Error::custom(format!(
                "{other} is no value of a condition, which is a text, a number or a boolean"
            ))),
        }
    }
}

/// The statements of a document, checked.
pub(super) fn read(kind: Kind, document: &Value) -> Result<Vec<Statement>, String> {
    let document = Document::deserialize(document).map_err(|error| error.to_string())?;
    // Variables came with the second version of the language.
    let template: fn(&str) -> Result<Template, String> = match document.version {
        Some(Version::Current) => Template::parse,
        Some(Version::Old) | None => |text| Ok(Template::literal(text)),
    };
    let written = document.statement.into_vec();
    if written.is_empty() {
        return Err("there is no statement".into());
    }
    let mut sids = BTreeSet::new();
    for sid in written.iter().filter_map(|statement| statement.sid.as_ref()) {
        if !sids.insert(sid) {
            return Err(format!("the Sid {sid:?} is used twice"));
        }
    }
    written.into_iter().map(|statement| statement.check(kind, template)).collect()
}

impl Written {
    fn check(self, kind: Kind, template: fn(&str) -> Result<Template, String>) -> Result<Statement, String> {
        let actions = one_of("Action", self.action, self.not_action)?;
        let resources = match kind {
            Kind::Trust if self.resource.is_some() || self.not_resource.is_some() => {
                return Err("a trust policy has no Resource".into());
            }
            Kind::Trust => None,
            Kind::Identity | Kind::Resource => Some(
                one_of("Resource", self.resource, self.not_resource)?.each(|arn| resource(&arn, template))?,
            ),
        };
        let principals = match kind {
            Kind::Identity if self.principal.is_some() || self.not_principal.is_some() => {
                return Err("an identity-based policy has no Principal".into());
            }
            Kind::Identity => None,
            Kind::Resource | Kind::Trust => {
                let choice = one_of_principals(self.principal, self.not_principal)?;
                if choice.is_except() && (kind == Kind::Trust || self.effect == Effect::Allow) {
                    return Err("NotPrincipal goes with the Effect Deny, and not into a trust policy".into());
                }
                Some(choice)
            }
        };
        let mut conditions = Vec::new();
        for (operator, keys) in self.condition {
            for (key, values) in keys {
                let values = values.into_vec().into_iter().map(|value| template(&value.0));
                conditions.push(Condition::new(&operator, &key, values.collect::<Result<_, _>>()?)?);
            }
        }
        Ok(Statement {
            allows: self.effect == Effect::Allow,
            principals,
            actions: actions.each(|name| action(&name))?,
            resources,
            conditions,
        })
    }
}

/// `Action` or `NotAction`, and the like: one of the two, and not empty.
fn one_of(
    name: &str,
    only: Option<OneOrMany<String>>,
    except: Option<OneOrMany<String>>,
) -> Result<Choice<String>, String> {
    let choice = match (only, except) {
        (Some(only), None) => Choice::Only(only.into_vec()),
        (None, Some(except)) => Choice::Except(except.into_vec()),
        _ => return Err(format!("a statement has either {name} or Not{name}")),
    };
    if choice.entries().is_empty() {
        return Err(format!("{name} is empty"));
    }
    Ok(choice)
}

fn one_of_principals(
    only: Option<WrittenPrincipals>,
    except: Option<WrittenPrincipals>,
) -> Result<Choice<Principal>, String> {
    match (only, except) {
        (Some(only), None) => Ok(Choice::Only(principals(only)?)),
        (None, Some(except)) => Ok(Choice::Except(principals(except)?)),
        _ => Err("a statement has either Principal or NotPrincipal".into()),
    }
}

fn principals(written: WrittenPrincipals) -> Result<Vec<Principal>, String> {
    let by_type = match written {
        WrittenPrincipals::Word(word) if word == "*" => return Ok(vec![Principal::Everybody]),
        WrittenPrincipals::Word(word) => return Err(format!("Invalid principal in policy: {word:?}")),
        WrittenPrincipals::ByType(by_type) => by_type,
    };
    let of = |list: Option<OneOrMany<String>>| list.map(OneOrMany::into_vec).unwrap_or_default();
    let mut named =
        of(by_type.aws).iter().map(|written| Principal::parse_aws(written)).collect::<Result<Vec<_>, _>>()?;
    named.extend(of(by_type.federated).into_iter().map(Principal::Federated));
    named.extend(of(by_type.service).into_iter().map(Principal::Service));
    if named.is_empty() {
        return Err("Principal is empty".into());
    }
    Ok(named)
}

/// IAM compares actions without regard to case.
fn action(written: &str) -> Result<Template, String> {
    let is_vendor = |vendor: &str| {
        !vendor.is_empty() && vendor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let well_formed = written == "*"
        || written.split_once(':').is_some_and(|(vendor, name)| is_vendor(vendor) && !name.is_empty());
    if !well_formed {
        return Err(format!("the action {written:?} is not of the form service:Name"));
    }
    Ok(Template::literal(&written.to_ascii_lowercase()))
}

fn resource(written: &str, template: fn(&str) -> Result<Template, String>) -> Result<Template, String> {
    if written != "*" && !written.starts_with("arn:") {
        return Err(format!("the resource {written:?} must be an ARN or \"*\""));
    }
    template(written)
}
