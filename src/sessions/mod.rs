//! AwsAccounts: signing in, and one client for each identity.

mod cached;
mod failure;
mod limits;
mod proof;
mod role;
mod secret;
mod service_account;
mod sign_in;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use secrecy::SecretString;

use crate::api::{AwsAccount, KindName};
use crate::aws::{Aws, AwsErrorKind, Sdk};
use crate::clock::Clock;
use crate::engine::object::ObjectId;
use crate::engine::status::summary;
use crate::engine::watching::references::References;
use crate::error::Result;
use crate::kubernetes::KubeClient;
use cached::{AccountSessions, CachedSession, SessionCell};
use failure::Failure;
use limits::SharedLimits;
use proof::Basis;
pub use service_account::ServiceAccountRole;
use sign_in::SignIn;

/// A Secret is read again after this long, so that changed keys are picked up.
const TRUST_SECRET: SignedDuration = SignedDuration::from_secs(30);
/// STS is asked again after this long who a session is: a user or role may have been deleted and made again under its name.
const TRUST_IDENTITY: SignedDuration = SignedDuration::from_mins(1);
/// When the Secret could not be read, it is tried again after this long.
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
    /// IAM's own id of that user or role, which no later one of the same name gets.
    unique_id: String,
    /// Changes whenever tokens minted before must not be used any more: the AwsAccount's uid, its credentials, the
    /// user or role that they belong to, and the role of the grant.
    pub proof: String,
    /// What the proof depends on, but for what AWS says: [`source`].
    pub source: String,
    /// How it was signed in; roles are assumed with it.
    signed_in: sign_in::SignedIn,
    /// The session that assumed this one's role.
    base: Option<Arc<Session>>,
}

/// As whom somebody signs in to an AwsAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInAs {
    /// As a role that a grant names, assumed from the account's own identity; as that identity itself without a role.
    Account {
        /// The role of the grant.
        role_arn: Option<String>,
    },
    /// As the role of a ServiceAccount.
    ServiceAccount(ServiceAccountRole),
}

impl SignInAs {
    /// As the account's own identity.
    pub fn own() -> Self {
        Self::Account { role_arn: None }
    }

    /// The role that is named, whoever names it.
    pub fn role_arn(&self) -> Option<&String> {
        match self {
            Self::Account { role_arn } => role_arn.as_ref(),
            Self::ServiceAccount(account) => Some(&account.role_arn),
        }
    }
}

