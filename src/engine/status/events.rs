//! Events: users learn what was done and refused. Nothing waits for an event to be written: events have a lane of their
//! own, behind all other writes.

mod lane;
mod record;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::engine::context::Context;
use crate::engine::object::{Controlled, EventRecord};
use crate::error::Result;
use crate::kubernetes::KubeClient;
use lane::{Lane, Room};
use record::About;
use write::{Writer, may_pass};

/// So many events are written at once while no object is due.
const AT_ONCE: usize = 8;
/// So many events are written at once while objects are due: those write what users wait for.
const BESIDE_WORK: usize = 1;

/// Tells users what was done and refused. Cheap to clone; all clones share the lane.
#[derive(Clone, Debug)]
pub struct Events {
    clock: Clock,
    writer: Writer,
    lane: Arc<Mutex<Lane<PendingEvent>>>,
    /// Notified when an event comes into the lane, and when the lane must be emptied.
    came: Arc<Notify>,
    /// Notified when an event leaves the lane.
    left: Arc<Notify>,
    /// Cancelled when the operator stops. From then on, `tell` waits for no room, and events are written before other work ends.
    stop: CancellationToken,
    /// Cancelled when no more events come.
    closing: CancellationToken,
}

/// An event that waits to be written.
#[derive(Clone, Debug)]
struct PendingEvent {
    about: About,
    record: EventRecord,
    at: Timestamp,
    /// Whether an attempt to write the event has failed. That attempt may have taken effect.
    again: bool,
}

impl Events {
    /// Events that name the operator as their source. They are written while [`Events::run`] runs.
    pub fn new(client: KubeClient, clock: Clock, stop: CancellationToken) -> Self {
        Self {
            stop,
            writer: Writer::new(client, clock.clone()),
            clock,
            lane: Arc::default(),
            came: Arc::default(),
            left: Arc::default(),
            closing: CancellationToken::new(),
        }
    }

    /// Puts one event into the lane. Waits while the line of the object's namespace is full.
    pub async fn publish<K: Controlled>(&self, object: &K, record: &EventRecord) {
        let namespace = object.meta().namespace.clone().unwrap_or_default();
        let pending = PendingEvent {
            about: About::of(object),
            record: record.clone(),
            at: self.clock.now(),
            again: false,
        };
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            match self.offer(&namespace, &pending) {
                Room::Free => return self.came.notify_one(),
                Room::None => {
                    return unwritten(&pending, "too many others wait that cannot be written either");
                }
                Room::Full => {}
            }
            tokio::select! {
                () = left => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// Writes events until [`Events::close`] was called and none waits.
    pub async fn run(self, context: Context) {
        let mut under_way = FuturesUnordered::new();
        while !(self.closing.is_cancelled() && self.lane().len() == 0) {
            let due = || context.references.depths().iter().any(|(_, due)| *due > 0);
            let most = if !self.stop.is_cancelled() && due() { BESIDE_WORK } else { AT_ONCE };
            let next = (under_way.len() < most).then(|| self.lane().next(self.now())).flatten();
            if let Some((namespace, pending)) = next {
                under_way.push(self.write(namespace, pending));
                continue;
            }
            let rested = self.lane().first_pause_ends();
            tokio::select! {
                Some(()) = under_way.next() => {}
                () = self.came.notified() => {}
                () = self.until(rested) => {}
            }
        }
    }

    /// Nothing more is told by objects: what waits is written at once. Returns when [`Events::run`] may be ended: it has
    /// ended, or the time is over, and what could not be written is in the log.
    pub async fn close(&self, within: Duration) {
        self.closing.cancel();
        self.lane().hurry();
        self.came.notify_one();
        let written = async {
            loop {
                let left = self.left.notified();
                tokio::pin!(left);
                left.as_mut().enable();
                if self.lane().len() == 0 {
                    return;
                }
                left.await;
            }
        };
        if tokio::time::timeout(within, written).await.is_err() {
            let rest = self.lane().drain();
            for pending in rest {
                unwritten(&pending, "the operator ends");
            }
        }
    }

    /// Puts an event into the lane if there is room, or if the operator stops.
    fn offer(&self, namespace: &str, pending: &PendingEvent) -> Room {
        let mut lane = self.lane();
        let room = if self.stop.is_cancelled() { Room::Free } else { lane.room(namespace) };
        if room == Room::Free {
            lane.push(namespace, pending.clone());
        }
        room
    }

    async fn write(&self, namespace: String, mut pending: PendingEvent) {
        let event = record::event(pending.about.reference(&namespace), &pending.record, pending.at);
        let written = self.writer.write(&event, pending.again).await;
        self.settle(&namespace, &mut pending, written);
        self.left.notify_waiters();
    }

    fn settle(&self, namespace: &str, pending: &mut PendingEvent, written: Result<()>) {
        match written {
            Err(error) if may_pass(&error) => {
                tracing::debug!(%error, namespace, "an event is written later");
                pending.again = true;
                self.lane().failed(namespace, pending.clone(), self.now());
            }
            Err(error) => {
                unwritten(pending, &error.to_string());
                self.lane().ended(namespace);
            }
            Ok(()) => self.lane().ended(namespace),
        }
    }

    /// Waits until then; for ever when there is no such time.
    async fn until(&self, time: Option<Duration>) {
        match time {
            Some(time) => tokio::time::sleep(time.saturating_sub(self.now())).await,
            None => std::future::pending().await,
        }
    }

    /// Backoff does not follow the wall clock.
    fn now(&self) -> Duration {
        self.clock.moment().steady
    }

    fn lane(&self) -> MutexGuard<'_, Lane<PendingEvent>> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unwritten(pending: &PendingEvent, why: &str) {
    let (reason, record) = (pending.record.reason.as_str(), &pending.record.message);
    tracing::warn!(why, reason, record, "an event could not be written");
}
