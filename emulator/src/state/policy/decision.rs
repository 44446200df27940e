//! How the policies of who asks and of what is asked for decide together.

use super::{Grant, Policy, Question, Verdict};

/// What the account that asks is to the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It owns the domain: its identities' own policies are enough, and so are the resource's.
    Owner,
    /// It administers the repository: its identities' own policies are enough.
    Administrator,
    /// Another account: both sides must allow.
    Foreign,
}

/// The policies that have a say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policies<'a> {
    pub(crate) identity: Authority<'a>,
    /// The one that a session of a role was opened with.
    pub(crate) session: Option<&'a Policy>,
    /// Those of the domain and the repository.
    pub(crate) resources: &'a [&'a Policy],
    /// What those are asked. What has no ARN yet when its creation is asked for is `*`, without tags, to
    /// identities, and the place where it will be to these.
    pub(crate) asked: Question<'a>,
}

/// What an identity may do by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Authority<'a> {
    Administrator,
    Policy(&'a Policy),
    /// The identity is gone.
    Nothing,
}

/// Why something is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    DeniedByIdentity,
    DeniedBySession,
    DeniedByResource,
    NotByIdentity,
    NotBySession,
    NotByResource,
}

impl Why {
    /// Whether it is up to the domain's or the repository's policy.
    pub(crate) fn is_of_resource(self) -> bool {
        matches!(self, Self::DeniedByResource | Self::NotByResource)
    }

    /// In AWS's words.
    pub(crate) fn told(self, action: &str) -> String {
        let silent = |kind| format!("because no {kind} policy allows the {action} action");
        let denied = |kind| format!("with an explicit deny in {kind} policy");
        match self {
            Self::DeniedByIdentity => denied("an identity-based"),
            Self::DeniedBySession => denied("a session"),
            Self::DeniedByResource => denied("a resource-based"),
            Self::NotByIdentity => silent("identity-based"),
            Self::NotBySession => silent("session"),
            Self::NotByResource => silent("resource-based"),
        }
    }
}

/// What each side says.
struct Verdicts {
    identity: bool,
    session: bool,
    resource: Option<Grant>,
}

/// Whether a call on a resource is allowed.
pub(crate) fn decide(
    question: &Question<'_>,
    policies: &Policies<'_>,
    standing: Standing,
) -> Result<(), Why> {
    let Verdicts { identity, session, resource } = verdicts(question, policies)?;
    let by_resource = match resource {
        Some(Grant::Session) => true,
        Some(Grant::Identity) => session,
        Some(Grant::Account) | None => false,
    };
    match standing {
        Standing::Owner if by_resource => Ok(()),
        Standing::Foreign if resource.is_none() && identity && session => Err(Why::NotByResource),
        _ if !identity => Err(Why::NotByIdentity),
        _ if !session => Err(Why::NotBySession),
        _ => Ok(()),
    }
}

/// Whether a role may be assumed. Its trust policy must allow it in any case.
pub(crate) fn decide_trust(
    question: &Question<'_>,
    policies: &Policies<'_>,
    same_account: bool,
) -> Result<(), Why> {
    let Verdicts { identity, session, resource } = verdicts(question, policies)?;
    let Some(grant) = resource else { return Err(Why::NotByResource) };
    match grant {
        Grant::Session if same_account => Ok(()),
        Grant::Identity if same_account && session => Ok(()),
        _ if !session => Err(Why::NotBySession),
        _ if !identity => Err(Why::NotByIdentity),
        _ => Ok(()),
    }
}

/// An explicit deny anywhere ends it.
fn verdicts(question: &Question<'_>, policies: &Policies<'_>) -> Result<Verdicts, Why> {
    let identity = match policies.identity {
        Authority::Administrator => true,
        Authority::Nothing => false,
        Authority::Policy(policy) => allowed(policy, question, Why::DeniedByIdentity)?.is_some(),
    };
    let session = match policies.session {
        Some(policy) => allowed(policy, question, Why::DeniedBySession)?.is_some(),
        None => true,
    };
    let mut resource = None;
    for policy in policies.resources {
        resource = resource.max(allowed(policy, &policies.asked, Why::DeniedByResource)?);
    }
    Ok(Verdicts { identity, session, resource })
}

fn allowed(policy: &Policy, question: &Question<'_>, denied: Why) -> Result<Option<Grant>, Why> {
    match policy.evaluate(question) {
        Verdict::Denied => Err(denied),
        Verdict::Allowed(grant) => Ok(Some(grant)),
        Verdict::NotMentioned => Ok(None),
    }
}
