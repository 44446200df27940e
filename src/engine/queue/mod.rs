//! Which objects are due, in which order, and when to look again.

pub(in crate::engine) mod fair;
pub(in crate::engine) mod finished;
pub(in crate::engine) mod pace;
pub(in crate::engine) mod timers;
pub mod urgency;
pub mod urgent_writes;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::clock::{Clock, Moment};
use crate::engine::object::ObjectKey;
use crate::engine::queue::fair::{Account, FairQueue, Place};
use crate::engine::queue::pace::Pace;
use crate::engine::queue::timers::Timers;
use crate::engine::queue::urgency::Urgency;

/// The work queue of one kind. No object is handed out twice at once; wakes while it is being looked at are kept. When
/// work is shared out, an account that answers slowly keeps only its own objects waiting, and a namespace that has much
/// to do only its own.
/// Cheap to clone; all clones share the queue.
#[derive(Clone, Debug)]
pub struct Queue {
    clock: Clock,
    inner: Arc<Mutex<Inner>>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Inner {
    shares: FairQueue,
    account_of: AccountOf,
    /// Each stands in a line of `shares`.
    queued: HashMap<ObjectKey, Place>,
    running: HashMap<ObjectKey, Account>,
    /// The objects in `queued` whose reconcile has finished and whose outcome is still to be written.
    parked: HashSet<ObjectKey>,
    again: HashMap<ObjectKey, Wake>,
    timers: Timers,
    pace: Pace,
    /// Objects that asked too often, until their turn.
    delayed: Timers,
}

/// A wake that came while the object was being looked at.
#[derive(Clone, Copy, Debug)]
struct Wake {
    urgency: Urgency,
    /// Whether it came from [`Queue::ask`] and is limited.
    asked: bool,
}

/// Tells which AwsAccount an object belongs to.
struct AccountOf(Box<dyn Fn(&ObjectKey) -> Account + Send + Sync>);

impl Queue {
    /// An empty queue whose timers follow the clock.
    pub fn new(clock: Clock) -> Self {
        Self { clock, inner: Arc::default(), changed: Arc::default() }
    }

    /// Shares the work out: `share` objects of one AwsAccount are handed out at once, and of all accounts together four
    /// times as many. A quarter of a share is guaranteed to each account and to each namespace of an account, until one
    /// account has twice its share and all together have eight shares. `account_of` may be asked at any time and must
    /// not use the queue.
    pub fn share_out(
        &self,
        share: usize,
        account_of: impl Fn(&ObjectKey) -> Option<String> + Send + Sync + 'static,
    ) {
        let mut inner = self.lock();
        inner.shares.share = share;
        inner.account_of = AccountOf(Box::new(account_of));
    }

    /// Wakes an object. An object whose user asks too often still waits for its turn.
    pub fn push(&self, key: ObjectKey, urgency: Urgency) {
        self.lock().push(key, urgency);
        self.changed.notify_one();
    }

    /// Wakes an object because its user asks for it: at once, and at a limited rate when the user keeps asking.
    pub fn ask(&self, key: ObjectKey, urgency: Urgency) {
        let now = self.clock.moment();
        self.lock().ask(key, urgency, now);
        self.changed.notify_one();
    }

    /// Sets when, and how urgently, an object is looked at again without an event; replaces an earlier setting.
    pub fn set_timer(&self, key: ObjectKey, timer: Option<(Timestamp, Urgency)>) {
        let now = self.clock.moment();
        let mut inner = self.lock();
        match timer {
            Some((at, urgency)) => inner.timers.set(key, at, urgency, now),
            None => drop(inner.timers.clear(&key)),
        }
        drop(inner);
        self.changed.notify_one();
    }

    /// Forgets an object that is gone.
    pub fn forget(&self, key: &ObjectKey) {
        let mut inner = self.lock();
        inner.timers.clear(key);
        inner.delayed.clear(key);
        inner.again.remove(key);
        // What was done for an object that is gone is told all the same.
        if !inner.parked.contains(key)
            && let Some(place) = inner.queued.remove(key)
        {
            inner.shares.remove(key, &place);
        }
    }

    /// The next object that is due and whose account has a share left. Must be followed by [`Queue::done`] or
    /// [`Queue::park`].
    pub async fn next(&self) -> ObjectKey {
        loop {
            let first = {
                let mut inner = self.lock();
                inner.fire_timers(self.clock.moment());
                if let Some(key) = inner.pop() {
                    return key;
                }
                [inner.timers.first(), inner.delayed.first()]
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = self.fires(first[0]) => {}
                () = self.fires(first[1]) => {}
            }
        }
    }