/// What the tokens of an AwsAccount depend on, as far as it is known without AWS: the object, how it signs in, and as whom.
pub fn source(account: &AwsAccount, signs_in: &SignInAs) -> String {
    let (uid, basis) = (account.uid().unwrap_or_default(), Basis::of(&account.spec));
    match signs_in {
        SignInAs::Account { role_arn } => proof::source(&uid, &basis, role_arn.as_deref()),
        SignInAs::ServiceAccount(account) => proof::of_service_account(&uid, &basis, account, &[]),
    }
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

    /// The account's own identity, checked against `accountId`. Signs in when first used. Where the status of the AwsAccount says
    /// something else than was found, the AwsAccount is woken.
    pub async fn session(&self, account: &AwsAccount) -> Result<Arc<Session>> {
        let (outcome, is_new) = self.own_session(account).await;
        if is_new {
            self.compare(account, &outcome);
        }
        outcome
    }

    /// The account's own identity, and whether this call signed in.
    async fn own_session(&self, account: &AwsAccount) -> (Result<Arc<Session>>, bool) {
        let limits = self.limits.of(account);
        let cell = self.cell(account, None);
        let mut cached = cell.lock().await;
        if let Err(error) = cached.recent_failure(self.clock.now()) {
            return (Err(error), false);
        }
        if let Some(session) = cached.usable() {
            match self.has_same_keys(account, &session, &mut cached).await {
                Ok(true) if self.has_same_identity(&session, &mut cached).await => {
                    return (Ok(session), false);
                }
                Ok(_) => {}
                Err(error) => return (Err(error), false),
            }
        }
        let signed_in = self.sign_in.own(account, limits).await;
        (self.keep(account, &mut cached, signed_in), true)
    }

    /// Tries a token at the npm address of a repository; see [`Sdk::ping`].
    pub(crate) async fn ping(&self, address: &str, token: &SecretString) -> Result<()> {
        Ok(self.sign_in.sdk.ping(address, token).await?)
    }

    /// Whoever mints the tokens of a login.
    pub async fn session_for(&self, account: &AwsAccount, signs_in: &SignInAs) -> Result<Arc<Session>> {
        match signs_in {
            SignInAs::Account { role_arn } => self
                .session_as(account, role_arn.as_deref())
                .await
                .map_err(|error| error.of_account(&account.name_any())),
            SignInAs::ServiceAccount(role) => self.session_of(account, role).await,
        }
    }

    /// The role of a ServiceAccount. The account's own identity has no part in it.
    async fn session_of(&self, account: &AwsAccount, role: &ServiceAccountRole) -> Result<Arc<Session>> {
        let cell = self.entry(account, |entry| entry.of_service_account(role));
        let mut cached = cell.lock().await;
        cached.recent_failure(self.clock.now())?;
        if let Some(session) = cached.usable()
            && self.has_same_identity(&session, &mut cached).await
        {
            return Ok(session);
        }
        let signed_in = self.sign_in.service_account(account, role, self.limits.of(account)).await;
        let outcome = cached.keep(signed_in, self.clock.now());
        if let Ok(session) = &outcome
            && cached.is_another_than_before(session)
        {
            self.references.changed(&ObjectId::new(KindName::ServiceAccount, role.key.clone()));
        }
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
            && self.has_same_identity(&session, &mut cached).await
        {
            return Ok(session);
        }
        let assumed = self.sign_in.role(account, &base, role_arn, self.limits.of(account)).await;
        if matches!(&assumed, Err(Failure::Aws(error)) if error.kind == AwsErrorKind::SignIn) {
            self.forget(&base);
        }
        self.keep(account, &mut cached, assumed)
    }

    /// Reads the keys again and asks STS again who the account's own identity is, and signs in anew when one of them has changed.
    /// An earlier failure does not count here: the AwsAccount may have been woken by the remedy, such as a new key in its Secret. This
    /// call never wakes the AwsAccount: the reconcile of the AwsAccount is the caller, and a wake would make it run again without a pause
    /// while the API server refuses its status.
    pub async fn check(&self, account: &AwsAccount) -> Result<Arc<Session>> {
        {
            let cell = self.cell(account, None);
            let mut cached = cell.lock().await;
            (cached.checked, cached.identified) = (Timestamp::default(), Timestamp::default());
            cached.failure = None;
        }
        self.own_session(account).await.0
    }

    /// Drops a session that AWS refused, so that the next use signs in anew. A newer session stays.
    pub fn forget(&self, session: &Session) {
        if session.signed_in.refuse() {
            self.references.wake(&ObjectId::account(&session.account));
        }
    }

    /// Keeps what came of signing in. Who uses the account is woken when it is another identity than before, because AWS may have
    /// ended the tokens of the earlier one.
    fn keep(
        &self,
        account: &AwsAccount,
        cached: &mut CachedSession,
        signed_in: Result<Session, Failure>,
    ) -> Result<Arc<Session>> {
        let outcome = cached.keep(signed_in, self.clock.now());
        if let Ok(session) = &outcome
            && cached.is_another_than_before(session)
        {
            self.references.changed(&ObjectId::account(&account.name_any()));
        }
        outcome
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

    /// The cell for the account's own identity, or for a role of a grant.
    fn cell(&self, account: &AwsAccount, role_arn: Option<&str>) -> Arc<SessionCell> {
        self.entry(account, |entry| match role_arn {
            None => Arc::clone(&entry.own),
            Some(role_arn) => Arc::clone(entry.roles.entry(role_arn.to_owned()).or_default()),
        })
    }

    /// Picks from what is kept of an AwsAccount. What was signed in for an earlier spec, or an earlier object of that name, goes.
    fn entry<T>(&self, account: &AwsAccount, pick: impl FnOnce(&mut AccountSessions) -> T) -> T {
        let (uid, basis) = (account.uid(), Basis::of(&account.spec));
        let mut entries = self.entries();
        let entry = entries
            .entry(account.name_any())
            .or_insert_with(|| AccountSessions::new(uid.clone(), basis.clone()));
        if entry.uid != uid || entry.basis != basis {
            *entry = AccountSessions::new(uid, basis);
        }
        pick(entry)
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
                let outcome = self.keep(account, cached, Err(failure));
                self.compare(account, &outcome);
                outcome.map(|_| false)
            }
        }
    }

    /// Whether STS still says that the session is the user or role that it was. STS is asked now and then. A session that is not any
    /// more is dropped.
    async fn has_same_identity(&self, session: &Session, cached: &mut CachedSession) -> bool {
        let now = self.clock.now();
        if (now - TRUST_IDENTITY..=now).contains(&cached.identified) {
            return true;
        }
        cached.identified = now;
        let same = session.is_still().await;
        if !same {
            self.forget(session);
        }
        same
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, AccountSessions>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
