//! AwsAccounts: signing in, and one client for each identity.

mod failure;
mod limits;
mod proof;
mod role;
mod secret;
mod sign_in;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use crate::api::AwsAccount;
use crate::aws::{Aws, AwsErrorKind, Sdk};
use crate::backoff::RememberedFailure;
use crate::clock::Clock;
use crate::engine::object::ObjectId;
use crate::engine::status::summary;
use crate::engine::watching::references::References;
use crate::error::Result;
use crate::kubernetes::KubeClient;
use failure::Failure;
use limits::SharedLimits;
use proof::Basis;
use sign_in::SignIn;

/// A Secret is read again after this long, so that changed keys are picked up.
const TRUST_SECRET: SignedDuration = SignedDuration::from_secs(30);
/// When it could not be read, it is tried again after this long.
const SECRET_UNREADABLE: SignedDuration = SignedDuration::from_secs(15);

/// Signed-in clients by account and role. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Accounts {
    sign_in: Arc<SignIn>,
    clock: Clock,
    references: References,
    limits: Arc<SharedLimits>,
    entries: Arc<Mutex<HashMap<String, AccountSessions>>>,
}

/// A signed-in identity.
#[derive(Clone, Debug)]
pub struct Session {
    /// Name of the AwsAccount.
    account: String,
    /// CodeArtifact, behind the account's limits.
    pub aws: Aws,
    /// ARN that STS gave for it, without the name of an assumed role's session, which changes by itself.
    pub identity_arn: String,
    /// Changes whenever tokens minted before must not be used any more: the AwsAccount's uid, its credentials and the role.
    pub proof: String,
    /// What the proof depends on, but for what AWS says: [`source`].
    pub source: String,
    /// How it was signed in; roles are assumed with it.
    signed_in: sign_in::SignedIn,
    /// The session that assumed this one's role.
    base: Option<Arc<Session>>,
}

/// What the tokens of an AwsAccount and a role depend on, as far as it is known without AWS: the object, how it signs in, and the role.
pub fn source(account: &AwsAccount, role_arn: Option<&str>) -> String {
    proof::source(&account.uid().unwrap_or_default(), &Basis::of(&account.spec), role_arn)
}

/// The sessions of one AwsAccount as it is declared now.
#[derive(Debug)]
struct AccountSessions {
    uid: Option<String>,
    basis: Basis,
    own: Arc<SessionCell>,
    roles: HashMap<String, Arc<SessionCell>>,
}

/// One session. The caller that has the lock signs in; the other callers wait and share the result.
type SessionCell = tokio::sync::Mutex<CachedSession>;

#[derive(Debug, Default)]
struct CachedSession {
    session: Option<Arc<Session>>,
    checked: Timestamp,
    failure: Option<RememberedFailure<Failure>>,
}

impl Accounts {
    /// Nothing is signed in yet. `cluster` becomes part of the names of role sessions; `references` wakes an AwsAccount
    /// when its users learn something about it.
    pub fn new(client: KubeClient, clock: Clock, references: References, sdk: Sdk, cluster: &str) -> Self {
        Self {
            sign_in: Arc::new(SignIn::new(client, sdk, cluster)),
            clock,
            references,
            limits: Arc::default(),
            entries: Arc::default(),
        }
    }

    /// The account's own identity, checked against `accountId`. Signs in when first used.
    pub async fn session(&self, account: &AwsAccount) -> Result<Arc<Session>> {
        let limits = self.limits.of(account);
        let cell = self.cell(account, None);
        let mut cached = cell.lock().await;
        cached.recent_failure(self.clock.now())?;
        if let Some(session) = cached.usable()
            && self.has_same_keys(account, &session, &mut cached).await?
        {
            return Ok(session);
        }
        let signed_in = self.sign_in.own(account, limits).await;
        let outcome = cached.keep(signed_in, self.clock.now());
        self.compare(account, &outcome);
        outcome
    }

    /// A role that a grant names, assumed from the account's own identity; that identity itself without a role.
    pub async fn session_as(&self, account: &AwsAccount, role_arn: Option<&str>) -> Result<Arc<Session>> {
        let base = self.session(account).await?;
        let Some(role_arn) = role_arn else { return Ok(base) };
        let cell = self.cell(account, Some(role_arn));
        let mut cached = cell.lock().await;
        cached.recent_failure(self.clock.now())?;
        if let Some(session) = cached.usable()
            && session.base.as_ref().is_some_and(|known| Arc::ptr_eq(known, &base))
        {
            return Ok(session);
        }
        let assumed = self.sign_in.role(account, &base, role_arn, self.limits.of(account)).await;
        if matches!(&assumed, Err(Failure::Aws(error)) if error.kind == AwsErrorKind::SignIn) {
            self.forget(&base);
        }
        cached.keep(assumed, self.clock.now())
    }

