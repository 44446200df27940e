//! Runs one kind: watches feed its queue, workers take from it, each outcome is published once.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use jiff::SignedDuration;
use kube::{Resource, ResourceExt};
use tokio::task::JoinSet;
use tracing::Instrument;

use super::change::{account, asks_for_work, concerns_sharers, concerns_users, holds, targets};
use super::events::Events;
use super::malformed::Reports;
use super::publish::Publisher;
use super::queue::{Queue, Urgency};
use super::streaks::Streaks;
use super::summary::{Circumstances, summarize};
use super::watch::Change;
use super::{Context, Controlled, Done, Note, ObjectKey, Reconciler, Report, Target, cache::Cache, requeue};
use crate::api::{CommonStatus, RECONCILE_AT};
use crate::error::{Error, Outlook, Reason, Result};
use crate::ops::Outcome;

/// Everything that runs one kind.
#[derive(Debug)]
pub struct Controller<R: Reconciler> {
    reconciler: R,
    context: Context,
    cache: Cache<R::Object>,
    queue: Queue,
    publisher: Publisher<R::Object>,
    events: Events,
    streaks: Streaks,
    malformed: Reports<R::Object>,
}

impl<R: Reconciler> Controller<R> {
    /// A controller over the cache of its kind. `share` is how many objects of one AwsAccount are worked on at once.
    pub fn new(
        reconciler: R,
        (context, events): (Context, Events),
        cache: Cache<R::Object>,
        share: usize,
    ) -> Arc<Self> {
        let queue = context.hub.queue(R::Object::KIND);
        let known = cache.clone();
        let accounts = context.caches.accounts.clone();
        queue.share_out(share, move |key| {
            let account = account(known.get(key)?.as_ref())?;
            // Names that somebody invented share one line of work.
            accounts.get(&ObjectKey::new("", account.as_str())).is_some().then_some(account)
        });
        let publisher = Publisher::new(context.client.clone(), context.hub.clone(), cache.clone());
        let (streaks, malformed) = (Streaks::default(), Reports::new(&context));
        Arc::new(Self { reconciler, context, cache, queue, publisher, events, streaks, malformed })
    }

    /// Takes in what the watch of this kind showed.
    pub fn observe(&self, change: Change<R::Object>) {
        match change {
            Change::Applied { before, now, initial } => self.applied(before.as_deref(), &now, initial),
            Change::Removed(key, known) => {
                let object = Target::new(R::Object::KIND, key);
                self.queue.forget(&object.key);
                self.streaks.forget(&object.key);
                self.reconciler.forget(&object.key);
                self.wake_deleted(&self.context.hub.forget(&object));
                self.context.hub.changed(&object);
                if let Some(shared) = known.and_then(|known| known.shared()) {
                    self.context.hub.changed_by(&object, &shared);
                }
            }
            Change::Malformed(key, why) => self.malformed(key, why),
        }
    }

    /// Works until the operator stops, then waits for what is being worked on.
    pub async fn run(self: Arc<Self>) {
        let mut work = JoinSet::new();
        loop {
            let key = tokio::select! {
                biased;
                () = self.context.stop.cancelled() => break,
                key = self.queue.next() => key,
            };
            let this = Arc::clone(&self);
            work.spawn(async move {
                let _done = Handed { queue: &this.queue, key: &key };
                this.work(&key).await;
            });
            while work.try_join_next().is_some() {}
        }
        while work.join_next().await.is_some() {}
    }

    fn applied(&self, before: Option<&R::Object>, now: &Arc<R::Object>, initial: bool) {
        let object = Target::new(R::Object::KIND, ObjectKey::of(now.as_ref()));
        self.wake_deleted(&self.context.hub.relate(&object, targets(now.as_ref())));
        if concerns_users(before, now.as_ref()) {
            self.context.hub.changed(&object);
        }
        if let Some(shared) = concerns_sharers(before, now.as_ref()) {
            self.context.hub.changed_by(&object, &shared);
        }
        if before.is_none_or(|before| asks_for_work(before, now)) {
            if initial {
                self.queue.push(object.key, Urgency::Routine);
            } else {
                self.queue.ask(object.key, Urgency::Now);
            }
        }
    }

    /// What is not referred to any more may have waited for that to go.
    fn wake_deleted(&self, targets: &[Target]) {
        for target in targets.iter().filter(|target| self.context.caches.is_deleted(target)) {
            self.context.hub.wake(target);
        }
    }

    async fn work(&self, key: &ObjectKey) {
        let Some(object) = self.cache.get(key) else { return };
        let deleting = object.meta().deletion_timestamp.is_some();
        if deleting && !holds(object.as_ref()) && !self.reconciler.minds_others_finalizers() {
            return;
        }
        let span = tracing::info_span!("reconcile", kind = R::Object::KIND.as_str(), object = %key, generation = object.meta().generation);
        async {
            let started = std::time::Instant::now();
            let outcome = self.reconcile(&object, deleting).await;
            self.context.metrics.reconciled(R::Object::KIND, Outcome::of(&outcome), started.elapsed());
            if let Err(error @ (Error::Kube(_) | Error::KubeTimeout(_) | Error::Internal(_))) = &outcome {
                tracing::warn!(%error, "the pass could not be finished");
            }
            self.schedule(key, &outcome, &object);
        }
        .instrument(span)
        .await;
    }

