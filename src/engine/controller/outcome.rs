//! Writes the outcome of a reconcile: the status or the finalizer, and then events.

use std::time::Instant;

use jiff::SignedDuration;
use kube::{Resource, ResourceExt};

use super::{Controller, StatusReport, is_deleting};
use crate::api::{CommonStatus, ObjectStatus, RECONCILE_AT};
use crate::engine::object::{Controlled, EventRecord, ObjectKey, Report, Success};
use crate::engine::queue::finished::Finished;
use crate::engine::reconciler::Reconciler;
use crate::engine::status::publish::is_invalid;
use crate::engine::status::summary::{StatusInput, ready, released, summarize};
use crate::engine::watching::change::has_finalizer;
use crate::error::{Error, Result};
use crate::ops::Outcome;
use crate::reason::{Outlook, Reason};
use kube::core::object::HasStatus;

/// How many characters of a refusal an event tells, so that what to do next has room in it.
const LONGEST_CAUSE: usize = 500;

impl<R: Reconciler> Controller<R> {
    /// Writes the outcome of a finished reconcile.
    pub(in crate::engine) async fn finish(&self, finished: Box<Finished<R::Object>>) {
        let started = Instant::now();
        let Finished { object, report, took } = *finished;
        let outcome = self.publish(&object, report).await;
        self.conclude(&object, &outcome, took.saturating_add(started.elapsed()));
    }

    /// The one exit: status or finalizer, then events. What was done is told even when the write fails: no later reconcile
    /// finds it to do. A failure is told by the reconcile that could write it.
    async fn publish(&self, object: &R::Object, report: StatusReport<R>) -> Result<Success> {
        let Report { status, outcome, events } = report;
        if made_progress(&outcome, &events) {
            self.failures.forget(&ObjectKey::of(object));
        }
        events.iter().for_each(log);
        let gone = is_deleting(object) && outcome.as_ref().is_ok_and(|done| done.gone);
        let first = !self.failures.are_denied(&ObjectKey::of(object), object.meta().generation);
        let (written, failure) = if gone {
            (self.let_go(object, status).await, None)
        } else {
            self.write_status(object, status, &outcome).await
        };
        let failure = failure.filter(|failure| written.is_ok() && !is_told(failure, &events));
        let unwritten = written.as_ref().err().filter(|_| first).and_then(unwritten_status);
        for event in events.iter().chain(&failure).chain(&unwritten) {
            self.events.publish(object, event).await;
        }
        written.and(outcome)
    }

    /// Takes our finalizer off, where the kind has one. An object that finalizers of others keep says first that nothing stands
    /// behind it any more.
    async fn let_go(&self, object: &R::Object, mut status: <R::Object as HasStatus>::Status) -> Result<()> {
        let ours = has_finalizer(object);
        if object.finalizers().len() == usize::from(ours) {
            return if ours { self.publisher.remove_finalizer(object).await } else { Ok(()) };
        }
        let before = object.status().map(ObjectStatus::common).cloned().unwrap_or_default();
        let of = circumstances(object, SignedDuration::ZERO);
        *status.common_mut() = released(&before, &of, self.context.clock.now());
        self.publisher.status(object, &status).await?;
        if !ours {
            return Ok(());
        }
        let key = ObjectKey::of(object);
        let newest = self.cache.get(&key).filter(|newest| newest.uid() == object.uid());
        self.publisher.remove_finalizer(newest.as_deref().unwrap_or(object)).await
    }

