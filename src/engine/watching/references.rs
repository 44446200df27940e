//! Which object depends on which, and waking the dependents of what changed.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::api::{Identity, KindName};
use crate::clock::Clock;
use crate::engine::object::{ObjectId, ObjectKey};
use crate::engine::queue::Queue;
use crate::engine::queue::urgency::Urgency;
use crate::engine::watching::index::Index;

/// How many of the last writes to AWS are remembered, for objects that record their dependencies after the write.
const WRITES_KEPT: usize = 1024;

/// The queues of all kinds and the index of references between objects. Cheap to clone.
#[derive(Clone, Debug)]
pub struct References {
    clock: Clock,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    queues: HashMap<KindName, Queue>,
    references: Index<ObjectId>,
    /// Objects by what they depend on in AWS.
    aws: Index<String>,
    /// The last writes to AWS, by what was written, and how many there were in all.
    writes: VecDeque<String>,
    written: u64,
}

impl References {
    /// No queues yet, no references yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, inner: Arc::default() }
    }

    /// The queue of a kind, made when first asked for.
    pub fn queue(&self, kind: KindName) -> Queue {
        self.lock().queues.entry(kind).or_insert_with(|| Queue::new(self.clock.clone())).clone()
    }

    /// Records what an object refers to. Returns what it does not refer to any more.
    pub fn relate(&self, object: &ObjectId, targets: Vec<ObjectId>) -> Vec<Arc<ObjectId>> {
        self.lock().references.relate(object, targets)
    }

    /// An object is gone. Returns what it referred to.
    pub fn forget(&self, object: &ObjectId) -> Vec<Arc<ObjectId>> {
        let mut inner = self.lock();
        inner.aws.forget(object);
        inner.references.forget(object)
    }

    /// Something changed: everything that refers to it is woken.
    pub fn changed(&self, target: &ObjectId) {
        let inner = self.lock();
        for user in inner.references.users(target) {
            inner.wake(user);
        }
    }

    /// Something that an object shares has changed: all others that refer to it are woken.
    pub fn changed_by(&self, object: &ObjectId, shared: &ObjectId) {
        let inner = self.lock();
        for user in inner.references.users(shared).filter(|user| *user != object) {
            inner.wake(user);
        }
    }

    /// How many writes the operator has made to AWS. A reconcile takes this number before it reads AWS.
    pub fn writes(&self) -> u64 {
        self.lock().written
    }

    /// Records the AWS resources that an object depends on: the object is woken when the operator writes one of them. The object
    /// is woken at once when one of them was written after the first `since` writes.
    pub fn depends_on_aws(&self, object: &ObjectId, identities: &[Identity], since: u64) {
        let names: Vec<_> = identities.iter().map(Identity::canonical_name).collect();
        let mut inner = self.lock();
        if inner.written_since(&names, since) {
            inner.wake(object);
        }
        inner.aws.relate(object, names);
    }

    /// The operator wrote a resource in AWS: every object that depends on the resource is woken.
    pub fn written(&self, identity: &Identity) {
        let name = identity.canonical_name();
        let mut inner = self.lock();
        for user in inner.aws.users(&name) {
            inner.wake(user);
        }
        inner.written += 1;
        inner.writes.truncate(WRITES_KEPT - 1);
        inner.writes.push_front(name);
    }

    /// Wakes one object.
    pub fn wake(&self, object: &ObjectId) {
        self.lock().wake(object);
    }

    /// The Secret of an object was removed or changed: the object is woken before all other work.
    pub fn restore(&self, object: &ObjectId) {
        let queue = self.lock().queues.get(&object.kind).cloned();
        if let Some(queue) = queue {
            queue.ask(object.key.clone(), Urgency::LoginAtStake);
        }
    }

    /// Wakes the objects that refer to a name, because the name is free now; except for those that had it. An object that is woken often
    /// is woken at a limited rate.
    pub fn freed(&self, name: &ObjectId, had_it: &BTreeSet<ObjectId>) {
        let inner = self.lock();
        for user in inner.references.users(name).filter(|user| !had_it.contains(user)) {
            if let Some(queue) = inner.queues.get(&user.kind) {
                queue.ask(user.key.clone(), Urgency::Changed);
            }
        }
    }

    /// The objects that refer to something, sorted.
    pub fn users(&self, target: &ObjectId) -> Vec<ObjectId> {
        let mut users: Vec<_> = self.lock().references.users(target).cloned().collect();
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
    /// Whether one of the names was written after the first so many writes; yes when that is not remembered.
    fn written_since(&self, names: &[String], since: u64) -> bool {
        let newer = usize::try_from(self.written.saturating_sub(since)).unwrap_or(usize::MAX);
        newer > self.writes.len() || self.writes.iter().take(newer).any(|name| names.contains(name))
    }

    fn wake(&self, object: &ObjectId) {
        if let Some(queue) = self.queues.get(&object.kind) {
            queue.push(object.key.clone(), Urgency::Changed);
        }
    }
}