    /// One pass, from the object to its published outcome.
    async fn reconcile(&self, object: &Arc<R::Object>, deleting: bool) -> Result<Done> {
        if object.suspended() && !deleting {
            let report = self.reconciler.while_suspended(object, &self.context).await;
            return self.publish(object, report, deleting).await;
        }
        if !deleting && !holds(object.as_ref()) && self.reconciler.needs_finalizer(object) {
            self.publisher.add_finalizer(object).await?;
        }
        // Writing the finalizer made a newer version of the object.
        let object = self.cache.get(&ObjectKey::of(object.as_ref())).unwrap_or_else(|| Arc::clone(object));
        let report = self.guarded(&object).await;
        self.publish(&object, report, deleting).await
    }

    /// A panic in one reconcile is that object's error and nobody else's.
    async fn guarded(&self, object: &Arc<R::Object>) -> Report<<R::Object as Controlled>::Status> {
        let work = self.reconciler.reconcile(Arc::clone(object), &self.context);
        AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
            self.context.metrics.panicked();
            Report {
                status: object.status().cloned().unwrap_or_default(),
                outcome: Err(Error::Internal("the reconcile panicked".into())),
                notes: Vec::new(),
            }
        })
    }

    /// The one exit: status or finalizer, then events. What was done is told even when the write fails: no later pass
    /// finds it to do. A failure is told by the pass that could write it.
    async fn publish(
        &self,
        object: &R::Object,
        report: Report<<R::Object as Controlled>::Status>,
        deleting: bool,
    ) -> Result<Done> {
        let Report { status, outcome, notes } = report;
        if made_progress(&outcome, &notes) {
            self.streaks.forget(&ObjectKey::of(object));
        }
        notes.iter().for_each(log);
        let gone = deleting && outcome.as_ref().is_ok_and(|done| done.gone);
        let (written, failure) = if gone {
            (self.let_go(object).await, None)
        } else {
            self.write_status(object, status, &outcome).await
        };
        for note in notes.iter().chain(failure.iter().filter(|_| written.is_ok())) {
            self.events.tell(object, note).await;
        }
        written.and(outcome)
    }

    async fn let_go(&self, object: &R::Object) -> Result<()> {
        if holds(object) { self.publisher.remove_finalizer(object).await } else { Ok(()) }
    }

    /// Writes the status. Returns also what is to be told of a new failure.
    async fn write_status(
        &self,
        object: &R::Object,
        mut status: <R::Object as Controlled>::Status,
        outcome: &Result<Done>,
    ) -> (Result<()>, Option<Note>) {
        let now = self.context.clock.now();
        let of = circumstances(object, self.streaks.denied_for(&ObjectKey::of(object), outcome, now));
        let before = object.status().map(R::Object::common).cloned().unwrap_or_default();
        let common = summarize(&before, &of, outcome, now);
        let failure = new_failure(&before, &common, outcome);
        failure.iter().for_each(log);
        *R::Object::common_mut(&mut status) = common;
        let written = self.publisher.status(object, &status).await;
        if let Ok(true) = written {
            self.context.metrics.kubernetes_write(R::Object::KIND.as_str());
        }
        (written.map(drop), failure)
    }

    fn schedule(&self, key: &ObjectKey, outcome: &Result<Done>, object: &R::Object) {
        let now = self.context.clock.now();
        let failures = self.streaks.count(key, object.meta().generation, outcome, now);
        let interval = self.reconciler.interval(object);
        self.queue.set_timer(key.clone(), requeue::next(outcome, failures, interval, now, fastrand::f64()));
    }

    fn malformed(&self, key: ObjectKey, why: String) {
        tracing::warn!(kind = R::Object::KIND.as_str(), object = %key, %why, "object cannot be read");
        self.malformed.push(key, why);
    }
}

/// An object that a worker has been given; however the worker ends, the queue is told.
struct Handed<'a> {
    queue: &'a Queue,
    key: &'a ObjectKey,
}

impl Drop for Handed<'_> {
    fn drop(&mut self) {
        self.queue.done(self.key);
    }
}

/// Whether a pass did something before it met what may work the next time: it goes on soon, however often that happens.
fn made_progress(outcome: &Result<Done>, notes: &[Note]) -> bool {
    outcome.as_ref().is_err_and(|error| matches!(error.outlook(), Outlook::Retrying(_)))
        && notes.iter().any(|note| !note.warning)
}

/// One warning for a new failure, not one for each retry.
fn new_failure(before: &CommonStatus, now: &CommonStatus, outcome: &Result<Done>) -> Option<Note> {
    let Err(error) = outcome else { return None };
    let said = |status| super::summary::ready(status).map(|ready| (&ready.reason, &ready.message));
    // Waiting for something that is declared too is how things start, in whatever order they are applied.
    let ordinary = error.outlook() == Outlook::Waiting && error.reason() != Reason::DeletionBlocked;
    let new = !ordinary && said(before) != said(now);
    new.then(|| Note::warning(error.reason(), error.to_string()))
}

fn circumstances<K: Controlled>(object: &K, denied_for: SignedDuration) -> Circumstances {
    Circumstances {
        generation: object.meta().generation,
        reconcile_at: object.annotations().get(RECONCILE_AT).cloned(),
        denied_for,
    }
}

fn log(note: &Note) {
    if note.warning {
        tracing::warn!(reason = note.reason.as_str(), "{}", note.message);
    } else {
        tracing::info!(reason = note.reason.as_str(), "{}", note.message);
    }
}
