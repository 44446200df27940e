//! Runs one kind: watches feed its queue, workers take from it, each outcome is published once.

mod outcome;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt};
use kube::Resource;
use tokio::task::JoinSet;
use tracing::{Instrument, Span};

use super::queue::Queue;
use crate::engine::context::Context;
use crate::engine::object::{Controlled, ObjectId, ObjectKey, Report, Success};
use crate::engine::queue::finished::{Finished, Waiting};
use crate::engine::queue::urgency::Urgency;
use crate::engine::reconciler::Reconciler;
use crate::engine::status::events::Events;
use crate::engine::status::failures::ConsecutiveFailures;
use crate::engine::status::publish::Publisher;
use crate::engine::status::requeue;
use crate::engine::watching::cache::Cache;
use crate::engine::watching::change::{
    account, affects_dependents, affects_siblings, has_finalizer, is_finished, needs_reconcile, targets,
};
use crate::engine::watching::malformed::Reports;
use crate::engine::watching::watch::Change;
use crate::error::{Error, Result};
use kube::core::object::HasStatus;

pub(crate) use outcome::counted;

/// Everything that runs one kind.
#[derive(Debug)]
pub struct Controller<R: Reconciler> {
    reconciler: R,
    context: Context,
    cache: Cache<R::Object>,
    queue: Queue,
    publisher: Publisher<R::Object>,
    events: Events,
    failures: ConsecutiveFailures,
    malformed: Reports<R::Object>,
    waiting: Waiting<R::Object>,
}

/// What a reconciler reports, with the status of its kind.
type StatusReport<R> = Report<<<R as Reconciler>::Object as HasStatus>::Status>;

/// So many outcomes are written at once when the operator stops.
const AT_THE_END: usize = 16;

impl<R: Reconciler> Controller<R> {
    /// A controller over the cache of its kind. `share` is how many objects of one AwsAccount are worked on at once.
    pub fn new(
        reconciler: R,
        (context, events): (Context, Events),
        cache: Cache<R::Object>,
        share: usize,
    ) -> Arc<Self> {
        let queue = context.references.queue(R::Object::KIND);
        let known = cache.clone();
        let accounts = context.caches.accounts.clone();
        queue.share_out(share, move |key| {
            let account = account(known.get(key)?.as_ref())?;
            // Names that somebody invented share one line of work.
            accounts.get(&ObjectKey::new("", account.as_str())).is_some().then_some(account)
        });
        let publisher = Publisher::new(context.client.clone(), context.references.clone(), cache.clone());
        let (failures, malformed) = (ConsecutiveFailures::default(), Reports::new(&context));
        let waiting = Waiting::default();
        Arc::new(Self { reconciler, context, cache, queue, publisher, events, failures, malformed, waiting })
    }

    /// Takes in what the watch of this kind showed.
    pub fn observe(&self, change: Change<R::Object>) {
        match change {
            Change::Applied { before, now, initial } => self.applied(before.as_deref(), &now, initial),
            Change::Removed(key, known) => {
                let object = ObjectId::new(R::Object::KIND, key);
                self.queue.forget(&object.key);
                self.failures.forget(&object.key);
                self.reconciler.forget(&object.key);
                self.wake_deleted(&self.context.references.forget(&object));
                self.context.references.changed(&object);
                if let Some(sibling_key) = known.and_then(|known| known.sibling_key()) {
                    self.context.references.changed_by(&object, &sibling_key);
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
                this.work(InProgress { queue: &this.queue, key: &key, parked: false }).await;
            });
            while work.try_join_next().is_some() {}
        }
        while work.join_next().await.is_some() {}
        let waiting = futures::stream::iter(self.waiting.drain());
        waiting.for_each_concurrent(AT_THE_END, |finished| self.finish(finished)).await;
    }

    fn applied(&self, before: Option<&R::Object>, now: &Arc<R::Object>, initial: bool) {
        let object = ObjectId::new(R::Object::KIND, ObjectKey::of(now.as_ref()));
        self.wake_deleted(&self.context.references.relate(&object, targets(now.as_ref())));
        if affects_dependents(before, now.as_ref()) {
            self.context.references.changed(&object);
        }
        if let Some(sibling_key) = affects_siblings(before, now.as_ref()) {
            self.context.references.changed_by(&object, &sibling_key);
        }
        if before.is_none_or(|before| needs_reconcile(before, now)) {
            if !initial {
                self.queue.ask(object.key, Urgency::Changed);
            } else if let Some(since) = now.at_stake_since(self.context.clock.now()) {
                self.queue.set_timer(object.key, Some((since, Urgency::LoginAtStake)));
            } else {
                let urgency = if is_finished(now.as_ref()) { Urgency::Routine } else { Urgency::Changed };
                self.queue.push(object.key, urgency);
            }
        }
    }

    /// What is not referred to any more may have waited for that to go.
    fn wake_deleted(&self, targets: &[Arc<ObjectId>]) {
        for target in targets.iter().filter(|target| self.context.caches.is_deleted(target)) {
            self.context.references.wake(target);
        }
    }

