//! Principals as the control route takes them.

use super::super::policy::{Kind, Policy, is_account};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A principal as the control route takes it: a user with a key, a role to assume, or the root.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PrincipalSpec {
    pub(super) access_key_id: Option<String>,
    pub(super) secret_access_key: Option<String>,
    #[serde(alias = "roleArn")]
    pub(super) arn: String,
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

impl PrincipalSpec {
    /// The account and what is to be known of it.
    pub(super) fn read(self) -> Result<(String, Identity), String> {
        let (account, sort) =
            sort_of(&self.arn).ok_or_else(|| format!("{:?} is not the ARN of a user or role", self.arn))?;
        let account = account.to_owned();
        if sort == Sort::Root && self.policy.is_some() {
            return Err("an account's root has no policy".into());
        }
        let only_role =
            self.trust.is_some() || self.external_id.is_some() || self.max_session_duration.is_some();
        if sort != Sort::Role && only_role {
            return Err("only a role has trust, externalId and maxSessionDuration".into());
        }
        if sort == Sort::Role && self.access_key_id.is_some() {
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
        Ok((account, identity))
    }
}

/// The account in `arn:aws:iam::ACCOUNT:…`, and what kind of ARN it is.
fn sort_of(arn: &str) -> Option<(&str, Sort)> {
    let ["arn", "aws", "iam", "", account, resource] = arn.splitn(6, ':').collect::<Vec<_>>()[..] else {
        return None;
    };
    let sort = match resource.split_once('/') {
        None if resource == "root" => Sort::Root,
        Some(("user", name)) if !name.is_empty() => Sort::User,
        Some(("role", name)) if !name.is_empty() => Sort::Role,
        _ => return None,
    };
    is_account(account).then_some((account, sort))
}

/// The account in an ARN of IAM.
pub(super) fn account_of(arn: &str) -> Option<&str> {
    sort_of(arn).map(|(account, _)| account)
}
