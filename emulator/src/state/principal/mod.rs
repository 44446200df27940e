//! Who may call: access keys, the identities behind them, roles and their sessions.

mod assume;
mod caller;
mod pod;
mod provider;
mod spec;

pub(crate) use assume::{Assumption, Credentials};
pub(crate) use caller::{Caller, Session, SessionTags};
pub(crate) use pod::{PodIdentities, PodSpec};
pub(crate) use provider::{Provider, ProviderSpec, Providers, condition_prefix};
pub(crate) use spec::PrincipalSpec;

use super::Settings;
use super::policy::{Authority, Context};
use crate::error::Error;
use crate::wire::sigv4::{Refusal, Scope, Signed};
use imbl::OrdMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spec::{Identity, account_of};
use std::collections::BTreeMap;

/// Access keys and identities.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Principals {
    keys: OrdMap<String, AccessKey>,
    identities: OrdMap<String, Identity>,
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
        let caller = Caller::of_identity(&arn, &settings.account);
        let key = AccessKey { secret: settings.secret_access_key.clone(), caller, session_token: None };
        Self {
            keys: OrdMap::unit(settings.access_key_id.clone(), key),
            identities: OrdMap::unit(arn, Identity::default()),
        }
    }

    /// Add a principal, or replace what is known of it.
    pub(crate) fn put(&mut self, spec: PrincipalSpec) -> Result<(), String> {
        let arn = spec.arn.clone();
        let key = match (spec.access_key_id.clone(), spec.secret_access_key.clone()) {
            (Some(id), Some(secret)) => Some((id, secret)),
            (None, None) => None,
            _ => return Err("accessKeyId and secretAccessKey come together".into()),
        };
        let (account, identity) = spec.read()?;
        if let Some((id, secret)) = key {
            let caller = Caller::of_identity(&arn, &account);
            self.keys.insert(id, AccessKey { secret, caller, session_token: None });
        }
        self.identities.insert(arn, identity);
        Ok(())
    }

    /// Forget a principal with its keys and sessions. Whether there was one.
    pub(crate) fn remove(&mut self, arn: &str) -> bool {
        let others = self.keys.iter().filter(|(_, key)| key.caller.identity != arn);
        self.keys = others.map(|(id, key)| (id.clone(), key.clone())).collect();
        self.identities.remove(arn).is_some()
    }

    /// Every identity with its access keys, without secrets.
    pub(crate) fn show(&self) -> Value {
        let keys_of = |arn: &String| -> Vec<&String> {
            let of_arn = self.keys.iter().filter(|(_, key)| key.caller.identity == *arn);
            of_arn.map(|(id, _)| id).collect()
        };
        let show = |arn| json!({ "arn": arn, "accessKeyIds": keys_of(arn) });
        self.identities.keys().map(show).collect()
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
        match self.identities.get(&caller.identity) {
            Some(Identity { policy: Some(policy), .. }) => Authority::Policy(policy),
            Some(Identity { policy: None, .. }) => Authority::Administrator,
            None => Authority::Nothing,
        }
    }

    /// The condition keys that are the caller's own.
    pub(crate) fn context(&self, caller: &Caller) -> Context {
        let none = BTreeMap::new();
        let identity = self.identities.get(&caller.identity);
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
