//! Principals as the control route takes them.

use super::super::policy::{Kind, Policy, is_account};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// IAM's limits on access keys and on names.
const LONGEST_KEY: usize = 128;
const LONGEST_NAME: usize = 64;

/// A principal as the control route takes it: a user with a key, a role to assume, or the root.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PrincipalSpec {
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    arn: Option<String>,
    role_arn: Option<String>,
    policy: Option<Value>,
    external_id: Option<String>,
    trust: Option<Value>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    organization_id: Option<String>,
    max_session_duration: Option<i64>,
}

/// What is known of a user, a role or an account's root.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// Another one each time that somebody is made under the ARN.
    #[serde(default)]
    pub(super) id: u64,
    /// None: an administrator.
    pub(super) policy: Option<Policy>,
    /// Of a role: who may assume it.
    pub(super) trust: Trust,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) organization: Option<String>,
    /// Of a role; IAM's own default is an hour.
    pub(super) longest_session: Option<i64>,
}

/// Whom a role trusts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Trust {
    /// Without a trust policy: whoever is allowed to assume it by a policy of its own, and knows the
    /// external id.
    Anybody {
        external_id: Option<String>,
    },
    Policy(Policy),
}

impl Default for Trust {
    fn default() -> Self {
        Self::Anybody { external_id: None }
    }
}

/// The kinds of ARN that somebody can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Root,
    User,
    Role,
}

/// A principal as it was told: its access key and secret, and what is to be known of it.
pub(super) struct Told {
    pub(super) arn: String,
    pub(super) account: String,
    pub(super) key: Option<(String, String)>,
    pub(super) identity: Identity,
}

/// Why a principal is not put.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPut {
    #[error("{0}")]
    Senseless(String),
    #[error("the access key {key:?} is that of {owner}")]
    Taken { key: String, owner: String },
}

impl From<String> for NotPut {
    fn from(why: String) -> Self {
        Self::Senseless(why)
    }
}

impl PrincipalSpec {
    pub(super) fn read(self) -> Result<Told, String> {
        let (arn, account, sort) = whose(self.arn, self.role_arn)?;
        let key = key(self.access_key_id, self.secret_access_key)?;
        if sort == Sort::Root && self.policy.is_some() {
            return Err("an account's root has no policy".into());
        }
        let only_role =
            self.trust.is_some() || self.external_id.is_some() || self.max_session_duration.is_some();
        if sort != Sort::Role && only_role {
            return Err("only a role has trust, externalId and maxSessionDuration".into());
        }
        if sort == Sort::Role && key.is_some() {
            return Err("a role has no access key".into());
        }
        if self.max_session_duration.is_some_and(|seconds| !(3_600..=43_200).contains(&seconds)) {
            return Err("maxSessionDuration is from 3600 to 43200 seconds".into());
        }
        let parse = |kind, document: Option<&Value>| {
            let parsed = document.map(|document| Policy::parse(kind, document)).transpose();
            parsed.map_err(|error| format!("the policy is not understood: {error}"))
        };
        let identity = Identity {
            id: 0,
            policy: parse(Kind::Identity, self.policy.as_ref())?,
            trust: match (parse(Kind::Trust, self.trust.as_ref())?, self.external_id) {
                (Some(_), Some(_)) => return Err("externalId is a condition of trust".into()),
                (Some(policy), None) => Trust::Policy(policy),
                (None, external_id) => Trust::Anybody { external_id },
            },
            tags: self.tags,
            organization: self.organization_id,
            longest_session: self.max_session_duration,
        };
        Ok(Told { arn, account, key, identity })
    }
}

impl Identity {
    /// What is known of it and no secret.
    pub(super) fn show(&self) -> Value {
        let mut shown = json!({});
        if let Some(policy) = &self.policy {
            shown["policy"] = policy.document().clone();
        }
        if let Trust::Policy(policy) = &self.trust {
            shown["trust"] = policy.document().clone();
        }
        if !self.tags.is_empty() {
            shown["tags"] = json!(self.tags);
        }
        shown
    }
}

/// The ARN that was told, under either name, with its account and its kind.
fn whose(arn: Option<String>, role_arn: Option<String>) -> Result<(String, String, Sort), String> {
    let is_role = role_arn.is_some();
    let ((Some(arn), None) | (None, Some(arn))) = (arn, role_arn) else {
        return Err("one of arn and roleArn is needed".into());
    };
    match sort_of(&arn) {
        Some((account, sort)) if !is_role || sort == Sort::Role => {
            let account = account.to_owned();
            Ok((arn, account, sort))
        }
        Some(_) => Err(format!("roleArn: {arn:?} is not the ARN of a role")),
        None => Err(format!("{arn:?} is not the ARN of a user, a role or an account's root")),
    }
}

/// An access key and its secret, such that requests can be signed with them.
fn key(key: Option<String>, secret: Option<String>) -> Result<Option<(String, String)>, String> {
    let (key, secret) = match (key, secret) {
        (Some(key), Some(secret)) => (key, secret),
        (None, None) => return Ok(None),
        _ => return Err("accessKeyId and secretAccessKey come together".into()),
    };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !(1..=LONGEST_KEY).contains(&key.len()) || !key.bytes().all(is_word) {
        return Err(format!("accessKeyId {key:?} is not of 1 to {LONGEST_KEY} letters, digits and _"));
    }
    if secret.is_empty() {
        return Err("secretAccessKey is empty".into());
    }
    Ok(Some((key, secret)))
}

/// The account in `arn:aws:iam::ACCOUNT:…`, and what kind of ARN it is.
fn sort_of(arn: &str) -> Option<(&str, Sort)> {
    let ["arn", "aws", "iam", "", account, resource] = arn.splitn(6, ':').collect::<Vec<_>>()[..] else {
        return None;
    };
    let sort = match resource.split_once('/') {
        None if resource == "root" => Sort::Root,
        Some(("user", name)) if is_name(name) => Sort::User,
        Some(("role", name)) if is_name(name) => Sort::Role,
        _ => return None,
    };
    is_account(account).then_some((account, sort))
}

/// Whether IAM has such names: a path of any visible characters, and a name of some.
fn is_name(text: &str) -> bool {
    let (path, name) = text.rsplit_once('/').map_or(("", text), |(path, name)| (path, name));
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    path.bytes().all(|byte| byte.is_ascii_graphic())
        && (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(is_letter)
}

/// The account in an ARN of IAM.
pub(super) fn account_of(arn: &str) -> Option<&str> {
    sort_of(arn).map(|(account, _)| account)
}
