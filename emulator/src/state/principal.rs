//! Who may call: access keys, the identities behind them, roles and their sessions.

use super::Settings;
use super::policy::{Policy, Verdict};
use crate::error::{Error, Result};
use crate::wire::sigv4::{Refusal, Signed};
use imbl::OrdMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A verified caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Caller {
    /// As STS tells it; for a role it names the session.
    pub(crate) arn: String,
    pub(crate) account: String,
    /// The user or role whose policy decides.
    identity: String,
    /// When the session ends, for a caller with a role.
    pub(crate) session_ends: Option<Timestamp>,
}

/// Access keys and identities.
#[derive(Clone)]
pub(crate) struct Principals {
    keys: OrdMap<String, AccessKey>,
    identities: OrdMap<String, Identity>,
}

#[derive(Clone)]
struct AccessKey {
    secret: String,
    caller: Caller,
    session_token: Option<String>,
}

#[derive(Clone, Default)]
struct Identity {
    /// None: an administrator.
    policy: Option<Policy>,
    external_id: Option<String>,
}

/// A principal as the control route takes it: a user with a key, or a role to assume.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PrincipalSpec {
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    #[serde(alias = "roleArn")]
    arn: String,
    policy: Option<Value>,
    external_id: Option<String>,
}

/// Temporary credentials of a role.
pub(crate) struct Session {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) token: String,
    pub(crate) arn: String,
    pub(crate) expires: Timestamp,
}

impl Principals {
    /// One administrator.
    pub(crate) fn new(settings: &Settings) -> Self {
        let arn = format!("arn:aws:iam::{}:user/admin", settings.account);
        let caller = Caller {
            arn: arn.clone(),
            account: settings.account.clone(),
            identity: arn.clone(),
            session_ends: None,
        };
        let key = AccessKey { secret: settings.secret_access_key.clone(), caller, session_token: None };
        Self {
            keys: OrdMap::unit(settings.access_key_id.clone(), key),
            identities: OrdMap::unit(arn, Identity::default()),
        }
    }

    /// Add a principal, or replace what is known of it.
    pub(crate) fn put(&mut self, spec: PrincipalSpec) -> Result<(), String> {
        let account = account_of(&spec.arn)
            .ok_or_else(|| format!("{:?} is not the ARN of a user or role", spec.arn))?;
        let policy = spec.policy.as_ref().map(Policy::parse).transpose()?;
        let caller = Caller {
            account: account.into(),
            arn: spec.arn.clone(),
            identity: spec.arn.clone(),
            session_ends: None,
        };
        match (spec.access_key_id, spec.secret_access_key) {
            (Some(id), Some(secret)) => {
                self.keys.insert(id, AccessKey { secret, caller, session_token: None });
            }
            (None, None) => {}
            _ => return Err("accessKeyId and secretAccessKey come together".into()),
        }
        self.identities.insert(spec.arn, Identity { policy, external_id: spec.external_id });
        Ok(())
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

    /// Verify a signed request.
    pub(crate) fn authenticate(
        &self,
        signed: &Signed,
        request: &http::Request<axum::body::Bytes>,
        scope: (&str, &str),
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let key = self.keys.get(&signed.access_key_id).ok_or(Refusal::UnknownKey)?;
        if key.session_token != signed.session_token {
            return Err(Refusal::UnknownKey);
        }
        signed.verify(request, &key.secret, scope, now)?;
        if key.caller.session_ends.is_some_and(|end| end <= now) {
            return Err(Refusal::ExpiredSession);
        }
        Ok(key.caller.clone())
    }

    /// Whether the caller's identity policy lets it do that, told in AWS's words.
    pub(crate) fn authorize(&self, caller: &Caller, action: &str, resource: &str) -> Result<()> {
        let verdict = match self.identities.get(&caller.identity) {
            Some(Identity { policy: Some(policy), .. }) => policy.evaluate(action, resource),
            Some(Identity { policy: None, .. }) => Verdict::Allowed,
            None => Verdict::NotMentioned,
        };
        let why = match verdict {
            Verdict::Allowed => return Ok(()),
            Verdict::Denied => "with an explicit deny in an identity-based policy".to_owned(),
            Verdict::NotMentioned => {
                format!("because no identity-based policy allows the {action} action")
            }
        };
        Err(denied(caller, action, resource, &why))
    }

    /// Whether a role exists and takes this external id.
    pub(crate) fn can_be_assumed(&self, role: &str, external_id: Option<&str>) -> bool {
        self.identities.get(role).is_some_and(|identity| {
            role.contains(":role/")
                && identity.external_id.as_deref().is_none_or(|wanted| external_id == Some(wanted))
        })
    }

    /// Temporary credentials for a role that may be assumed.
    pub(crate) fn open_session(&mut self, role: &str, name: &str, expires: Timestamp) -> Session {
        let account = account_of(role).unwrap_or_default().to_owned();
        // A role's path is not part of its sessions' ARNs.
        let role_name = role.rsplit('/').next().unwrap_or_default();
        let arn = format!("arn:aws:sts::{account}:assumed-role/{role_name}/{name}");
        let session = Session {
            access_key_id: format!("ASIA{}", random(16).to_uppercase()),
            secret_access_key: random(40),
            token: random(400),
            arn: arn.clone(),
            expires,
        };
        let caller = Caller { arn, account, identity: role.into(), session_ends: Some(expires) };
        let key = AccessKey {
            secret: session.secret_access_key.clone(),
            caller,
            session_token: Some(session.token.clone()),
        };
        self.keys.insert(session.access_key_id.clone(), key);
        session
    }
}

/// An `AccessDeniedException` that names principal, action and resource.
pub(crate) fn denied(caller: &Caller, action: &str, resource: &str, why: &str) -> Error {
    Error::access_denied(format!(
        "User: {} is not authorized to perform: {action} on resource: {resource} {why}",
        caller.arn
    ))
}

/// The account in `arn:aws:iam::ACCOUNT:…`.
fn account_of(arn: &str) -> Option<&str> {
    let [_, _, "iam", "", account, _] = arn.splitn(6, ':').collect::<Vec<_>>()[..] else {
        return None;
    };
    (account.len() == 12).then_some(account)
}

fn random(length: usize) -> String {
    (0..length).map(|_| fastrand::alphanumeric()).collect()
}
