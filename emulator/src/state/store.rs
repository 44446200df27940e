//! The present state, and earlier ones for as long as a fault wants reads to lag.

use super::{Settings, State};
use crate::error::Result;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;

const KEPT: usize = 10_000;

/// The state and its recent past.
pub(crate) struct Store {
    current: State,
    /// Earlier states, each with the time until which it was the present one.
    past: VecDeque<(Timestamp, State)>,
    keeps_past: bool,
}

impl Store {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { current: State::new(Arc::new(settings)), past: VecDeque::new(), keeps_past: false }
    }

    pub(crate) fn current(&self) -> &State {
        &self.current
    }

    /// For reads that count something on the way, and for control routes.
    pub(crate) fn current_mut(&mut self) -> &mut State {
        &mut self.current
    }

    /// Let a call change a copy of the state, and keep the copy when the call succeeds.
    pub(crate) fn change<T>(
        &mut self,
        now: Timestamp,
        call: impl FnOnce(&mut State) -> Result<T>,
    ) -> Result<T> {
        let mut changed = self.current.clone();
        let answer = call(&mut changed)?;
        let former = std::mem::replace(&mut self.current, changed);
        if self.keeps_past {
            if self.past.len() == KEPT {
                self.past.pop_front();
            }
            self.past.push_back((now, former));
        }
        Ok(answer)
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
