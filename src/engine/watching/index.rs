//! An index of dependencies: from an object to what the object depends on, and back.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use crate::engine::object::ObjectId;

/// Objects by what they depend on. Each name is kept once, however often it is mentioned: there are many objects.
#[derive(Debug)]
pub(in crate::engine) struct Index<T> {
    users: HashMap<Arc<T>, HashSet<Arc<ObjectId>>>,
    targets: HashMap<Arc<ObjectId>, Box<[Arc<T>]>>,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self { users: HashMap::new(), targets: HashMap::new() }
    }
}

impl<T: Eq + Hash> Index<T> {
    /// Records all that an object depends on. Returns what it does not depend on any more.
    pub(in crate::engine) fn relate(&mut self, object: &ObjectId, targets: Vec<T>) -> Vec<Arc<T>> {
        let before = self.forget(object);
        if targets.is_empty() {
            return before;
        }
        let object = Arc::new(object.clone());
        let targets: Box<[_]> = targets.into_iter().map(|target| self.depend(&object, target)).collect();
        let dropped = before.into_iter().filter(|target| !targets.contains(target)).collect();
        self.targets.insert(object, targets);
        dropped
    }

    /// Records that an object depends on a target. Returns the target as it is kept.
    fn depend(&mut self, object: &Arc<ObjectId>, target: T) -> Arc<T> {
        let target =
            self.users.get_key_value(&target).map_or_else(|| Arc::new(target), |(kept, _)| Arc::clone(kept));
        self.users.entry(Arc::clone(&target)).or_default().insert(Arc::clone(object));
        target
    }

    /// Forgets an object. Returns what it depended on.
    pub(in crate::engine) fn forget(&mut self, object: &ObjectId) -> Vec<Arc<T>> {
        let targets = self.targets.remove(object).unwrap_or_default();
        for target in &targets {
            if let Some(users) = self.users.get_mut(target) {
                users.remove(object);
                if users.is_empty() {
                    self.users.remove(target);
                }
            }
        }
        targets.into_vec()
    }

    /// The objects that depend on something, in no order.
    pub(in crate::engine) fn users(&self, target: &T) -> impl Iterator<Item = &ObjectId> {
        self.users.get(target).into_iter().flatten().map(AsRef::as_ref)
    }
}
