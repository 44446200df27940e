//! What is known about the token of one key, and what to do when somebody asks for it.

mod learned;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::{BoxFuture, Shared};
use jiff::{SignedDuration, Timestamp};

use crate::backoff::RememberedFailure;
use crate::credential::render::DomainKey;
use crate::credential::schedule::{jitter, place, retry_wait, window};
use crate::credential::token::Token;
use crate::credential::token_request::{CurrentToken, Failing, Sharers, TokenRequest};
use crate::credential::token_store::StoredToken;
use crate::engine::object::ObjectId;
use crate::error::{Error, Result};
use crate::reason::{Outlook, Reason};

/// How old a token must be before somebody can force another: no value of the annotation mints without end.
pub(super) const FORCEABLE: SignedDuration = SignedDuration::from_mins(5);

/// How long a token that nobody uses is kept: who comes back soon needs no other.
const IDLE: SignedDuration = SignedDuration::from_mins(10);

/// A mint that is on its way; everybody who needs it waits for the same one.
pub(super) type InFlightMint = Shared<BoxFuture<'static, MintOutcome>>;

/// What a mint comes to.
pub(super) type MintOutcome = Result<Arc<StoredToken>, Arc<Error>>;

/// A login waits this long for a mint that is under way, unless the end of the mint wakes the login earlier.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(30);

/// The token of one key.
#[derive(Debug, Default)]
pub(super) struct TokenEntry {
    state: Mutex<EntryState>,
}

/// What is known.
#[derive(Debug, Default)]
pub(super) struct EntryState {
    /// Whose tokens it is about, once somebody has asked: the proof of the identity that mints, and the domain.
    pub(super) family: Option<(String, DomainKey)>,
    pub(super) kept: Option<Arc<StoredToken>>,
    pub(super) in_flight: Option<InFlightMint>,
    /// Minted and not yet kept: the next attempt keeps it and mints no other.
    pub(super) unsaved: Option<Token>,
    /// Renewals that failed in a row.
    failure: Option<RememberedFailure<Arc<Error>>>,
    users: HashSet<ObjectId>,
    /// Users who stay with an earlier token until its renewal is due: another user had the newer one minted before its time.
    staying: HashMap<ObjectId, Arc<StoredToken>>,
    forced: HashMap<ObjectId, String>,
    unused_since: Option<Timestamp>,
}

impl TokenEntry {
    pub(super) fn lock(&self) -> MutexGuard<'_, EntryState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EntryState {
    /// The answer, if it is known without a mint; `None` when one is due.
    pub(super) fn answer(&mut self, request: &TokenRequest, now: Timestamp) -> Option<Result<CurrentToken>> {
        self.users.insert(request.user.clone());
        self.unused_since = None;
        if let Some(own) = self.still_own(request, now) {
            return Some(Ok(self.current(own, request, None)));
        }
        if self.good_enough(request, now) {
            self.handled(request);
            return self.kept.clone().map(|kept| Ok(self.current(kept, request, None)));
        }
        let failure = self.failure.as_ref().filter(|failure| !request.impatient && !failure.is_due(now))?;
        Some(self.after_failure(request, now, failure))
    }

    /// Whether there is a token that works.
    pub(super) fn works(&self, now: Timestamp) -> bool {
        self.valid(now).is_some()
    }

    /// The answer while a mint is under way: the token that works.
    pub(super) fn meanwhile(&self, request: &TokenRequest, now: Timestamp) -> Result<CurrentToken> {
        let kept = self.valid(now).ok_or_else(|| {
            Error::waiting(Reason::Progressing, "a new token is on its way, and the old one has expired")
        })?;
        let again = now.checked_add(ON_ITS_WAY).ok();
        Ok(CurrentToken { again, ..self.current(Arc::clone(kept), request, None) })
    }

    /// The answer once a mint has ended.
    pub(super) fn after(
        &mut self,
        request: &TokenRequest,
        now: Timestamp,
        minted: Result<Arc<StoredToken>, Arc<Error>>,
    ) -> Result<CurrentToken> {
        match minted {
            Ok(kept) => {
                self.staying.remove(&request.user);
                Ok(self.current(kept, request, None))
            }
            Err(error) => match &self.failure {
                Some(failure) => self.after_failure(request, now, failure),
                None => Err(Error::Shared(error)),
            },
        }
    }

    /// A new token is in use. Returns who else must be told: everybody when the renewal was due, and nobody when one user
    /// forced it; then the others stay with the token that they have.
    pub(super) fn succeeded(
        &mut self,
        kept: Arc<StoredToken>,
        request: &TokenRequest,
        now: Timestamp,
    ) -> Sharers {
        self.in_flight = None;
        self.failure = None;
        self.handled(request);
        let due = self.valid(now).map(|old| self.due_at(old, request));
        let early = due.is_some_and(|due| now < due);
        let others: Vec<_> = self.users.iter().filter(|user| **user != request.user).cloned().collect();
        // Who has less of the old token left than was promised waits no longer.
        let in_time = self.valid(now).is_some_and(|old| now <= renews_at(old, request));
        let window = if in_time { window(others.len()) } else { SignedDuration::ZERO };
        match self.kept.replace(kept) {
            Some(old) if early => {
                self.staying.remove(&request.user);
                for user in others {
                    self.staying.entry(user).or_insert_with(|| Arc::clone(&old));
                }
                Sharers::default()
            }
            Some(_) => {
                self.staying.clear();
                Sharers { others, window }
            }
            None => Sharers::default(),
        }
    }