    async fn work(&self, handed: InProgress<'_>) {
        let key = handed.key;
        if let Some(finished) = self.waiting.take(key) {
            let span = span(finished.object.as_ref());
            return self.finish(finished).instrument(span).await;
        }
        let Some(object) = self.cache.get(key) else { return self.failures.forget(key) };
        let deleting = object.meta().deletion_timestamp.is_some();
        if deleting && !has_finalizer(object.as_ref()) && !self.reconciler.reconciles_until_gone() {
            return;
        }
        let span = span(object.as_ref());
        self.reconcile(object, handed).instrument(span).await;
    }

    /// One reconcile. Its outcome is written at once, or later while many writes are under way that go first.
    async fn reconcile(&self, object: Arc<R::Object>, handed: InProgress<'_>) {
        let started = Instant::now();
        let mut finished = match self.report(&object).await {
            Ok((object, report)) => Box::new(Finished { object, report, took: started.elapsed() }),
            Err(error) => return self.conclude(&object, &Err(error), started.elapsed()),
        };
        if !is_deleting(finished.object.as_ref()) && self.context.urgent_writes.are_many() {
            finished = match self.waiting.put(handed.key.clone(), finished) {
                Ok(()) => return handed.park(),
                Err(finished) => finished,
            };
        }
        self.finish(finished).await;
    }

    /// The reconciler's report, and the version of the object that the report is about.
    async fn report(&self, object: &Arc<R::Object>) -> Result<(Arc<R::Object>, StatusReport<R>)> {
        let deleting = is_deleting(object.as_ref());
        if object.suspended() && !deleting {
            let report = self.reconciler.while_suspended(object, &self.context).await;
            return Ok((Arc::clone(object), report));
        }
        if !deleting && !has_finalizer(object.as_ref()) && self.reconciler.needs_finalizer(object) {
            let _urgent = self.context.urgent_writes.begin();
            self.publisher.add_finalizer(object).await?;
        }
        // Writing the finalizer made a newer version of the object.
        let object = self.cache.get(&ObjectKey::of(object.as_ref())).unwrap_or_else(|| Arc::clone(object));
        let report = self.catch_panic(&object).await;
        Ok((object, if deleting { report } else { suspended(report) }))
    }

    /// A panic in one reconcile is that object's error and nobody else's.
    async fn catch_panic(&self, object: &Arc<R::Object>) -> StatusReport<R> {
        let work = self.reconciler.reconcile(Arc::clone(object), &self.context);
        AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
            self.context.metrics.panicked();
            Report {
                status: object.status().cloned().unwrap_or_default(),
                outcome: Err(Error::Internal("the reconcile panicked".into())),
                events: Vec::new(),
            }
        })
    }

    /// Counts a reconcile that is over, and sets the time of the next one.
    fn conclude(&self, object: &R::Object, outcome: &Result<Success>, took: Duration) {
        self.context.metrics.reconciled(R::Object::KIND, outcome::counted(outcome), took);
        if let Err(error @ (Error::Kube(_) | Error::KubeTimeout(_) | Error::Internal(_))) = outcome {
            tracing::warn!(%error, "the reconcile could not be finished");
        }
        self.schedule(&ObjectKey::of(object), outcome, object);
    }

    fn schedule(&self, key: &ObjectKey, outcome: &Result<Success>, object: &R::Object) {
        let now = self.context.clock.now();
        let failures = self.failures.count(key, object.meta().generation, outcome, now);
        let waits = (self.reconciler.interval(object), self.reconciler.longest_backoff(object, now));
        self.queue.set_timer(key.clone(), requeue::next(outcome, failures, waits, now, fastrand::f64()));
    }

    fn malformed(&self, key: ObjectKey, why: String) {
        tracing::warn!(kind = R::Object::KIND.as_str(), object = %key, %why, "object cannot be read");
        self.malformed.push(key, why);
    }
}

/// An object that a worker has been given; however the worker ends, the queue is told.
struct InProgress<'a> {
    queue: &'a Queue,
    key: &'a ObjectKey,
    parked: bool,
}

impl InProgress<'_> {
    /// The worker takes other objects until the outcome of this one may be written.
    fn park(mut self) {
        self.parked = true;
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        if self.parked {
            self.queue.park(self.key);
        } else {
            self.queue.done(self.key);
        }
    }
}

/// An object whose AwsAccount is suspended has not failed: the object stays as ready as before.
fn suspended<S>(report: Report<S>) -> Report<S> {
    let outcome = report.outcome.or_else(|error| {
        if error.is_suspension() { Ok(Success::suspended(error.to_string())) } else { Err(error) }
    });
    Report { outcome, ..report }
}

fn is_deleting<K: Controlled>(object: &K) -> bool {
    object.meta().deletion_timestamp.is_some()
}

fn span<K: Controlled>(object: &K) -> Span {
    let (kind, key) = (K::KIND.as_str(), ObjectKey::of(object));
    tracing::info_span!("reconcile", kind, object = %key, generation = object.meta().generation)
}