    /// The object has been looked at.
    pub fn done(&self, key: &ObjectKey) {
        let now = self.clock.moment();
        let mut inner = self.lock();
        if let Some(account) = inner.running.remove(key) {
            inner.shares.ended(&account, &key.namespace);
        }
        match inner.again.remove(key) {
            Some(Wake { urgency, asked: true }) => inner.ask(key.clone(), urgency, now),
            Some(Wake { urgency, asked: false }) => inner.push(key.clone(), urgency),
            None => {}
        }
        drop(inner);
        self.changed.notify_one();
    }

    /// The object has been looked at, and its outcome waits to be written: the object is handed out once more behind the
    /// other work of its account. A wake makes that as urgent as the wake, and is kept until [`Queue::done`].
    pub fn park(&self, key: &ObjectKey) {
        self.lock().park(key);
        self.changed.notify_one();
    }

    /// How many objects are due and not yet being looked at: those included whose account holds its whole share, and those
    /// whose outcome waits to be written.
    pub fn depth(&self) -> usize {
        self.lock().queued.len()
    }

    async fn fires(&self, timer: Option<(Timestamp, Duration)>) {
        let Some((at, latest)) = timer else { return std::future::pending().await };
        tokio::select! {
            () = self.clock.sleep_until(at) => {}
            () = tokio::time::sleep(latest.saturating_sub(self.clock.moment().steady)) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// An object that is queued keeps its place, unless it is more urgent now or another account's.
    fn push(&mut self, key: ObjectKey, urgency: Urgency) {
        if self.is_taken(&key) {
            self.wake_again(key, Wake { urgency, asked: false });
            return;
        }
        if urgency == Urgency::Changed && self.delayed.raise(&key, urgency) {
            return;
        }
        let account = (self.account_of.0)(&key);
        self.enqueue(key, account, urgency);
    }

    fn enqueue(&mut self, key: ObjectKey, account: Account, urgency: Urgency) {
        let mut place = Place { account, urgency };
        if let Some(known) = self.queued.get(&key) {
            place.urgency = urgency.min(known.urgency);
            if *known == place {
                return;
            }
            self.shares.remove(&key, known);
        }
        self.shares.push(key.clone(), &place);
        self.queued.insert(key, place);
    }

    /// Whether a reconcile of the object is under way, or its outcome waits to be written.
    fn is_taken(&self, key: &ObjectKey) -> bool {
        self.running.contains_key(key) || self.parked.contains(key)
    }

    fn park(&mut self, key: &ObjectKey) {
        let Some(account) = self.running.remove(key) else { return };
        self.shares.ended(&account, &key.namespace);
        let urgency = self.again.get(key).map_or(Urgency::WriteOutcome, |wake| wake.urgency);
        self.parked.insert(key.clone());
        self.enqueue(key.clone(), account, urgency);
    }

    /// A wake that has to wait is one with all later ones.
    fn ask(&mut self, key: ObjectKey, urgency: Urgency, now: Moment) {
        if self.is_taken(&key) {
            self.wake_again(key, Wake { urgency, asked: true });
        } else if self.queued.get(&key).is_some_and(|place| place.urgency <= urgency) {
            // The account may be another one now.
            self.push(key, urgency);
        } else if !self.delayed.raise(&key, urgency) {
            let wait = self.pace.turn(&key, now.steady).saturating_sub(now.steady);
            if wait.is_zero() {
                self.push(key, urgency);
            } else {
                let at = now.wall.checked_add(wait).unwrap_or(Timestamp::MAX);
                self.delayed.set(key, at, urgency, now);
            }
        }
    }

    fn wake_again(&mut self, key: ObjectKey, wake: Wake) {
        let again = self.again.entry(key.clone()).or_insert(wake);
        again.urgency = again.urgency.min(wake.urgency);
        again.asked &= wake.asked;
        if let Some(place) = self.queued.get(&key) {
            self.enqueue(key, place.account.clone(), wake.urgency);
        }
    }

    fn pop(&mut self) -> Option<ObjectKey> {
        let (account, key) = self.shares.next()?;
        self.queued.remove(&key);
        self.parked.remove(&key);
        self.timers.clear(&key);
        self.delayed.clear(&key);
        self.running.insert(key.clone(), account);
        Some(key)
    }

    fn fire_timers(&mut self, now: Moment) {
        while let Some((key, urgency)) = self.timers.fired(now) {
            self.push(key, urgency);
        }
        while let Some((key, urgency)) = self.delayed.fired(now) {
            self.push(key, urgency);
        }
    }
}

impl Default for AccountOf {
    fn default() -> Self {
        Self(Box::new(|_| None))
    }
}

impl fmt::Debug for AccountOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountOf")
    }
}

#[cfg(test)]
mod tests;