    /// There is no new token. The next attempt comes later each time. `expired`: the login of the user who asked has expired.
    pub(super) fn failed(&mut self, error: Arc<Error>, expired: bool, now: Timestamp, random: f64) {
        self.in_flight = None;
        // Without a good token the users try again at their own pace; this only keeps them from all trying at once.
        let left = self.valid(now).map(|kept| kept.token.life.expires.duration_since(now));
        let pace = if left.is_some() { 1.0 } else { 0.5 };
        let left = match left.or(expired.then_some(SignedDuration::ZERO)) {
            // What is denied is denied also when the end is near.
            Some(left) if matches!(error.outlook(), Outlook::Retrying(_)) => left,
            _ => SignedDuration::MAX,
        };
        let failure = RememberedFailure::new(self.failure.as_ref(), error, now, |error, failures| {
            if failures == 1 && error.reason() == Reason::SignInFailed {
                // The session had ended: another one may work at once.
                return SignedDuration::ZERO;
            }
            let wait = retry_wait(failures, left, random);
            wait.mul_f64(pace).max(asked_to_wait(error))
        });
        self.failure = Some(failure);
    }

    /// Forgets everybody that `keep` does not know.
    pub(super) fn retain_users(&mut self, keep: impl Fn(&ObjectId) -> bool) {
        self.users.retain(&keep);
        self.staying.retain(|user, _| keep(user));
        self.forced.retain(|user, _| keep(user));
    }

    /// Whether anybody uses the token.
    pub(super) fn is_used(&self) -> bool {
        !self.users.is_empty()
    }

    /// Whether anybody in the namespace but this one uses the token.
    pub(super) fn serves_others(&self, user: &ObjectId) -> bool {
        self.users.iter().any(|known| known.key.namespace == user.key.namespace && known != user)
    }

    /// Whether the user uses the token.
    pub(super) fn serves(&self, user: &ObjectId) -> bool {
        self.users.contains(user)
    }

    /// Takes out a token that has expired, or that nobody has used for a while.
    pub(super) fn take_useless(&mut self, now: Timestamp) -> Option<Arc<StoredToken>> {
        let since = self.unused_since.map_or(now, |since| since.min(now));
        self.unused_since = Some(since);
        let idle = !self.is_used() && now.duration_since(since) >= IDLE;
        self.kept.take_if(|kept| idle || !kept.token.life.valid(now))
    }

    /// The earlier token of a user who stays with it, until its renewal is due or the user asks for another.
    fn still_own(&mut self, request: &TokenRequest, now: Timestamp) -> Option<Arc<StoredToken>> {
        let own = self.staying.get(&request.user)?;
        let planned = now < self.due_at(own, request) && !own.token.life.begins_later(now);
        if own.token.life.valid(now) && planned && !self.asks_anew(request) {
            return Some(Arc::clone(own));
        }
        self.staying.remove(&request.user);
        None
    }

    fn asks_anew(&self, request: &TokenRequest) -> bool {
        request.force.is_some() && request.force.as_ref() != self.forced.get(&request.user)
    }

    fn good_enough(&self, request: &TokenRequest, now: Timestamp) -> bool {
        let asked = self.asks_anew(request);
        let young = |kept: &StoredToken| now.duration_since(kept.token.life.issued) < FORCEABLE;
        self.valid(now).is_some_and(|kept| {
            now < self.due_at(kept, request) && !kept.token.life.begins_later(now) && (!asked || young(kept))
        })
    }

    /// When this user asks for the next token: at most a minute before the renewal, and at another time than the others.
    fn due_at(&self, kept: &StoredToken, request: &TokenRequest) -> Timestamp {
        due_at(renews_at(kept, request), self.users.len(), &request.user)
    }

    fn handled(&mut self, request: &TokenRequest) {
        if let Some(force) = &request.force {
            self.forced.insert(request.user.clone(), force.clone());
        }
    }

    fn valid(&self, now: Timestamp) -> Option<&Arc<StoredToken>> {
        self.kept.as_ref().filter(|kept| kept.token.life.valid(now))
    }

    fn current(
        &self,
        kept: Arc<StoredToken>,
        request: &TokenRequest,
        failing: Option<Failing>,
    ) -> CurrentToken {
        let (renews_at, due_at) = (renews_at(&kept, request), self.due_at(&kept, request));
        CurrentToken { kept, renews_at, due_at, failing, again: None }
    }

    fn after_failure(
        &self,
        request: &TokenRequest,
        now: Timestamp,
        failure: &RememberedFailure<Arc<Error>>,
    ) -> Result<CurrentToken> {
        let failing = Failing { error: Arc::clone(&failure.error), retry_at: failure.retry_at() };
        match self.valid(now) {
            Some(kept) => Ok(self.current(Arc::clone(kept), request, Some(failing))),
            None => Err(Error::Shared(failing.error)),
        }
    }
}

/// When one of so many sharers asks for the next token: before `renews_at`, by the part of the window at which the sharer has its place.
fn due_at(renews_at: Timestamp, sharers: usize, user: &ObjectId) -> Timestamp {
    let others = sharers.saturating_sub(1);
    renews_at.checked_sub(window(others).mul_f64(place(user))).unwrap_or(renews_at)
}

/// How long AWS asked to wait.
fn asked_to_wait(error: &Error) -> SignedDuration {
    match error.outlook() {
        Outlook::Retrying(Some(wait)) => SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX),
        _ => SignedDuration::ZERO,
    }
}

fn renews_at(kept: &StoredToken, request: &TokenRequest) -> Timestamp {
    kept.token.life.renews_at(request.renew_before, jitter(&kept.token.id))
}

#[cfg(test)]
mod tests;
