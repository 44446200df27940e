//! The objects of one kind, as last seen.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use kube::Resource;

use crate::engine::object::ObjectKey;
use crate::engine::watching::removed::Removed;

/// What a cache must know of the things it keeps.
pub trait Stored {
    /// Namespace and name.
    fn key(&self) -> ObjectKey;
    /// metadata.uid.
    fn uid(&self) -> Option<&str>;
    /// metadata.resourceVersion.
    fn version(&self) -> Option<&str>;
}

impl<K: Resource> Stored for K {
    fn key(&self) -> ObjectKey {
        ObjectKey::of(self)
    }

    fn uid(&self) -> Option<&str> {
        self.meta().uid.as_deref()
    }

    fn version(&self) -> Option<&str> {
        self.meta().resource_version.as_deref()
    }
}

/// A map of the objects of one kind, fed by watches. Cheap to clone; all clones share the map.
#[derive(Debug)]
pub struct Cache<K> {
    objects: Arc<RwLock<HashMap<ObjectKey, Arc<K>>>>,
    unreadable: Arc<RwLock<HashSet<ObjectKey>>>,
    removed: Arc<Mutex<Removed>>,
}

impl<K> Clone for Cache<K> {
    fn clone(&self) -> Self {
        Self {
            objects: Arc::clone(&self.objects),
            unreadable: Arc::clone(&self.unreadable),
            removed: Arc::clone(&self.removed),
        }
    }
}

impl<K> Default for Cache<K> {
    fn default() -> Self {
        Self { objects: Arc::default(), unreadable: Arc::default(), removed: Arc::default() }
    }
}

impl<K: Stored> Cache<K> {
    /// The object of that key.
    pub fn get(&self, key: &ObjectKey) -> Option<Arc<K>> {
        self.read().get(key).cloned()
    }

