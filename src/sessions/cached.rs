//! The sessions that are kept, and the failures to sign in that are remembered.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::backoff::RememberedFailure;
use crate::engine::object::ObjectKey;
use crate::error::Result;
use crate::sessions::Session;
use crate::sessions::failure::Failure;
use crate::sessions::proof::Basis;
use crate::sessions::service_account::ServiceAccountRole;

/// The sessions of one AwsAccount as it is declared now.
#[derive(Debug)]
pub(super) struct AccountSessions {
    pub(super) uid: Option<String>,
    pub(super) basis: Basis,
    pub(super) own: Arc<SessionCell>,
    pub(super) roles: HashMap<String, Arc<SessionCell>>,
    /// One for each ServiceAccount, as it is now.
    service_accounts: HashMap<ObjectKey, (ServiceAccountRole, Arc<SessionCell>)>,
}

/// One session. The caller that has the lock signs in; the other callers wait and share the result.
pub(super) type SessionCell = tokio::sync::Mutex<CachedSession>;

#[derive(Debug, Default)]
pub(super) struct CachedSession {
    session: Option<Arc<Session>>,
    /// The proof of the last session, which outlasts failures.
    last_proof: Option<String>,
    /// When the keys were last compared with those in the Secret.
    pub(super) checked: Timestamp,
    /// When STS last said who the session is.
    pub(super) identified: Timestamp,
    pub(super) failure: Option<RememberedFailure<Failure>>,
}

impl AccountSessions {
    pub(super) fn new(uid: Option<String>, basis: Basis) -> Self {
        Self { uid, basis, own: Arc::default(), roles: HashMap::new(), service_accounts: HashMap::new() }
    }

    /// The cell of a ServiceAccount. That of an earlier ServiceAccount of the name, or of an earlier role, goes.
    pub(super) fn of_service_account(&mut self, account: &ServiceAccountRole) -> Arc<SessionCell> {
        let entry = self.service_accounts.entry(account.key.clone());
        let (known, cell) = entry.or_insert_with(|| (account.clone(), Arc::default()));
        if known != account {
            (*known, *cell) = (account.clone(), Arc::default());
        }
        Arc::clone(cell)
    }
}

impl CachedSession {
    pub(super) fn usable(&self) -> Option<Arc<Session>> {
        self.session.clone().filter(|session| !session.signed_in.is_refused())
    }

    pub(super) fn recent_failure(&self, now: Timestamp) -> Result<()> {
        match &self.failure {
            Some(failure) if !failure.is_due(now) => Err(failure.error.clone().into()),
            _ => Ok(()),
        }
    }

    pub(super) fn keep(
        &mut self,
        signed_in: Result<Session, Failure>,
        now: Timestamp,
    ) -> Result<Arc<Session>> {
        match signed_in {
            Ok(session) => {
                let session = Arc::new(session);
                (self.session, self.failure) = (Some(Arc::clone(&session)), None);
                (self.checked, self.identified) = (now, now);
                Ok(session)
            }
            Err(failure) => {
                let remembered =
                    RememberedFailure::new(None, failure.clone(), now, |failure, _| failure.remembered_for());
                (self.session, self.failure) = (None, Some(remembered));
                Err(failure.into())
            }
        }
    }

    /// Records whose session is kept now, and returns whether the one kept before, if any, was of another identity.
    pub(super) fn is_another_than_before(&mut self, session: &Session) -> bool {
        self.last_proof.replace(session.proof.clone()).is_some_and(|last| last != session.proof)
    }
}