    /// Reads the keys again and asks STS again who the account's own identity is, and signs in anew when one of them has changed.
    /// An earlier failure is not remembered here: what woke the AwsAccount may be the mend, such as a new key in its Secret.
    pub async fn check(&self, account: &AwsAccount) -> Result<Arc<Session>> {
        {
            let cell = self.cell(account, None);
            let mut cached = cell.lock().await;
            (cached.checked, cached.failure) = (Timestamp::default(), None);
        }
        let session = self.session(account).await?;
        if self.sign_in.is_still(account, &session).await {
            return Ok(session);
        }
        self.forget(&session);
        self.session(account).await
    }

    /// Drops a session that AWS refused, so that the next use signs in anew. A newer session stays.
    pub fn forget(&self, session: &Session) {
        if session.signed_in.refuse() {
            self.references.wake(&ObjectId::account(&session.account));
        }
    }

    /// Has an AwsAccount look at itself when its status says something else than what its users found.
    fn compare(&self, account: &AwsAccount, outcome: &Result<Arc<Session>>) {
        let status = account.status.as_ref();
        let ready = status.is_some_and(|status| summary::is_ready(&status.common));
        let identity = status.and_then(|status| status.identity_arn.as_ref());
        let as_told = match outcome {
            Ok(session) => ready && identity == Some(&session.identity_arn),
            Err(_) => !ready,
        };
        if !as_told {
            self.references.wake(&ObjectId::account(&account.name_any()));
        }
    }

    /// Drops everything about the AwsAccount of that name, which is gone.
    pub fn remove(&self, name: &str) {
        self.entries().remove(name);
        self.limits.remove(name);
    }

    /// The cell for an identity. What was signed in for an earlier spec, or an earlier object of that name, goes.
    fn cell(&self, account: &AwsAccount, role_arn: Option<&str>) -> Arc<SessionCell> {
        let (uid, basis) = (account.uid(), Basis::of(&account.spec));
        let mut entries = self.entries();
        let entry = entries
            .entry(account.name_any())
            .or_insert_with(|| AccountSessions::new(uid.clone(), basis.clone()));
        if entry.uid != uid || entry.basis != basis {
            *entry = AccountSessions::new(uid, basis);
        }
        match role_arn {
            None => Arc::clone(&entry.own),
            Some(role_arn) => Arc::clone(entry.roles.entry(role_arn.to_owned()).or_default()),
        }
    }

    /// Whether the Secret, where there is one, still holds the keys that were used. It is looked at now and then.
    async fn has_same_keys(
        &self,
        account: &AwsAccount,
        session: &Session,
        cached: &mut CachedSession,
    ) -> Result<bool> {
        let now = self.clock.now();
        if (now - TRUST_SECRET..=now).contains(&cached.checked) {
            return Ok(true);
        }
        match self.sign_in.same_keys(account, session).await {
            Ok(same) => {
                cached.checked = now;
                Ok(same)
            }
            // The API server's troubles are no reason to stop using keys that were good.
            Err(Failure::Cluster { .. }) => {
                cached.checked = now - TRUST_SECRET + SECRET_UNREADABLE;
                Ok(true)
            }
            Err(failure) => {
                let outcome = cached.keep(Err(failure), now);
                self.compare(account, &outcome);
                outcome.map(|_| false)
            }
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, AccountSessions>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AccountSessions {
    fn new(uid: Option<String>, basis: Basis) -> Self {
        Self { uid, basis, own: Arc::default(), roles: HashMap::new() }
    }
}

impl CachedSession {
    fn usable(&self) -> Option<Arc<Session>> {
        self.session.clone().filter(|session| !session.signed_in.is_refused())
    }

    fn recent_failure(&self, now: Timestamp) -> Result<()> {
        match &self.failure {
            Some(failure) if !failure.is_due(now) => Err(failure.error.clone().into()),
            _ => Ok(()),
        }
    }

    fn keep(&mut self, signed_in: Result<Session, Failure>, now: Timestamp) -> Result<Arc<Session>> {
        match signed_in {
            Ok(session) => {
                let session = Arc::new(session);
                *self = Self { session: Some(Arc::clone(&session)), checked: now, failure: None };
                Ok(session)
            }
            Err(failure) => {
                let remembered =
                    RememberedFailure::new(None, failure.clone(), now, |failure, _| failure.remembered_for());
                *self = Self { failure: Some(remembered), ..Self::default() };
                Err(failure.into())
            }
        }
    }
}
