//! Faults on demand: what goes wrong, for which calls, how often.

use crate::error::Error;
use crate::glob;
use crate::perform::Access;
use http::StatusCode;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
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
}

/// One fault as the control route takes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(default, rename = "match")]
    matching: Match,
    fault: FaultSpec,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
}

/// Which calls. Each member is a pattern with `*` and `?`; one left out matches all.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Match {
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<String>,
}

/// What goes wrong: exactly one of these members (`retryAfter` and `message` go with `error`).
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FaultSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay: Option<SignedDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stale_reads: Option<SignedDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_after_write: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<bool>,
}

/// A checked [`FaultSpec`].
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
}

/// What a fault is matched against.
pub(crate) struct Subject<'a> {
    pub(crate) operation: &'a str,
    pub(crate) domain: Option<&'a str>,
    pub(crate) repositories: &'a [String],
    pub(crate) principal: Option<&'a str>,
    pub(crate) access: Access,
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

    /// Put this list in place of the old one; held calls are let go.
    pub(crate) fn replace(&self, rules: Vec<Rule>, seed: u64) -> Result<(), String> {
        let faults = rules.into_iter().map(Armed::try_from).collect::<Result<Vec<_>, _>>()?;
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
    pub(crate) fn pick(&self, subject: &Subject<'_>) -> Option<Fired> {
        let generation = self.generation.subscribe();
        let List { faults, chance } = &mut *self.lock();
        let fault = faults.iter_mut().find(|fault| {
            fault.applies_to(subject)
                && fault.rule.probability.is_none_or(|probability| chance.f64() < probability)
        })?;
        fault.fired += 1;
        Some(Fired { effect: fault.effect.clone(), held: fault.held.clone(), generation })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Armed {
    fn applies_to(&self, subject: &Subject<'_>) -> bool {
        let Match { operation, domain, repository, principal } = &self.rule.matching;
        let suits = |pattern: &Option<String>, value: Option<&str>| {
            pattern.as_ref().is_none_or(|pattern| value.is_some_and(|value| glob::matches(pattern, value)))
        };
        let is_about = |pattern: &Option<String>| {
            let suits = |pattern: &str| subject.repositories.iter().any(|name| glob::matches(pattern, name));
            pattern.as_deref().is_none_or(suits)
        };
        let fits_access = match self.effect {
            Effect::StaleReads(_) => subject.access == Access::Read,
            Effect::FailAfterWrite => subject.access != Access::Read,
            _ => true,
        };
        fits_access
            && self.rule.times.is_none_or(|times| self.fired < times)
            && suits(operation, Some(subject.operation))
            && suits(domain, subject.domain)
            && is_about(repository)
            && suits(principal, subject.principal)
    }
}

impl TryFrom<Rule> for Armed {
    type Error = String;

    fn try_from(rule: Rule) -> Result<Self, String> {
        let effect = Effect::try_from(&rule.fault)?;
        if rule.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err("probability must be from 0 to 1".into());
        }
        Ok(Self { rule, effect, fired: 0, held: Arc::default() })
    }
}

impl TryFrom<&FaultSpec> for Effect {
    type Error = String;

    fn try_from(spec: &FaultSpec) -> Result<Self, String> {
        let error = spec.error.clone().map(|code| {
            let message = spec.message.clone().unwrap_or_else(|| "A fault was asked for".into());
            let mut error = Error::new(code, message);
            error.retry_after_seconds = spec.retry_after;
            Ok(Self::Error(error))
        });
        let status = spec
            .status
            .map(|status| StatusCode::from_u16(status).map(Self::Status).map_err(|error| error.to_string()));
        let delay = spec
            .delay
            .map(|delay| Duration::try_from(delay).map(Self::Delay).map_err(|error| error.to_string()));
        let flag = |flag: Option<bool>, effect: Self| flag.filter(|on| *on).map(|_| Ok(effect));
        let given = [
            error,
            status,
            delay,
            flag(spec.disconnect, Self::Disconnect),
            spec.stale_reads.map(|lag| Ok(Self::StaleReads(lag))),
            flag(spec.fail_after_write, Self::FailAfterWrite),
            flag(spec.hold, Self::Hold),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(effect), None) => effect,
            _ => Err("a fault needs exactly one of error, status, delay, disconnect, staleReads, \
                      failAfterWrite, hold"
                .into()),
        }
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
