//! The tokens in use: minted once for all who may share them, kept before anybody gets them.

mod admission;
mod mint;
mod sweep;
mod wake;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::OnceCell;
use tokio::time::error::Elapsed;

use crate::credential::render::DomainKey;
use crate::credential::schedule::Life;
use crate::credential::token::TokenKey;
use crate::credential::token_entry::{InFlightMint, MintOutcome, TokenEntry};
use crate::credential::token_request::{CurrentToken, TokenRequest};
use crate::credential::token_store::{self, Origin, StoredToken};
use crate::engine::context::Context;
use crate::engine::object::ObjectId;
use crate::error::{Error, Result};
use crate::sessions::Session;
use admission::{admit, family};

/// How long a login that has a working token waits for a new one. It is woken when the new one is there.
const PATIENCE: Duration = Duration::from_secs(1);

/// The tokens in use. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct TokenCache {
    context: Context,
    entries: Arc<Mutex<HashMap<String, Arc<TokenEntry>>>>,
    loaded: Arc<OnceCell<()>>,
}

impl TokenCache {
    /// No tokens are known until somebody asks for one.
    pub(super) fn new(context: &Context) -> Self {
        Self { context: context.clone(), entries: Arc::default(), loaded: Arc::default() }
    }

    /// A token that is as good as demanded: the one in use, or a new one. One whose renewal fails is given as long as it works.
    pub(super) async fn token(
        &self,
        key: &TokenKey,
        session: &Arc<Session>,
        request: &TokenRequest,
    ) -> Result<CurrentToken> {
        let current = self.obtain(key, session, request).await?;
        self.learn(key, session, request).await;
        Ok(current)
    }

    async fn obtain(
        &self,
        key: &TokenKey,
        session: &Arc<Session>,
        request: &TokenRequest,
    ) -> Result<CurrentToken> {
        self.loaded.get_or_try_init(|| self.load()).await?;
        let (entry, in_flight) = {
            let mut entries = self.entries();
            admit(&entries, key, &request.user, self.context.clock.now())?;
            let entry = entries.entry(key.name()).or_default();
            let mut state = entry.lock();
            state.family.get_or_insert_with(|| family(key));
            if let Some(answer) = state.answer(request, self.context.clock.now()) {
                return answer;
            }
            let running = state.in_flight.clone().filter(|in_flight| in_flight.peek().is_none());
            let in_flight = running.unwrap_or_else(|| {
                let in_flight =
                    self.start_mint(key.clone(), Arc::clone(session), Arc::clone(entry), request.clone());
                state.in_flight.insert(in_flight).clone()
            });
            (Arc::clone(entry), in_flight)
        };
        let Ok(minted) = self.with_patience(&entry, in_flight.clone()).await else {
            let (references, user) = (self.context.references.clone(), request.user.clone());
            tokio::spawn(in_flight.map(move |_| references.wake(&user)));
            return entry.lock().meanwhile(request, self.context.clock.now());
        };
        entry.lock().after(request, self.context.clock.now(), minted)
    }

    /// The outcome of a mint; an error when it takes long and there is a token that works: whoever has a Secret to put back or to
    /// remove does not wait for AWS.
    async fn with_patience(
        &self,
        entry: &TokenEntry,
        in_flight: InFlightMint,
    ) -> Result<MintOutcome, Elapsed> {
        if entry.lock().works(self.context.clock.now()) {
            return tokio::time::timeout(PATIENCE, in_flight).await;
        }
        Ok(in_flight.await)
    }

    /// Keeps with the token what only this user knows of its origin: a restart finds the addresses there.
    async fn learn(&self, key: &TokenKey, session: &Session, request: &TokenRequest) {
        let Some(entry) = self.entries().get(&key.name()).cloned() else { return };
        let Some(more) = entry.lock().learn(&origin(key, session, request)) else { return };
        let saved =
            token_store::save(&self.context, key, &session.identity_arn, StoredToken::clone(&more)).await;
        match saved {
            Ok(kept) => entry.lock().learned(&more, Arc::new(kept)),
            Err(error) => {
                tracing::debug!(%error, "the addresses of a domain could not be kept");
                entry.lock().unlearn(&request.addresses);
            }
        }
    }