    /// All objects, in no order.
    pub fn all(&self) -> Vec<Arc<K>> {
        self.read().values().cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// How many objects were removed so far: the mark that [`Self::apply_written`] takes.
    pub fn removals(&self) -> u64 {
        self.removed().count
    }

    /// Takes in the answer to a write of ours that may have created the object. `since` is [`Self::removals`] from before the
    /// write: a watch may have reported the object as gone before the answer came, and no event would remove the object again.
    pub fn apply_written(&self, object: K, since: u64) {
        // The lock is held until the object is in the map, or else the object could be removed in between.
        let removed = self.removed();
        if !removed.contains(object.uid(), since) {
            self.apply(object);
        }
    }

    /// Takes in what a watch showed, unless something newer of the same object is known.
    /// Returns what was known before and what is known now; `None` when nothing changed.
    pub fn apply(&self, object: K) -> Option<(Option<Arc<K>>, Arc<K>)> {
        let key = object.key();
        self.unreadable_mut().remove(&key);
        let mut objects = self.write();
        if objects.get(&key).is_some_and(|known| !newer(&object, known.as_ref())) {
            return None;
        }
        let object = Arc::new(object);
        let before = objects.insert(key, Arc::clone(&object));
        Some((before, object))
    }

    /// Takes in what a write of ours showed, if that very object is still known and this version is newer. One that a
    /// watch has reported as gone stays gone.
    pub fn refresh(&self, object: K) -> Option<Arc<K>> {
        let key = object.key();
        let mut objects = self.write();
        let known = objects.get(&key).filter(|known| known.uid() == object.uid())?;
        if newer(&object, known.as_ref()) {
            objects.insert(key.clone(), Arc::new(object));
        }
        objects.get(&key).cloned()
    }

    /// Forgets an object.
    pub fn remove(&self, key: &ObjectKey) -> Option<Arc<K>> {
        let mut removed = self.removed();
        self.unreadable_mut().remove(key);
        let known = self.write().remove(key);
        known.as_ref().and_then(|known| known.uid()).into_iter().for_each(|uid| removed.add(uid));
        known
    }

    /// The API server has an object of that key, but it does not parse. Returns what was known of it before.
    pub fn mark_unreadable(&self, key: &ObjectKey) -> Option<Arc<K>> {
        self.unreadable_mut().insert(key.clone());
        self.write().remove(key)
    }

    /// Whether the API server has an object of that key that does not parse: it is not known, and yet it exists.
    pub fn is_unreadable(&self, key: &ObjectKey) -> bool {
        self.unreadable.read().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    /// The keys of the objects that do not parse.
    pub fn unreadable_keys(&self, namespace: Option<&str>) -> Vec<ObjectKey> {
        let unreadable = self.unreadable.read().unwrap_or_else(PoisonError::into_inner);
        unreadable
            .iter()
            .filter(|key| namespace.is_none_or(|namespace| key.namespace == namespace))
            .cloned()
            .collect()
    }

    /// The keys in a namespace, or all of them.
    pub fn keys(&self, namespace: Option<&str>) -> Vec<ObjectKey> {
        self.read()
            .keys()
            .filter(|key| namespace.is_none_or(|namespace| key.namespace == namespace))
            .cloned()
            .collect()
    }

    fn unreadable_mut(&self) -> RwLockWriteGuard<'_, HashSet<ObjectKey>> {
        self.unreadable.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn removed(&self) -> MutexGuard<'_, Removed> {
        self.removed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<ObjectKey, Arc<K>>> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<ObjectKey, Arc<K>>> {
        self.objects.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `object` is another one of that name, or a later version. Versions are numbers that can be compared
/// (Kubernetes API conventions, 1.35); where they are not, the newcomer wins.
fn newer<K: Stored>(object: &K, known: &K) -> bool {
    if object.uid() != known.uid() {
        return true;
    }
    let version = |object: &K| object.version().and_then(|version| version.parse::<u64>().ok());
    match (version(object), version(known)) {
        (Some(new), Some(old)) => new > old,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Domain, DomainSpec};
    use crate::engine::watching::removed::REMEMBERED;

    fn domain(uid: &str, version: &str) -> Domain {
        let mut domain = Domain::new("acme", DomainSpec::default());
        domain.metadata.uid = Some(uid.into());
        domain.metadata.resource_version = Some(version.into());
        domain
    }

    fn version(domain: Option<Arc<Domain>>) -> Option<String> {
        domain?.metadata.resource_version.clone()
    }

    #[test]
    fn what_is_older_than_known_is_not_taken_in() {
        let cache = Cache::default();
        assert!(cache.apply(domain("1", "9")).is_some());
        assert!(cache.apply(domain("1", "9")).is_none());
        assert!(cache.apply(domain("1", "8")).is_none());
        assert!(cache.apply(domain("1", "10")).is_some());
        assert!(cache.apply(domain("2", "3")).is_some(), "another object of that name");
    }

    #[test]
    fn what_does_not_parse_exists_until_it_is_gone() {
        let (cache, key) = (Cache::<Domain>::default(), ObjectKey::new("", "acme"));
        assert!(!cache.is_unreadable(&key));
        cache.apply(domain("1", "5"));
        assert!(cache.mark_unreadable(&key).is_some());
        assert!(cache.get(&key).is_none() && cache.is_unreadable(&key));
        assert_eq!(cache.unreadable_keys(None), std::slice::from_ref(&key));
        assert!(cache.unreadable_keys(Some("other")).is_empty());
        cache.apply(domain("1", "6"));
        assert!(!cache.is_unreadable(&key), "it was corrected");
        cache.mark_unreadable(&key);
        cache.remove(&key);
        assert!(!cache.is_unreadable(&key), "it was deleted");
    }

    #[test]
    fn what_was_created_and_is_gone_before_the_answer_stays_gone() {
        let (cache, key) = (Cache::default(), ObjectKey::new("", "acme"));
        let since = cache.removals();
        cache.apply_written(domain("1", "5"), since);
        assert_eq!(version(cache.get(&key)).as_deref(), Some("5"));
        cache.remove(&key);
        cache.apply_written(domain("1", "5"), since);
        assert!(cache.is_empty(), "the watch was faster than the answer");
        cache.apply_written(domain("2", "7"), since);
        assert_eq!(version(cache.get(&key)).as_deref(), Some("7"), "another object of that name");
        cache.remove(&key);
        let since = cache.removals();
        cache.apply_written(domain("3", "8"), since);
        assert!(!cache.is_empty(), "removed before the write was sent");
        for uid in 0..REMEMBERED {
            cache.apply(domain(&format!("other-{uid}"), "9"));
            cache.remove(&key);
        }
        cache.apply_written(domain("4", "9"), since);
        assert!(!cache.is_empty(), "as many are remembered as were removed");
        cache.remove(&key);
        cache.apply_written(domain("5", "9"), since);
        assert!(cache.is_empty(), "more were removed than are remembered");
    }

    #[test]
    fn the_answer_to_a_write_brings_nothing_back_that_is_gone() {
        let (cache, key) = (Cache::default(), ObjectKey::new("", "acme"));
        assert!(cache.refresh(domain("1", "5")).is_none());
        assert!(cache.is_empty());
        cache.apply(domain("1", "5"));
        assert_eq!(version(cache.refresh(domain("1", "7"))).as_deref(), Some("7"));
        assert_eq!(version(cache.refresh(domain("1", "6"))).as_deref(), Some("7"));
        assert!(cache.refresh(domain("2", "8")).is_none());
        cache.remove(&key);
        assert!(cache.refresh(domain("1", "9")).is_none());
    }
}
