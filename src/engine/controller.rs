//! Runs one kind: watches feed its queue, workers take from it, each outcome is published once.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::hub::targets;
use super::publish::{Events, Publisher, report_malformed};
use super::queue::{Queue, Urgency};
use super::summary::{Circumstances, summarize};
use super::watch::Change;
use super::{Context, Controlled, Done, Note, ObjectKey, Reconciler, Report, Target, cache::Cache, requeue};
use crate::api::{FINALIZER, RECONCILE_AT, RENEW_AT};
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
    streaks: Mutex<HashMap<ObjectKey, Streak>>,
}

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default)]
struct Streak {
    failures: u32,
    denied_since: Option<Timestamp>,
}

impl<R: Reconciler> Controller<R> {
    /// A controller over the cache of its kind.
    pub fn new(reconciler: R, context: Context, cache: Cache<R::Object>) -> Arc<Self> {
        let queue = context.hub.queue(R::Object::KIND);
        let publisher = Publisher::new(context.client.clone(), context.hub.clone(), cache.clone());
        let events = Events::new(&context.client);
        Arc::new(Self { reconciler, context, cache, queue, publisher, events, streaks: Mutex::default() })
    }

    /// Takes in what the watch of this kind showed.
    pub fn observe(&self, change: Change<R::Object>) {
        match change {
            Change::Applied { before, now, initial } => self.applied(before.as_deref(), &now, initial),
            Change::Removed(key, known) => {
                let object = Target::new(R::Object::KIND, key);
                self.queue.forget(&object.key);
                self.streaks().remove(&object.key);
                self.context.hub.forget(&object);
                self.context.hub.changed(&object);
                self.wake_sharers(known.as_deref());
            }
            Change::Malformed(key, why) => self.malformed(key, why),
        }
    }

    /// Works until the operator stops, then waits for what is being worked on.
    pub async fn run(self: Arc<Self>, concurrency: usize) {
        let permits = Arc::new(Semaphore::new(concurrency));
        let mut work = JoinSet::new();
        loop {
            let permit = tokio::select! {
                biased;
                () = self.context.stop.cancelled() => break,
                permit = Arc::clone(&permits).acquire_owned() => permit,
            };
            let key = tokio::select! {
                biased;
                () = self.context.stop.cancelled() => break,
                key = self.queue.next() => key,
            };
            let this = Arc::clone(&self);
            work.spawn(async move {
                this.work(&key).await;
                this.queue.done(&key);
                drop(permit);
            });
            while work.try_join_next().is_some() {}
        }
        while work.join_next().await.is_some() {}
    }

    fn applied(&self, before: Option<&R::Object>, now: &Arc<R::Object>, initial: bool) {
        let object = Target::new(R::Object::KIND, ObjectKey::of(now.as_ref()));
        self.context.hub.relate(&object, targets(now.as_ref()));
        if before.is_none_or(|before| before.meta().generation != now.meta().generation) {
            self.wake_sharers(Some(now.as_ref()));
        }
        if before.is_none_or(|before| {
            before.meta().generation != now.meta().generation || before.status() != now.status()
        }) {
            self.context.hub.changed(&object);
        }
        if before.is_none_or(|before| asks_for_work(before, now)) {
            self.queue.push(object.key, if initial { Urgency::Routine } else { Urgency::Now });
        }
    }

    fn wake_sharers(&self, object: Option<&R::Object>) {
        if let Some(shared) = object.and_then(Controlled::shared) {
            self.context.hub.changed(&shared);
        }
    }

    async fn work(&self, key: &ObjectKey) {
        let Some(object) = self.cache.get(key) else { return };
        let deleting = object.meta().deletion_timestamp.is_some();
        if deleting && !holds(object.as_ref()) {
            return;
        }
        let span = tracing::info_span!("reconcile", kind = R::Object::KIND.as_str(), object = %key, generation = object.meta().generation);
        async {
            let started = std::time::Instant::now();
            let outcome = self.reconcile(&object, deleting).await;
            self.context.metrics.reconciled(R::Object::KIND, Outcome::of(&outcome), started.elapsed());
            self.schedule(key, &outcome, &object);
        }
        .instrument(span)
        .await;
    }

    /// One pass, from the object to its published outcome.
    async fn reconcile(&self, object: &Arc<R::Object>, deleting: bool) -> Result<Done> {
        if object.suspended() && !deleting {
            return Ok(Done::idle());
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
        AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Report {
            status: object.status().cloned().unwrap_or_default(),
            outcome: Err(Error::Internal("the reconcile panicked".into())),
            notes: Vec::new(),
        })
    }