    /// Writes the status. Returns also what is to be told of a new failure.
    async fn write_status(
        &self,
        object: &R::Object,
        mut status: <R::Object as HasStatus>::Status,
        outcome: &Result<Success>,
    ) -> (Result<()>, Option<EventRecord>) {
        let now = self.context.clock.now();
        let of = circumstances(object, self.failures.denied_for(&ObjectKey::of(object), outcome, now));
        // The reconcile itself may have written a status.
        let newest = self.cache.get(&ObjectKey::of(object)).filter(|newest| newest.uid() == object.uid());
        let before = newest.as_deref().unwrap_or(object).status();
        let before = before.map(ObjectStatus::common).cloned().unwrap_or_default();
        let common = summarize(&before, &of, outcome, now);
        let failure = new_failure(&before, &common, outcome);
        failure.iter().for_each(log);
        *status.common_mut() = common;
        let written = self.publisher.status(object, &status).await;
        if let Ok(true) = written {
            self.context.metrics.kubernetes_write(R::Object::KIND.as_str());
        }
        (written.map(drop), failure)
    }
}

/// Whether a reconcile did something before it met what may work the next time: it goes on soon, however often that happens.
fn made_progress(outcome: &Result<Success>, events: &[EventRecord]) -> bool {
    outcome.as_ref().is_err_and(|error| matches!(error.outlook(), Outlook::Retrying(_)))
        && events.iter().any(|event| !event.warning)
}

/// What to tell of a status that the API server finds unfit: the object itself cannot say it. It is told once, when the failures begin.
fn unwritten_status(error: &Error) -> Option<EventRecord> {
    let refused = is_invalid(error) && error.reason() == Reason::KubernetesRejected;
    let shorter = |said: String| match said.char_indices().nth(LONGEST_CAUSE) {
        Some((end, _)) => format!("{}…", said.get(..end).unwrap_or_default()),
        None => said,
    };
    refused.then(|| {
        let message = format!(
            "the status cannot be written, so that what it says is out of date: {}; if the CRDs are of another release than the operator, \
             let the chart's hook upgrade them (crds.upgradeHook), or run: codeartifact-operator crds | kubectl apply --server-side -f -",
            shorter(error.to_string())
        );
        EventRecord::warning(Reason::KubernetesRejected, message)
    })
}

/// Whether an event of the same reconcile already reports the failure, such as the removal of a Secret and the reason for it.
fn is_told(failure: &EventRecord, events: &[EventRecord]) -> bool {
    events.iter().any(|event| event.reason == failure.reason && event.message.contains(&failure.message))
}

/// One warning for a new failure or a new trouble, not one for each retry.
fn new_failure(before: &CommonStatus, now: &CommonStatus, outcome: &Result<Success>) -> Option<EventRecord> {
    let error = match outcome {
        Ok(done) => return new_trouble(before, done),
        Err(error) => error,
    };
    let said = |status| ready(status).map(|ready| (&ready.reason, &ready.message));
    // Waiting for something that is declared too is how things start, in whatever order they are applied.
    let ordinary = error.outlook() == Outlook::Waiting && error.reason() != Reason::DeletionBlocked;
    let new = !ordinary && said(before) != said(now);
    new.then(|| EventRecord::warning(error.reason(), error.to_string()))
}

/// The warning about an object that is ready and in trouble, when it was not in that trouble before.
fn new_trouble(before: &CommonStatus, done: &Success) -> Option<EventRecord> {
    let known = ready(before).is_some_and(|ready| ready.reason == done.reason.as_str());
    (done.reason.is_degraded() && !known).then(|| EventRecord::warning(done.reason, done.message.clone()))
}

fn circumstances<K: Controlled>(object: &K, denied_for: SignedDuration) -> StatusInput {
    StatusInput {
        generation: object.meta().generation,
        reconcile_at: object.annotations().get(RECONCILE_AT).cloned(),
        denied_for,
    }
}

fn log(note: &EventRecord) {
    if note.warning {
        tracing::warn!(reason = note.reason.as_str(), "{}", note.message);
    } else {
        tracing::info!(reason = note.reason.as_str(), "{}", note.message);
    }
}

