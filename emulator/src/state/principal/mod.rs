//! Who may call: access keys, the identities behind them, roles and their sessions.

mod assume;
mod caller;
mod pod;
mod provider;
mod spec;

pub(crate) use assume::{Assumption, Credentials};
use caller::user_id;
pub(crate) use caller::{Caller, Session, SessionTags};
pub(crate) use pod::{PodIdentities, PodSpec};
pub(crate) use provider::{Provider, ProviderSpec, Providers, condition_prefix};
pub(crate) use spec::{NotPut, PrincipalSpec};

use super::Settings;
use super::expired::Sweep;
use super::policy::{Authority, Context};
use crate::error::Error;
use crate::wire::sigv4::{Refusal, Scope, Signed};
use imbl::OrdMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spec::{Identity, Told, Trust, account_of};
use std::collections::BTreeMap;

/// Access keys and identities.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Principals {
    keys: OrdMap<String, AccessKey>,
    identities: OrdMap<String, Identity>,
    #[serde(skip)]
    sweep: Sweep,
}

#[derive(Clone, Serialize, Deserialize)]
struct AccessKey {
    secret: String,
    caller: Caller,
    session_token: Option<String>,
}

impl Principals {
    /// One administrator.
    pub(crate) fn new(settings: &Settings) -> Self {
        let arn = format!("arn:aws:iam::{}:user/admin", settings.account);
        let caller = Caller::of_identity(&arn, &settings.account, 0);
        let key = AccessKey { secret: settings.secret_access_key.clone(), caller, session_token: None };
        Self {
            keys: OrdMap::unit(settings.access_key_id.clone(), key),
            identities: OrdMap::unit(arn, Identity::default()),
            sweep: Sweep::default(),
        }
    }

    /// Add a principal, with that id, or replace what is known of one who is there.
    pub(crate) fn put(&mut self, spec: PrincipalSpec, id: u64) -> Result<(), NotPut> {
        let Told { arn, account, key, mut identity } = spec.read()?;
        identity.id = self.identities.get(&arn).map_or(id, |known| known.id);
        if let Some((key, secret)) = key {
            let owner = self.keys.get(&key).map(|known| &known.caller.identity);
            if let Some(owner) = owner.filter(|owner| **owner != arn) {
                return Err(NotPut::Taken { key, owner: owner.clone() });
            }
            let caller = Caller::of_identity(&arn, &account, identity.id);
            self.keys.insert(key, AccessKey { secret, caller, session_token: None });
        }
        self.identities.insert(arn, identity);
        Ok(())
    }

    /// Forget a principal with its keys and sessions; roles that trusted it trust nobody instead. Its unique id,
    /// if there was one.
    pub(crate) fn remove(&mut self, arn: &str) -> Option<String> {
        let unique_id = user_id(arn, self.identities.remove(arn)?.id);
        let others = self.keys.iter().filter(|(_, key)| key.caller.identity != arn);
        self.keys = others.map(|(id, key)| (id.clone(), key.clone())).collect();
        let forgetful = self.identities.iter().map(|(known, identity)| {
            let mut identity = identity.clone();
            if let Trust::Policy(policy) = &mut identity.trust {
                policy.forget(arn, &unique_id);
            }
            (known.clone(), identity)
        });
        self.identities = forgetful.collect();
        Some(unique_id)
    }

    /// Every identity with its access keys, without secrets and sessions.
    pub(crate) fn show(&self) -> Value {
        let keys_of = |arn: &String| -> Vec<&String> {
            let of_arn = self.keys.iter().filter(|(_, key)| key.caller.arn == *arn);
            of_arn.map(|(id, _)| id).collect()
        };
        let show = |(arn, identity): (&String, &Identity)| {
            let mut shown = identity.show();
            shown["arn"] = arn.as_str().into();
            shown["userId"] = user_id(arn, identity.id).into();
            shown["accessKeyIds"] = json!(keys_of(arn));
            shown
        };
        self.identities.iter().map(show).collect()
    }

    /// The ARN behind an access key, as claimed.
    pub(crate) fn claimed_arn(&self, access_key_id: &str) -> Option<&str> {
        self.keys.get(access_key_id).map(|key| key.caller.arn.as_str())
    }

    /// Verify a signed request. Sessions end by the time that it is now, whatever signatures go by.
    pub(crate) fn authenticate(
        &self,
        signed: &Signed,
        request: &http::Request<axum::body::Bytes>,
        scope: &Scope<'_>,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let key = self.keys.get(&signed.access_key_id).ok_or(Refusal::UnknownKey)?;
        if key.session_token != signed.session_token {
            return Err(Refusal::UnknownKey);
        }
        signed.verify(request, &key.secret, scope)?;
        if key.caller.session_ends().is_some_and(|end| end <= now) {
            return Err(Refusal::ExpiredSession);
        }
        Ok(key.caller.clone())
    }

    /// What the caller may do by policies of its own.
    pub(crate) fn authority(&self, caller: &Caller) -> Authority<'_> {
        match self.identity(caller) {
            Some(Identity { policy: Some(policy), .. }) => Authority::Policy(policy),
            Some(Identity { policy: None, .. }) => Authority::Administrator,
            None => Authority::Nothing,
        }
    }

    /// Who the caller is, unless that one is gone. Whoever has the ARN now is somebody else.
    fn identity(&self, caller: &Caller) -> Option<&Identity> {
        self.identities.get(&caller.identity).filter(|identity| identity.id == caller.id)
    }

    /// The condition keys that are the caller's own.
    pub(crate) fn context(&self, caller: &Caller) -> Context {
        let none = BTreeMap::new();
        let identity = self.identity(caller);
        let tags = identity.map_or(&none, |identity| &identity.tags);
        caller.context(tags, identity.and_then(|identity| identity.organization.as_deref()))
    }

    /// Whether a policy may name this user, role or session.
    pub(crate) fn knows(&self, arn: &str) -> bool {
        let Some(("assumed-role", session)) = arn.splitn(6, ':').nth(5).and_then(|rest| rest.split_once('/'))
        else {
            return self.identities.contains_key(arn);
        };
        let account = arn.split(':').nth(4);
        let role = session.split('/').next();
        self.identities.keys().any(|known| {
            known.contains(":role/") && account_of(known) == account && known.rsplit('/').next() == role
        })
    }
}

/// An `AccessDeniedException` that names principal, action and resource.
pub(crate) fn denied(caller: &Caller, action: &str, resource: &str, why: &str) -> Error {
    Error::access_denied(format!(
        "User: {} is not authorized to perform: {action} on resource: {resource} {why}",
        caller.arn
    ))
}
