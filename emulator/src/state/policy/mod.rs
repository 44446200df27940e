//! Policies in IAM's language. No crate fits: of 17 examples from AWS's documentation `iam-rs` 0.8
//! gets 8 wrong (accounts as principals, `ArnEquals`, variables in conditions, `IfExists` beside a
//! quantifier, wildcards in ARNs), and `aws-iam` 0.2 has no quantifiers at all.

mod condition;
mod context;
mod decision;
mod document;
mod normal;
mod operator;
mod pattern;
#[cfg(test)]
mod reference;
mod requester;
mod statement;
mod template;
#[cfg(test)]
mod tests;

pub(crate) use context::Context;
pub(crate) use decision::{Authority, Policies, Standing, Why, decide, decide_trust};
pub(crate) use document::Kind;
pub(crate) use requester::{Grant, Requester, is_account};

use requester::Principal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use statement::Statement;

/// A parsed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Kept", try_from = "Kept")]
pub(crate) struct Policy {
    kind: Kind,
    document: Value,
    statements: Vec<Statement>,
}

/// A policy as it is written to a file.
#[derive(Serialize, Deserialize)]
struct Kept {
    kind: Kind,
    document: Value,
}

impl From<Policy> for Kept {
    fn from(policy: Policy) -> Self {
        Self { kind: policy.kind, document: policy.document }
    }
}

impl TryFrom<Kept> for Policy {
    type Error = String;

    fn try_from(kept: Kept) -> Result<Self, String> {
        Self::read(kept.kind, &kept.document)
    }
}

/// May this be done?
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) requester: Requester<'a>,
    /// Such as `codeartifact:DescribeDomain`.
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) context: &'a Context,
}

/// What a policy says to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed(Grant),
    Denied,
    NotMentioned,
}

impl Policy {
    /// From a JSON document that somebody wrote, given as an object or as its text.
    pub(crate) fn parse(kind: Kind, document: &Value) -> Result<Self, String> {
        let policy = Self::read(kind, document)?;
        let gone = policy.principals().find_map(|principal| match principal {
            Principal::Gone(id) => Some(format!("Invalid principal in policy: \"AWS\":\"{id}\"")),
            _ => None,
        });
        gone.map_or(Ok(policy), Err)
    }

    fn read(kind: Kind, document: &Value) -> Result<Self, String> {
        let parsed = match document {
            Value::String(text) => serde_json::from_str(text).map_err(|error| error.to_string())?,
            other => other.clone(),
        };
        let statements = document::read(kind, &parsed)?;
        Ok(Self { kind, document: normal::normal(&parsed), statements })
    }

    /// The document in its normal form.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// Its actions and resources, as far as they are the same for every request. Actions are lower case.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = (Vec<String>, Vec<String>)> {
        let constant = |choice: Option<&statement::Choice<template::Template>>| -> Vec<String> {
            let entries = choice.into_iter().flat_map(statement::Choice::entries);
            entries.filter_map(|entry| entry.text(&Context::default())).collect()
        };
        self.statements.iter().map(move |statement| {
            (constant(Some(&statement.actions)), constant(statement.resources.as_ref()))
        })
    }

    /// The users, roles and sessions that it names.
    pub(crate) fn named_identities(&self) -> impl Iterator<Item = &str> {
        self.principals().filter_map(Principal::identity)
    }

    /// Mean nobody any more by the ARN of a user or role that is gone. Its unique id is written instead.
    pub(crate) fn forget(&mut self, arn: &str, unique_id: &str) {
        self.document = normal::with_principal_renamed(&self.document, arn, unique_id);
        let choices = self.statements.iter_mut().filter_map(|statement| statement.principals.as_mut());
        let gone = choices.flat_map(statement::Choice::entries_mut);
        for principal in gone.filter(|principal| **principal == Principal::Identity(arn.into())) {
            *principal = Principal::Gone(unique_id.into());
        }
    }

    fn principals(&self) -> impl Iterator<Item = &Principal> {
        let choices = self.statements.iter().filter_map(|statement| statement.principals.as_ref());
        choices.flat_map(statement::Choice::entries)
    }

    /// An explicit deny wins over every allow.
    pub(crate) fn evaluate(&self, question: &Question<'_>) -> Verdict {
        let mut verdict = Verdict::NotMentioned;
        for statement in &self.statements {
            let Some(grant) = statement.applies(question) else { continue };
            if !statement.allows {
                return Verdict::Denied;
            }
            verdict = match verdict {
                Verdict::Allowed(other) => Verdict::Allowed(grant.max(other)),
                _ => Verdict::Allowed(grant),
            };
        }
        verdict
    }
}
