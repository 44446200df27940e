//! Which objects are due, in which order, and when to look again.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::ObjectKey;
use crate::clock::Clock;

/// How soon an object is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody changed something: before all routine work.
    Now,
    /// Start of the operator, drift checks.
    Routine,
}

/// The work queue of one kind. No object is handed out twice at once; wakes while it is being looked at are kept.
/// Cheap to clone; all clones share the queue.
#[derive(Clone, Debug)]
pub struct Queue {
    clock: Clock,
    inner: Arc<Mutex<Inner>>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Inner {
    urgent: VecDeque<ObjectKey>,
    routine: VecDeque<ObjectKey>,
    queued: HashMap<ObjectKey, Urgency>,
    running: HashSet<ObjectKey>,
    again: HashSet<ObjectKey>,
    timers: BTreeSet<(Timestamp, ObjectKey)>,
    timer_of: HashMap<ObjectKey, Timestamp>,
    urgent_in_a_row: u8,
}

/// After so many urgent objects one of the routine ones has its turn: renewals must not wait for ever behind somebody
/// who keeps changing things.
const URGENT_IN_A_ROW: u8 = 3;

impl Queue {
    /// An empty queue whose timers follow the clock.
    pub fn new(clock: Clock) -> Self {
        Self { clock, inner: Arc::default(), changed: Arc::default() }
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
        if let Some(urgency) = inner.queued.remove(key) {
            inner.lane(urgency).retain(|queued| queued != key);
        }
    }

    /// The next object that is due. Must be followed by [`Queue::done`].
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
        inner.running.remove(key);
        if inner.again.remove(key) {
            inner.push(key.clone(), Urgency::Now);
        }
        drop(inner);
        self.changed.notify_one();
    }

    /// How many objects are due and not yet being looked at.
    pub fn depth(&self) -> usize {
        self.lock().queued.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn push(&mut self, key: ObjectKey, urgency: Urgency) {
        if self.running.contains(&key) {
            self.again.insert(key);
            return;
        }
        match self.queued.get(&key) {
            Some(Urgency::Routine) if urgency == Urgency::Now => self.routine.retain(|queued| *queued != key),
            Some(_) => return,
            None => {}
        }
        self.queued.insert(key.clone(), urgency);
        self.lane(urgency).push_back(key);
    }

    fn pop(&mut self) -> Option<ObjectKey> {
        let key = if self.urgent_in_a_row < URGENT_IN_A_ROW || self.routine.is_empty() {
            self.urgent_in_a_row = self.urgent_in_a_row.saturating_add(1);
            self.urgent.pop_front()
        } else {
            None
        };
        let key = key.or_else(|| {
            self.urgent_in_a_row = 0;
            self.routine.pop_front()
        })?;
        self.queued.remove(&key);
        self.clear_timer(&key);
        self.running.insert(key.clone());
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

    fn lane(&mut self, urgency: Urgency) -> &mut VecDeque<ObjectKey> {
        match urgency {
            Urgency::Now => &mut self.urgent,
            Urgency::Routine => &mut self.routine,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use jiff::SignedDuration;

    fn key(name: &str) -> ObjectKey {
        ObjectKey::new("n", name)
    }

    #[tokio::test]
    async fn urgent_work_comes_before_routine_work_and_nothing_comes_twice() {
        let queue = Queue::new(Clock::default());
        queue.push(key("routine"), Urgency::Routine);
        queue.push(key("raised"), Urgency::Routine);
        queue.push(key("urgent"), Urgency::Now);
        queue.push(key("raised"), Urgency::Now);
        queue.push(key("urgent"), Urgency::Routine);
        assert_eq!(queue.next().await, key("urgent"));
        assert_eq!(queue.next().await, key("raised"));
        assert_eq!(queue.next().await, key("routine"));
        assert!(queue.next().now_or_never().is_none());
    }

    #[tokio::test]
    async fn routine_work_has_its_turn_among_urgent_work() {
        let queue = Queue::new(Clock::default());
        queue.push(key("renewal"), Urgency::Routine);
        for number in 0..10 {
            queue.push(key(&number.to_string()), Urgency::Now);
        }
        let mut order = Vec::new();
        for _ in 0..5 {
            order.push(queue.next().await.name);
        }
        assert_eq!(order, ["0", "1", "2", "renewal", "3"]);
    }

    #[tokio::test]
    async fn a_wake_while_running_is_kept_until_done() {
        let queue = Queue::new(Clock::default());
        queue.push(key("a"), Urgency::Now);
        assert_eq!(queue.next().await, key("a"));
        queue.push(key("a"), Urgency::Now);
        assert!(queue.next().now_or_never().is_none());
        queue.done(&key("a"));
        assert_eq!(queue.next().await, key("a"));
    }

    #[tokio::test]
    async fn timers_follow_jumps_of_the_clock() {
        let clock = Clock::default();
        let queue = Queue::new(clock.clone());
        queue.set_timer(key("a"), Some(clock.now() + SignedDuration::from_hours(3)));
        let waiting = tokio::spawn({
            let queue = queue.clone();
            async move { queue.next().await }
        });
        tokio::task::yield_now().await;
        clock.set(clock.now() + SignedDuration::from_hours(4));
        assert_eq!(waiting.await.unwrap(), key("a"));
    }

    #[tokio::test]
    async fn a_forgotten_object_is_not_handed_out() {
        let queue = Queue::new(Clock::default());
        queue.push(key("a"), Urgency::Now);
        queue.set_timer(key("b"), Some(Timestamp::MIN));
        queue.forget(&key("a"));
        queue.forget(&key("b"));
        assert!(queue.next().now_or_never().is_none());
        assert_eq!(queue.depth(), 0);
    }
}
