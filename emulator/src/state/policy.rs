//! Identity policies in IAM's language, as far as it is understood here; the rest is refused.

use crate::glob;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A parsed policy.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
struct Statement {
    allows: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    /// The services a bearer token may be for, where a condition says so.
    service_names: Option<Vec<String>>,
}

/// What a policy says of an action on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    Denied,
    NotMentioned,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[serde(default, rename = "Version")]
    _version: Option<String>,
    #[serde(default, rename = "Id")]
    _id: Option<String>,
    statement: OneOrMany<WrittenStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct WrittenStatement {
    #[serde(default, rename = "Sid")]
    _sid: Option<String>,
    effect: WrittenEffect,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMany<String>>>,
}

#[derive(Deserialize, PartialEq, Eq)]
enum WrittenEffect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

impl Policy {
    /// From a JSON document, given as an object or as its text.
    pub(crate) fn parse(document: &Value) -> Result<Self, String> {
        let document: Document = match document {
            Value::String(text) => serde_json::from_str(text),
            other => Document::deserialize(other),
        }
        .map_err(|error| format!("the policy is not understood: {error}"))?;
        let statements = document.statement.into_vec().into_iter().map(Statement::try_from);
        Ok(Self { statements: statements.collect::<Result<_, _>>()? })
    }

    /// An explicit deny wins over every allow.
    pub(crate) fn evaluate(&self, action: &str, resource: &str) -> Verdict {
        let mut verdict = Verdict::NotMentioned;
        for statement in self.statements.iter().filter(|one| one.applies(action, resource)) {
            if !statement.allows {
                return Verdict::Denied;
            }
            verdict = Verdict::Allowed;
        }
        verdict
    }
}

impl Statement {
    fn applies(&self, action: &str, resource: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let service = "codeartifact.amazonaws.com";
        self.actions.iter().any(|pattern| glob::matches(pattern, &action))
            && self.resources.iter().any(|pattern| glob::matches(pattern, resource))
            && self.service_names.as_ref().is_none_or(|names| {
                // The key exists in requests for bearer tokens only.
                action == "sts:getservicebearertoken" && names.iter().any(|name| name == service)
            })
    }
}

impl TryFrom<WrittenStatement> for Statement {
    type Error = String;

    fn try_from(written: WrittenStatement) -> Result<Self, String> {
        let mut service_names = None;
        for (operator, keys) in written.condition {
            for (key, values) in keys {
                if operator != "StringEquals" || key != "sts:AWSServiceName" {
                    return Err(format!("the condition {operator} {key} is not understood"));
                }
                service_names = Some(values.into_vec());
            }
        }
        Ok(Self {
            allows: written.effect == WrittenEffect::Allow,
            // IAM compares actions without regard to case.
            actions: written.action.into_vec().iter().map(|action| action.to_ascii_lowercase()).collect(),
            resources: written.resource.into_vec(),
            service_names,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn deny_wins_and_silence_is_neither() {
        let policy = Policy::parse(&json!({
            "Version": "2012-10-17",
            "Statement": [
                { "Effect": "Allow", "Action": "codeartifact:*", "Resource": "*" },
                { "Effect": "Deny", "Action": ["codeartifact:delete*"], "Resource": "*:domain/acme" },
            ],
        }))
        .unwrap();
        let acme = "arn:aws:codeartifact:us-east-1:1:domain/acme";
        assert_eq!(policy.evaluate("codeartifact:DescribeDomain", acme), Verdict::Allowed);
        assert_eq!(policy.evaluate("codeartifact:DeleteDomain", acme), Verdict::Denied);
        assert_eq!(policy.evaluate("sts:AssumeRole", "*"), Verdict::NotMentioned);
    }

    #[test]
    fn a_bearer_token_condition_is_understood_and_others_are_refused() {
        let statement = |key: &str| {
            json!({ "Statement": {
                "Effect": "Allow", "Action": "sts:GetServiceBearerToken", "Resource": "*",
                "Condition": { "StringEquals": { key: "codeartifact.amazonaws.com" } },
            }})
        };
        let policy = Policy::parse(&statement("sts:AWSServiceName")).unwrap();
        assert_eq!(policy.evaluate("sts:GetServiceBearerToken", "*"), Verdict::Allowed);
        assert!(Policy::parse(&statement("aws:SourceIp")).is_err());
        assert!(Policy::parse(&json!({ "Statement": { "Effect": "Allow" } })).is_err());
    }
}