/// What the metrics count a reconcile as.
pub(crate) fn counted(outcome: &Result<Success>) -> Outcome {
    match outcome {
        Ok(done) if done.gone => Outcome::Gone,
        Ok(done) if done.reason.is_degraded() => Outcome::Degraded,
        Ok(_) => Outcome::Synced,
        Err(Error::Internal(_)) => Outcome::InternalError,
        Err(error) => match error.outlook() {
            Outlook::Retrying(_) => Outcome::Retrying,
            Outlook::Waiting => Outcome::Waiting,
            Outlook::Denied => Outcome::Denied,
            Outlook::Stalled => Outcome::Stalled,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_an_event_tells_already_is_not_told_twice() {
        let lost = EventRecord::warning(Reason::GrantMissing, "no grant");
        let removed = EventRecord::warning(Reason::GrantMissing, "Secret a removed: no grant");
        assert!(is_told(&lost, std::slice::from_ref(&removed)));
        assert!(
            !is_told(&lost, &[]) && !is_told(&EventRecord::warning(Reason::AccessDenied, "no"), &[removed])
        );
    }

    #[test]
    fn a_status_that_the_api_server_finds_unfit_is_told_with_what_to_do() {
        let api = |code, message: String| {
            let status = kube::core::Status { code, message, ..kube::core::Status::default() };
            Error::from(kube::Error::Api(Box::new(status)))
        };
        let told = unwritten_status(&api(422, r#"Domain "acme" is invalid: status.arn: too long"#.into()));
        let told = told.unwrap();
        assert!(told.warning && told.reason == Reason::KubernetesRejected, "{told:?}");
        for word in
            ["status.arn: too long; ", "codeartifact-operator crds | kubectl apply --server-side -f -"]
        {
            assert!(told.message.contains(word), "{told:?}");
        }
        let long = unwritten_status(&api(422, "ä".repeat(5000))).unwrap().message;
        assert!(long.chars().count() < 1000 && long.ends_with("apply --server-side -f -"), "{long}");
        for other in [api(409, String::new()), api(403, String::new()), api(503, String::new())] {
            assert_eq!(unwritten_status(&other), None, "{other}");
        }
        assert_eq!(unwritten_status(&api(422, "denied the request by an AdmissionPolicy".into())), None);
    }

    #[test]
    fn a_trouble_is_warned_about_once() {
        let done =
            |reason, message: &str| Ok(Success { reason, ..Success::synced(message, SignedDuration::ZERO) });
        let failing = |message| done(Reason::RenewalFailing, message);
        let mut status = CommonStatus::default();
        let table = [
            (done(Reason::Issued, "works"), None),
            (failing("until noon"), Some("until noon")),
            (failing("until noon, and AWS says another word"), None),
            (done(Reason::Issued, "works"), None),
            (failing("until midnight"), Some("until midnight")),
        ];
        for (outcome, expected) in table {
            let now = summarize(&status, &StatusInput::default(), &outcome, jiff::Timestamp::UNIX_EPOCH);
            let told = new_failure(&status, &now, &outcome);
            let expected = expected.map(|message| EventRecord::warning(Reason::RenewalFailing, message));
            assert_eq!(told, expected, "{outcome:?}");
            status = now;
        }
    }

    #[test]
    fn a_login_that_cannot_be_renewed_counts_as_degraded() {
        let done = Success::synced("ok", SignedDuration::ZERO);
        let failing = Success { reason: Reason::RenewalFailing, ..done.clone() };
        let table = [
            (Ok(done), Outcome::Synced),
            (Ok(failing), Outcome::Degraded),
            (Ok(Success::gone()), Outcome::Gone),
            (Err(Error::Internal("x".into())), Outcome::InternalError),
            (Err(Error::waiting(Reason::NotFound, "x")), Outcome::Waiting),
            (Err(Error::invalid("spec.name", "x", "y")), Outcome::Stalled),
        ];
        for (outcome, expected) in table {
            assert_eq!(counted(&outcome), expected, "{outcome:?}");
        }
    }
}
