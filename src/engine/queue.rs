//! Which objects are due, in which order, and when to look again.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::ObjectKey;
use super::shares::{Account, Place, Shares};
use crate::clock::Clock;

/// How soon an object is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody changed something: before the routine work of its account.
    Now,
    /// Start of the operator, drift checks.
    Routine,
}

/// The work queue of one kind. No object is handed out twice at once; wakes while it is being looked at are kept. When
/// work is shared out, an account that answers slowly keeps only its own objects waiting.
/// Cheap to clone; all clones share the queue.
#[derive(Clone, Debug)]
pub struct Queue {
    clock: Clock,
    inner: Arc<Mutex<Inner>>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Inner {
    shares: Shares,
    account_of: AccountOf,
    /// Each stands in a line of `shares`.
    queued: HashMap<ObjectKey, Place>,
    running: HashMap<ObjectKey, Account>,
    again: HashSet<ObjectKey>,
    timers: BTreeSet<(Timestamp, ObjectKey)>,
    timer_of: HashMap<ObjectKey, Timestamp>,
}

/// Tells which AwsAccount an object belongs to.
struct AccountOf(Box<dyn Fn(&ObjectKey) -> Account + Send + Sync>);

impl Queue {
    /// An empty queue whose timers follow the clock.
    pub fn new(clock: Clock) -> Self {
        Self { clock, inner: Arc::default(), changed: Arc::default() }
    }

    /// Shares the work out: at most `share` objects of one AwsAccount are handed out at once, and of all accounts
    /// together four times as many; but a quarter of its share an account gets in any case. `account_of` may be asked
    /// at any time and must not use the queue.
    pub fn share_out(
        &self,
        share: usize,
        account_of: impl Fn(&ObjectKey) -> Option<String> + Send + Sync + 'static,
    ) {
        let mut inner = self.lock();
        inner.shares.share = share;
        inner.account_of = AccountOf(Box::new(account_of));
    }

    /// Wakes an object.
    pub fn push(&self, key: ObjectKey, urgency: Urgency) {
        self.lock().push(key, urgency);
        self.changed.notify_one();
    }

    /// Sets when an object is looked at again without an event; replaces an earlier setting.
    pub fn set_timer(&self, key: ObjectKey, at: Option<Timestamp>) {
        let mut inner = self.lock();
        inner.clear_timer(&key);
        if let Some(at) = at {
            inner.timers.insert((at, key.clone()));
            inner.timer_of.insert(key, at);
        }
        drop(inner);
        self.changed.notify_one();
    }

    /// Forgets an object that is gone.
    pub fn forget(&self, key: &ObjectKey) {
        let mut inner = self.lock();
        inner.clear_timer(key);
        inner.again.remove(key);
        if let Some(place) = inner.queued.remove(key) {
            inner.shares.remove(key, &place);
        }
    }

    /// The next object that is due and whose account has a share left. Must be followed by [`Queue::done`].
    pub async fn next(&self) -> ObjectKey {
        loop {
            let next_timer = {
                let mut inner = self.lock();
                inner.fire_timers(self.clock.now());
                if let Some(key) = inner.pop() {
                    return key;
                }
                inner.timers.first().map(|(at, _)| *at)
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = self.clock.sleep_until(next_timer.unwrap_or(Timestamp::MAX)) => {}
            }
        }
    }

    /// The object has been looked at.
    pub fn done(&self, key: &ObjectKey) {
        let mut inner = self.lock();
        if let Some(account) = inner.running.remove(key) {
            inner.shares.ended(&account);
        }
        if inner.again.remove(key) {
            inner.push(key.clone(), Urgency::Now);
        }
        drop(inner);
        self.changed.notify_one();
    }

    /// How many objects are due and not yet being looked at, those included whose account holds its whole share.
    pub fn depth(&self) -> usize {
        self.lock().queued.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// An object that is queued keeps its place, unless it is more urgent now or another account's.
    fn push(&mut self, key: ObjectKey, urgency: Urgency) {
        if self.running.contains_key(&key) {
            self.again.insert(key);
            return;
        }
        let mut place = Place { account: (self.account_of.0)(&key), urgency };
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

    fn pop(&mut self) -> Option<ObjectKey> {
        let (account, key) = self.shares.next()?;
        self.queued.remove(&key);
        self.clear_timer(&key);
        self.running.insert(key.clone(), account);
        Some(key)
    }

    fn fire_timers(&mut self, now: Timestamp) {
        while let Some((at, key)) = self.timers.first().cloned() {
            if at > now {
                return;
            }
            self.clear_timer(&key);
            self.push(key, Urgency::Routine);
        }
    }

    fn clear_timer(&mut self, key: &ObjectKey) {
        if let Some(at) = self.timer_of.remove(key) {
            self.timers.remove(&(at, key.clone()));
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