impl ObjectId {
    /// An object as something to refer to.
    pub fn new(kind: KindName, key: ObjectKey) -> Self {
        Self { kind, key }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::AwsResource;
    use futures::FutureExt;

    fn target(kind: KindName, name: &str) -> ObjectId {
        ObjectId::new(kind, ObjectKey::new("n", name))
    }

    #[tokio::test]
    async fn a_change_wakes_users_and_what_is_dropped_is_told() {
        let references = References::new(Clock::default());
        let repositories = references.queue(KindName::Repository);
        let (domain, repository) = (target(KindName::Domain, "d"), target(KindName::Repository, "r"));
        assert_eq!(references.relate(&repository, vec![domain.clone()]), []);
        assert_eq!(references.users(&domain), std::slice::from_ref(&repository));

        references.changed(&domain);
        assert_eq!(repositories.next().await, repository.key);
        repositories.done(&repository.key);

        assert_eq!(references.relate(&repository, vec![]), [Arc::new(domain.clone())]);
        references.relate(&repository, vec![domain.clone()]);
        assert_eq!(references.forget(&repository), [Arc::new(domain.clone())]);
        references.changed(&domain);
        assert!(repositories.next().now_or_never().is_none());
    }

    fn in_aws(repository: &str) -> Identity {
        Identity {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            owner: "123456789012".into(),
            domain: "acme".into(),
            resource: AwsResource::Repository(repository.into()),
        }
    }

    #[tokio::test]
    async fn a_write_to_aws_wakes_who_depends_on_it_also_when_it_came_first() {
        let references = References::new(Clock::default());
        let repositories = references.queue(KindName::Repository);
        let blocked = target(KindName::Repository, "blocked");
        let woken = || {
            let key = repositories.next().now_or_never();
            key.inspect(|key| repositories.done(key)).is_some()
        };
        let mark = references.writes();
        references.depends_on_aws(&blocked, &[in_aws("app")], mark);
        assert!(!woken(), "nothing was written");
        references.written(&in_aws("other"));
        assert!(!woken(), "another one was written");
        references.written(&Identity { account: "999999999999".into(), ..in_aws("app") });
        assert!(woken(), "whichever account signed");

        references.depends_on_aws(&blocked, &[in_aws("app")], references.writes());
        assert!(!woken(), "that write is known");
        references.depends_on_aws(&blocked, &[in_aws("app")], mark);
        assert!(woken(), "it was written after the look");
        for _ in 0..WRITES_KEPT {
            references.written(&in_aws("other"));
        }
        references.depends_on_aws(&blocked, &[in_aws("tool")], mark);
        assert!(woken(), "who looked long ago looks again");
        references.forget(&blocked);
        references.written(&in_aws("tool"));
        assert!(!woken(), "it is gone");
    }
}
