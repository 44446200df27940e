//! A verified caller, and what conditions can ask of it.

use super::super::policy::{Context, Policy, Requester};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A verified caller.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Caller {
    /// As STS tells it; for a role it names the session.
    pub(crate) arn: String,
    pub(crate) account: String,
    /// The user or role whose policy decides.
    pub(super) identity: String,
    /// Which of all who ever had that ARN.
    #[serde(default)]
    pub(super) id: u64,
    pub(crate) session: Option<Session>,
}

/// What a session of a role carries with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) opened: Timestamp,
    pub(crate) ends: Timestamp,
    pub(crate) tags: SessionTags,
    pub(crate) source_identity: Option<String>,
    /// It can only narrow what the role may do.
    pub(crate) policy: Option<Policy>,
    /// The OIDC provider that vouched for who opened it.
    pub(crate) provider: Option<String>,
}

/// Tags that a session was opened with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct SessionTags {
    pub(crate) values: BTreeMap<String, String>,
    /// The keys of those that go on to sessions opened by this one.
    pub(crate) transitive: BTreeSet<String>,
}

impl Caller {
    pub(super) fn of_identity(arn: &str, account: &str, id: u64) -> Self {
        Self { arn: arn.into(), account: account.into(), identity: arn.into(), id, session: None }
    }

    /// When the session ends, for a caller with a role.
    pub(crate) fn session_ends(&self) -> Option<Timestamp> {
        self.session.as_ref().map(|session| session.ends)
    }

    /// Whether it is the account itself, whom no policy binds.
    pub(crate) fn is_root(&self) -> bool {
        self.identity.ends_with(":root")
    }

    pub(crate) fn requester(&self) -> Requester<'_> {
        Requester::Account {
            account: &self.account,
            identity: &self.identity,
            session: self.session.as_ref().map(|_| self.arn.as_str()),
        }
    }

    /// The unique id: of the account, the user, or the role with the session's name.
    pub(crate) fn user_id(&self) -> String {
        let id = user_id(&self.identity, self.id);
        match self.arn.rsplit_once('/') {
            Some((_, name)) if self.session.is_some() => format!("{id}:{name}"),
            _ => id,
        }
    }

    /// The condition keys that are the caller's own.
    pub(super) fn context(&self, tags: &BTreeMap<String, String>, organization: Option<&str>) -> Context {
        let pairs = |tags: &'_ BTreeMap<String, String>| {
            tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>()
        };
        let mut all = pairs(tags);
        let mut context = Context::default()
            .with("aws:PrincipalArn", &self.identity)
            .with("aws:PrincipalAccount", &self.account)
            .with("aws:PrincipalType", self.kind())
            .with("aws:PrincipalIsAWSService", "false")
            .with("aws:userid", self.user_id())
            .with_some("aws:PrincipalOrgID", organization);
        if let Some(session) = &self.session {
            all.extend(pairs(&session.tags.values));
            context = context
                .with("aws:TokenIssueTime", session.opened.to_string())
                .with("aws:MultiFactorAuthPresent", "false")
                .with_some("aws:SourceIdentity", session.source_identity.as_deref())
                .with_some("aws:FederatedProvider", session.provider.as_deref());
        } else if let Some((_, name)) = self.identity.rsplit_once('/') {
            context = context.with("aws:username", name);
        }
        context.with_tags("aws:PrincipalTag", all.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    }

    fn kind(&self) -> &'static str {
        match &self.session {
            Some(_) => "AssumedRole",
            None if self.is_root() => "Account",
            None => "User",
        }
    }
}

/// An id that looks like IAM's, of a user or role; that of a root is the account.
pub(super) fn user_id(arn: &str, id: u64) -> String {
    if arn.ends_with(":root") {
        return arn.split(':').nth(4).unwrap_or_default().into();
    }
    let prefix = if arn.contains(":role/") { "AROA" } else { "AIDA" };
    let digest = hex::encode_upper(Sha256::digest(format!("{arn} {id}")));
    format!("{prefix}{}", digest.get(..17).unwrap_or_default())
}
