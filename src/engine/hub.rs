//! Who refers to whom, and waking those who refer to what changed.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::queue::{Queue, Urgency};
use super::{KindName, ObjectKey, Target};

use crate::clock::Clock;

/// The queues of all kinds and the index of references between objects. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hub {
    clock: Clock,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    queues: HashMap<KindName, Queue>,
    users: HashMap<Target, HashSet<Target>>,
    targets: HashMap<Target, Vec<Target>>,
}

impl Hub {
    /// No queues yet, no references yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, inner: Arc::default() }
    }

    /// The queue of a kind, made when first asked for.
    pub fn queue(&self, kind: KindName) -> Queue {
        self.lock().queues.entry(kind).or_insert_with(|| Queue::new(self.clock.clone())).clone()
    }

    /// Records what an object refers to. Returns what it does not refer to any more.
    pub fn relate(&self, object: &Target, targets: Vec<Target>) -> Vec<Target> {
        let mut inner = self.lock();
        let before = inner.unrelate(object);
        for target in &targets {
            inner.users.entry(target.clone()).or_default().insert(object.clone());
        }
        let dropped = before.into_iter().filter(|target| !targets.contains(target)).collect();
        inner.targets.insert(object.clone(), targets);
        dropped
    }

    /// An object is gone. Returns what it referred to.
    pub fn forget(&self, object: &Target) -> Vec<Target> {
        self.lock().unrelate(object)
    }

    /// Something changed: everything that refers to it is woken.
    pub fn changed(&self, target: &Target) {
        let inner = self.lock();
        for user in inner.users.get(target).into_iter().flatten() {
            inner.wake(user);
        }
    }

    /// Something that an object shares has changed: all others that refer to it are woken.
    pub fn changed_by(&self, object: &Target, shared: &Target) {
        let inner = self.lock();
        for user in inner.users.get(shared).into_iter().flatten().filter(|user| *user != object) {
            inner.wake(user);
        }
    }

    /// Wakes one object.
    pub fn wake(&self, object: &Target) {
        self.lock().wake(object);
    }

    /// Something that an object keeps for its users went or was changed: the object is woken before all other work.
    pub fn restore(&self, object: &Target) {
        let queue = self.lock().queues.get(&object.kind).cloned();
        if let Some(queue) = queue {
            queue.ask(object.key.clone(), Urgency::Critical);
        }
    }

    /// The objects that refer to something, sorted.
    pub fn users(&self, target: &Target) -> Vec<Target> {
        let mut users: Vec<_> = self.lock().users.get(target).into_iter().flatten().cloned().collect();
        users.sort();
        users
    }

    /// How many objects of each kind are due, for metrics.
    pub fn depths(&self) -> Vec<(KindName, usize)> {
        self.lock().queues.iter().map(|(kind, queue)| (*kind, queue.depth())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn unrelate(&mut self, object: &Target) -> Vec<Target> {
        let targets = self.targets.remove(object).unwrap_or_default();
        for target in &targets {
            if let Some(users) = self.users.get_mut(target) {
                users.remove(object);
                if users.is_empty() {
                    self.users.remove(target);
                }
            }
        }
        targets
    }

    fn wake(&self, object: &Target) {
        if let Some(queue) = self.queues.get(&object.kind) {
            queue.push(object.key.clone(), Urgency::Now);
        }
    }
}

impl Target {
    /// An object as something to refer to.
    pub fn new(kind: KindName, key: ObjectKey) -> Self {
        Self { kind, key }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn target(kind: KindName, name: &str) -> Target {
        Target::new(kind, ObjectKey::new("n", name))
    }

    #[tokio::test]
    async fn a_change_wakes_users_and_what_is_dropped_is_told() {
        let hub = Hub::new(Clock::default());
        let repositories = hub.queue(KindName::Repository);
        let (domain, repository) = (target(KindName::Domain, "d"), target(KindName::Repository, "r"));
        assert_eq!(hub.relate(&repository, vec![domain.clone()]), []);
        assert_eq!(hub.users(&domain), std::slice::from_ref(&repository));

        hub.changed(&domain);
        assert_eq!(repositories.next().await, repository.key);
        repositories.done(&repository.key);

        assert_eq!(hub.relate(&repository, vec![]), std::slice::from_ref(&domain));
        hub.relate(&repository, vec![domain.clone()]);
        assert_eq!(hub.forget(&repository), std::slice::from_ref(&domain));
        hub.changed(&domain);
        assert!(repositories.next().now_or_never().is_none());
    }
}