    /// The token that a login holds, known from the token's life, while AWS cannot say who signs in. The source and the domain must be
    /// those of the login as it is declared now.
    pub(super) async fn known(
        &self,
        source: &str,
        domain: &DomainKey,
        life: Life,
    ) -> Result<Option<Arc<StoredToken>>> {
        self.loaded.get_or_try_init(|| self.load()).await?;
        let now = self.context.clock.now();
        let fits = |kept: &Arc<StoredToken>| {
            let Origin { source: minted_by, domain: minted_for, addresses: _ } = &kept.origin;
            minted_by == source && minted_for.in_aws() == domain.in_aws()
        };
        let entries = self.entries();
        let kept = entries.values().filter_map(|entry| entry.lock().kept.clone().filter(fits));
        Ok(kept.filter(|_| life.valid(now)).find_map(|kept| kept.of_life(life)))
    }

    /// The user uses the tokens of these keys and no others.
    pub(super) fn release_others(&self, user: &ObjectId, keys: &HashSet<String>) {
        for (_, entry) in self.entries().iter().filter(|(name, _)| !keys.contains(*name)) {
            entry.lock().retain_users(|known| known != user);
        }
    }

    /// These users use no token any more.
    pub(super) fn release(&self, gone: impl Fn(&ObjectId) -> bool) {
        for entry in self.entries().values() {
            entry.lock().retain_users(|known| !gone(known));
        }
    }

    /// Mints in a task of its own, so that nobody who stops waiting takes the token from the others.
    fn start_mint(
        &self,
        key: TokenKey,
        session: Arc<Session>,
        entry: Arc<TokenEntry>,
        request: TokenRequest,
    ) -> InFlightMint {
        let this = self.clone();
        let work = tokio::spawn(async move {
            let minted = this.renew(&key, &session, &entry, &request).await;
            this.record(&entry, &request, minted)
        });
        let metrics = self.context.metrics.clone();
        let ended = work.map(move |ended| {
            ended.unwrap_or_else(|_| {
                metrics.panicked();
                Err(Arc::new(Error::Internal("minting a token panicked".into())))
            })
        });
        ended.boxed().shared()
    }

    /// Mint, then keep; the token is given to nobody before that.
    async fn renew(
        &self,
        key: &TokenKey,
        session: &Session,
        entry: &TokenEntry,
        request: &TokenRequest,
    ) -> Result<StoredToken> {
        let now = self.context.clock.now();
        let unsaved = entry.lock().unsaved.take();
        let token = match unsaved.filter(|token| token.life.valid(now)) {
            Some(token) => token,
            None => self.mint(key, session).await?,
        };
        let previous = entry.lock().kept.as_ref().map(|old| old.token.clone());
        let previous = previous.filter(|old| old.id != token.id && old.life.valid(now));
        let origin = origin(key, session, request);
        let stored = StoredToken { token: token.clone(), previous, version: None, origin };
        let kept = token_store::save(&self.context, key, &session.identity_arn, stored).await;
        if kept.is_err() {
            entry.lock().unsaved = Some(token);
        }
        kept
    }

    fn record(
        &self,
        entry: &TokenEntry,
        request: &TokenRequest,
        minted: Result<StoredToken>,
    ) -> Result<Arc<StoredToken>, Arc<Error>> {
        match minted {
            Ok(kept) => {
                let kept = Arc::new(kept);
                let now = self.context.clock.now();
                let sharers = entry.lock().succeeded(Arc::clone(&kept), request, now);
                self.wake(sharers);
                Ok(kept)
            }
            Err(error) => {
                let error = Arc::new(error);
                let (expired, now) = (request.expired, self.context.clock.now());
                entry.lock().failed(Arc::clone(&error), expired, now, fastrand::f64());
                Err(error)
            }
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Arc<TokenEntry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn origin(key: &TokenKey, session: &Session, request: &TokenRequest) -> Origin {
    Origin {
        source: session.source.clone(),
        domain: key.domain.clone(),
        addresses: request.addresses.clone(),
    }
}

#[cfg(test)]
mod tests;
