//! The present state, and earlier ones for as long as a fault wants reads to lag.

use super::ledger::{Ledger, LedgerError, Unsaved};
use super::{Settings, State};
use crate::clock::Setting;
use crate::error::Error;
use crate::events::{Events, Happened};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

const KEPT: usize = 10_000;

/// The state and its recent past.
pub(crate) struct Store {
    current: State,
    /// Earlier states, each with the time until which it was the present one.
    past: VecDeque<(Timestamp, State)>,
    keeps_past: bool,
    ledger: Option<Ledger>,
    /// What EventBridge would be sent.
    pub(crate) events: Events,
}

impl Store {
    /// Empty, or with what a state file has; then also how the clock stands.
    pub(crate) fn open(settings: Settings, file: Option<&Path>) -> Result<(Self, Setting), LedgerError> {
        let mut current = State::new(Arc::new(settings));
        let opened = file.map(|path| Ledger::open(path, &mut current)).transpose()?;
        let (ledger, clock) = opened.unzip();
        let store =
            Self { current, past: VecDeque::new(), keeps_past: false, ledger, events: Events::default() };
        Ok((store, clock.unwrap_or_default()))
    }

    pub(crate) fn current(&self) -> &State {
        &self.current
    }

    /// Let all pending changes happen whose time has come, each at its own time.
    pub(crate) fn settle(&mut self, now: Timestamp) -> Result<(), Unsaved> {
        while let Some(due) = self.current.next_due(now) {
            let mut changed = self.current.clone();
            changed.let_next_come();
            self.keep(changed, due)?;
        }
        Ok(())
    }

    /// Let a call change a copy of the state, and keep the copy when the call succeeds. Once this
    /// returns, the change is in the state file, if there is one.
    pub(crate) fn change<T, E: From<Unsaved>>(
        &mut self,
        now: Timestamp,
        call: impl FnOnce(&mut State) -> Result<T, E>,
    ) -> Result<T, E> {
        self.settle(now)?;
        let mut changed = self.current.clone();
        let answer = call(&mut changed)?;
        self.keep(changed, now)?;
        Ok(answer)
    }

    fn keep(&mut self, mut changed: State, now: Timestamp) -> Result<(), Unsaved> {
        let happened = Happened::between(&self.current, &changed);
        let first = changed.last_event + 1;
        changed.last_event += happened.len() as u64;
        if let Some(ledger) = &mut self.ledger {
            ledger.commit(&self.current, &changed)?;
        }
        for (sequence, happened) in (first..).zip(happened) {
            self.events.append(happened, now, sequence);
        }
        let former = std::mem::replace(&mut self.current, changed);
        if self.keeps_past {
            if self.past.len() == KEPT {
                self.past.pop_front();
            }
            self.past.push_back((now, former));
        }
        Ok(())
    }

    /// Keep how the clock stands.
    pub(crate) fn record_clock(&self, clock: Setting) -> Result<(), Unsaved> {
        self.ledger.iter().try_for_each(|ledger| ledger.record_clock(clock))
    }

    /// The state as it was `lag` ago, or when the lag was asked for, if that is later.
    pub(crate) fn as_of(&self, now: Timestamp, lag: SignedDuration) -> State {
        let then = now.saturating_sub(lag).unwrap_or(Timestamp::MIN);
        let past = self.past.iter().find(|(until, _)| *until > then);
        let mut state = past.map_or(&self.current, |(_, state)| state).clone();
        // Who calls, and with which token, is never a matter of lag.
        state.principals.clone_from(&self.current.principals);
        state.tokens.clone_from(&self.current.tokens);
        state
    }

    /// Start or stop keeping earlier states.
    pub(crate) fn keep_past(&mut self, keep: bool) {
        self.keeps_past = keep;
        if !keep {
            self.past.clear();
        }
    }
}

impl From<Unsaved> for Error {
    fn from(unsaved: Unsaved) -> Self {
        Self::new("InternalFailure", unsaved.to_string())
    }
}