    /// The one exit: events, status, finalizer.
    async fn publish(
        &self,
        object: &R::Object,
        report: Report<<R::Object as Controlled>::Status>,
        deleting: bool,
    ) -> Result<Done> {
        let Report { mut status, outcome, notes } = report;
        for note in &notes {
            log(note);
            self.events.tell(object, note).await;
        }
        if deleting && outcome.as_ref().is_ok_and(|done| done.gone) {
            self.publisher.remove_finalizer(object).await?;
            return outcome;
        }
        let now = self.context.clock.now();
        let of = circumstances(object, self.denied_for(&ObjectKey::of(object), &outcome, now));
        let before = object.status().map(R::Object::common).cloned().unwrap_or_default();
        let common = summarize(&before, &of, &outcome, now);
        self.warn_of_failure(object, &before, &common, &outcome).await;
        *R::Object::common_mut(&mut status) = common;
        if self.publisher.status(object, &status).await? {
            self.context.metrics.kubernetes_write(R::Object::KIND.as_str());
        }
        outcome
    }

    /// One warning for a new failure, not one for each retry.
    async fn warn_of_failure(
        &self,
        object: &R::Object,
        before: &crate::api::CommonStatus,
        common: &crate::api::CommonStatus,
        outcome: &Result<Done>,
    ) {
        let Err(error) = outcome else { return };
        let said =
            |status| super::summary::ready(status).map(|ready| (ready.reason.clone(), ready.message.clone()));
        // Waiting for something that is declared too is how things start, in whatever order they are applied.
        let ordinary = error.outlook() == Outlook::Waiting && error.reason() != Reason::DeletionBlocked;
        if ordinary || said(before) == said(common) {
            return;
        }
        let note = Note::warning(error.reason(), error.to_string());
        log(&note);
        self.events.tell(object, &note).await;
    }

    fn denied_for(&self, key: &ObjectKey, outcome: &Result<Done>, now: Timestamp) -> SignedDuration {
        let mut streaks = self.streaks();
        if let Err(error) = outcome {
            let streak = streaks.entry(key.clone()).or_default();
            streak.failures = streak.failures.saturating_add(1);
            let denied = error.outlook() == Outlook::Denied;
            streak.denied_since = denied.then(|| streak.denied_since.unwrap_or(now));
            streak.denied_since.map_or(SignedDuration::ZERO, |since| now.duration_since(since))
        } else {
            streaks.remove(key);
            SignedDuration::ZERO
        }
    }

    fn schedule(&self, key: &ObjectKey, outcome: &Result<Done>, object: &R::Object) {
        let failures = {
            let mut streaks = self.streaks();
            match outcome {
                Ok(_) => 0,
                // What failed before it was counted, such as writing the status, counts here.
                Err(_) => streaks
                    .entry(key.clone())
                    .or_insert(Streak { failures: 1, denied_since: None })
                    .failures
                    .max(1),
            }
        };
        let interval = self.reconciler.interval(object);
        self.queue.set_timer(
            key.clone(),
            requeue::next(outcome, failures, interval, self.context.clock.now(), fastrand::f64()),
        );
    }

    fn malformed(&self, key: ObjectKey, why: String) {
        tracing::warn!(kind = R::Object::KIND.as_str(), object = %key, %why, "object cannot be read");
        let (client, now) = (self.context.client.clone(), self.context.clock.now());
        tokio::spawn(async move {
            let error = Error::stalled(
                Reason::Malformed,
                format!("the object cannot be read: {why}; correct it or delete it"),
            );
            let common =
                summarize(&crate::api::CommonStatus::default(), &Circumstances::default(), &Err(error), now);
            let conditions = common
                .conditions
                .iter()
                .filter_map(|condition| serde_json::to_value(condition).ok())
                .collect();
            if let Err(error) =
                report_malformed::<R::Object>(&client, &key.namespace, &key.name, conditions).await
            {
                tracing::warn!(%error, object = %key, "could not report that an object cannot be read");
            }
        });
    }

    fn streaks(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectKey, Streak>> {
        self.streaks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether our finalizer is on the object.
fn holds<K: ResourceExt>(object: &K) -> bool {
    object.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
}

/// Whether the user, and not we ourselves, changed something.
fn asks_for_work<K: Controlled>(before: &K, now: &K) -> bool {
    let annotation = |object: &K, name: &str| object.annotations().get(name).cloned();
    before.uid() != now.uid()
        || before.meta().generation != now.meta().generation
        || before.meta().deletion_timestamp.is_some() != now.meta().deletion_timestamp.is_some()
        || annotation(before, RECONCILE_AT) != annotation(now, RECONCILE_AT)
        || annotation(before, RENEW_AT) != annotation(now, RENEW_AT)
        || holds(before) && !holds(now)
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
