//! Assuming a role: whom it trusts, and the session that comes of it.

use super::spec::{Identity, Trust, account_of};
use super::{AccessKey, Caller, Principals, Session, denied};
use crate::error::{Error, Result};
use crate::state::policy::{Context, Policies, Policy, Question, Requester, Why, decide_trust};
use jiff::Timestamp;

/// IAM's own limit on the sessions of a role.
const LONGEST_SESSION: i64 = 3_600;

/// A role that somebody wants to assume, with what is known of the request.
pub(crate) struct Assumption<'a> {
    pub(crate) role: &'a str,
    pub(crate) external_id: Option<&'a str>,
    /// `sts:AssumeRole`, and what else the request needs.
    pub(crate) actions: &'a [&'a str],
    pub(crate) context: Context,
}

/// Temporary credentials of a role.
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) token: String,
    /// Of the session.
    pub(crate) arn: String,
    pub(crate) account: String,
    /// The role's unique id and the session's name.
    pub(crate) user_id: String,
    pub(crate) expires: Timestamp,
}

impl Principals {
    /// Whether somebody with an access key may assume a role.
    pub(crate) fn may_assume(&self, caller: &Caller, assumption: &Assumption<'_>) -> Result<()> {
        let Assumption { role, external_id, actions, context } = assumption;
        let context = self.context(caller).and(context.clone());
        for action in *actions {
            let refused = |why: &str| denied(caller, action, role, why);
            if caller.is_root() {
                return Err(Error::access_denied("Roles may not be assumed by root accounts."));
            }
            let question =
                Question { requester: caller.requester(), action, resource: role, context: &context };
            let trusts = match self.role(role).map(|identity| &identity.trust) {
                None => Err(Why::NotByResource),
                Some(Trust::Policy(policy)) => self.decides(caller, &question, &[policy]),
                Some(Trust::Anybody { external_id: wanted }) => {
                    let knows = wanted.as_deref().is_none_or(|wanted| *external_id == Some(wanted));
                    self.decides_alone(caller, &question).and(knows.then_some(()).ok_or(Why::NotByResource))
                }
            };
            trusts.map_err(|why| refused(&why.told(action)))?;
        }
        Ok(())
    }

    /// Whether a role's trust policy lets somebody in who has no access key.
    pub(crate) fn trusts(&self, requester: Requester<'_>, assumption: &Assumption<'_>) -> bool {
        let Assumption { role, actions, context, .. } = assumption;
        let Some(Identity { trust: Trust::Policy(policy), .. }) = self.role(role) else { return false };
        actions.iter().all(|action| {
            let question = Question { requester, action, resource: role, context };
            matches!(policy.evaluate(&question), crate::state::policy::Verdict::Allowed(_))
        })
    }

    /// Whether there is that role.
    pub(crate) fn has_role(&self, arn: &str) -> bool {
        self.role(arn).is_some()
    }

    /// The longest session that a role gives.
    pub(crate) fn longest_session(&self, role: &str) -> i64 {
        self.role(role).and_then(|identity| identity.longest_session).unwrap_or(LONGEST_SESSION)
    }

    /// Temporary credentials for a role that may be assumed.
    pub(crate) fn open_session(&mut self, role: &str, name: &str, session: Session) -> Credentials {
        let account = account_of(role).unwrap_or_default().to_owned();
        // A role's path is not part of its sessions' ARNs.
        let role_name = role.rsplit('/').next().unwrap_or_default();
        let arn = format!("arn:aws:sts::{account}:assumed-role/{role_name}/{name}");
        let expires = session.ends;
        self.sweep.forget(&mut self.keys, session.opened, |key| key.caller.session_ends());
        let caller = Caller {
            arn: arn.clone(),
            account: account.clone(),
            identity: role.into(),
            id: self.role(role).map(|identity| identity.id).unwrap_or_default(),
            session: Some(session),
        };
        let credentials = Credentials {
            access_key_id: format!("ASIA{}", random(16).to_uppercase()),
            secret_access_key: random(40),
            token: random(400),
            arn,
            account,
            user_id: caller.user_id(),
            expires,
        };
        let key = AccessKey {
            secret: credentials.secret_access_key.clone(),
            caller,
            session_token: Some(credentials.token.clone()),
        };
        self.keys.insert(credentials.access_key_id.clone(), key);
        credentials
    }

    /// The role with that ARN.
    fn role(&self, arn: &str) -> Option<&Identity> {
        self.identities.get(arn).filter(|_| arn.contains(":role/"))
    }

    fn decides<'a>(
        &'a self,
        caller: &'a Caller,
        question: &Question<'a>,
        trust: &'a [&'a Policy],
    ) -> Result<(), Why> {
        let same_account = account_of(question.resource) == Some(caller.account.as_str());
        decide_trust(question, &self.policies(caller, trust, *question), same_account)
    }

    fn decides_alone(&self, caller: &Caller, question: &Question<'_>) -> Result<(), Why> {
        let policies = self.policies(caller, &[], *question);
        crate::state::policy::decide(question, &policies, crate::state::policy::Standing::Administrator)
    }

    /// The policies that have a say in what a caller asks for, and what those of resources are asked.
    pub(crate) fn policies<'a>(
        &'a self,
        caller: &'a Caller,
        resources: &'a [&'a Policy],
        asked: Question<'a>,
    ) -> Policies<'a> {
        let session = caller.session.as_ref().and_then(|session| session.policy.as_ref());
        Policies { identity: self.authority(caller), session, resources, asked }
    }
}

fn random(length: usize) -> String {
    (0..length).map(|_| fastrand::alphanumeric()).collect()
}
