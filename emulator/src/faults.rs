//! Faults on demand: what goes wrong, for which calls, how often.

mod spec;

pub(crate) use spec::Rule;

use crate::call::{Access, Subject};
use crate::data::names::PYPI_GET_FILE;
use crate::error::Error;
use crate::glob;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use spec::Match;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The list of faults in force. The first that matches and fires decides.
pub(crate) struct Faults {
    list: Mutex<List>,
    /// Counts replacements of the list; held calls wait for the next.
    generation: watch::Sender<u64>,
}

struct List {
    faults: Vec<Armed>,
    chance: fastrand::Rng,
}

struct Armed {
    rule: Rule,
    effect: Effect,
    fired: u64,
    held: Arc<AtomicUsize>,
    /// When the import of each version began.
    imports: BTreeMap<String, Timestamp>,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Error(Error),
    Status(StatusCode),
    /// Real time, so that it works while the emulator's clock stands anywhere.
    Delay(Duration),
    Disconnect,
    /// On the emulator's clock, so that moving it ends the lag.
    StaleReads(SignedDuration),
    FailAfterWrite,
    Hold,
    /// How long an import takes on the emulator's clock, from the first request for the version on.
    NotYetImported(SignedDuration),
}

impl Effect {
    /// Whether the effect can apply to calls of that name and access.
    fn applies(&self, name: &str, access: Access) -> bool {
        match self {
            Self::NotYetImported(_) => name == PYPI_GET_FILE,
            Self::StaleReads(_) => access == Access::Read,
            Self::FailAfterWrite => access != Access::Read,
            _ => true,
        }
    }
}

/// A fault that hits this call.
pub(crate) struct Fired {
    pub(crate) effect: Effect,
    held: Arc<AtomicUsize>,
    generation: watch::Receiver<u64>,
}

/// A fault as the control route shows it.
#[derive(Serialize)]
pub(crate) struct Shown {
    #[serde(flatten)]
    rule: Rule,
    fired: u64,
    held: usize,
}

impl Faults {
    pub(crate) fn new() -> Self {
        let list = List { faults: Vec::new(), chance: fastrand::Rng::with_seed(0) };
        Self { list: Mutex::new(list), generation: watch::Sender::new(0) }
    }

    /// Put this list in place of the old one; held calls are let go. `names` are those that calls can have.
    pub(crate) fn replace(
        &self,
        rules: Vec<Rule>,
        seed: u64,
        names: &[(&str, Access)],
    ) -> Result<(), String> {
        let armed = |(at, rule)| Armed::new(rule, names).map_err(|why| format!("fault {}: {why}", at + 1));
        let faults = rules.into_iter().enumerate().map(armed).collect::<Result<Vec<_>, _>>()?;
        *self.lock() = List { faults, chance: fastrand::Rng::with_seed(seed) };
        self.generation.send_modify(|generation| *generation += 1);
        Ok(())
    }

    /// Whether reads may have to lag, so that old states must be kept.
    pub(crate) fn make_reads_stale(&self) -> bool {
        self.lock().faults.iter().any(|fault| matches!(fault.effect, Effect::StaleReads(_)))
    }

    pub(crate) fn show(&self) -> Vec<Shown> {
        let show = |fault: &Armed| Shown {
            rule: fault.rule.clone(),
            fired: fault.fired,
            held: fault.held.load(Ordering::SeqCst),
        };
        self.lock().faults.iter().map(show).collect()
    }

    /// The first fault that matches and fires.
    pub(crate) fn pick(&self, subject: &Subject<'_>, now: Timestamp) -> Option<Fired> {
        let generation = self.generation.subscribe();
        let List { faults, chance } = &mut *self.lock();
        let fault = faults.iter_mut().find_map(|fault| {
            let fires = fault.applies_to(subject)
                && fault.rule.probability.is_none_or(|probability| chance.f64() < probability)
                && fault.is_under_way(subject, now);
            fires.then_some(fault)
        })?;
        fault.fired += 1;
        Some(Fired { effect: fault.effect.clone(), held: fault.held.clone(), generation })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Armed {
    fn new(rule: Rule, names: &[(&str, Access)]) -> Result<Self, String> {
        Ok(Self {
            effect: rule.effect(names)?,
            rule,
            fired: 0,
            held: Arc::default(),
            imports: BTreeMap::new(),
        })
    }

    /// Whether the import of the call's version is still under way. The first call begins the import.
    fn is_under_way(&mut self, subject: &Subject<'_>, now: Timestamp) -> bool {
        let Effect::NotYetImported(lag) = self.effect else { return true };
        let Some(version) = subject.imports else { return false };
        let begun = *self.imports.entry(version.to_owned()).or_insert(now);
        now.duration_since(begun) < lag
    }

    fn applies_to(&self, subject: &Subject<'_>) -> bool {
        let Match { operation, domain, repository, principal } = &self.rule.matching;
        let suits = |pattern: &Option<String>, value: Option<&str>| {
            pattern.as_ref().is_none_or(|pattern| value.is_some_and(|value| glob::matches(pattern, value)))
        };
        let is_about = |pattern: &Option<String>| {
            let suits = |pattern: &str| subject.repositories.iter().any(|name| glob::matches(pattern, name));
            pattern.as_deref().is_none_or(suits)
        };
        self.effect.applies(subject.operation, subject.access)
            && self.rule.times.is_none_or(|times| self.fired < times)
            && suits(operation, Some(subject.operation))
            && suits(domain, subject.domain)
            && is_about(repository)
            && suits(principal, subject.principal)
    }
}

impl Fired {
    /// Wait until the list of faults is replaced. Dropping the future (the caller hung up) ends
    /// the hold too.
    pub(crate) async fn hold(mut self) {
        let _counted = Counted::new(self.held);
        // An error means that the emulator itself is gone; nothing is left to wait for.
        if self.generation.changed().await.is_err() {
            tracing::debug!("stopped while a call was held");
        }
    }
}

/// Counts one held call for as long as it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(counter: Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(counter)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
