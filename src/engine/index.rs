//! An index of dependencies: from an object to what the object depends on, and back.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::Target;

/// Objects by what they depend on.
#[derive(Debug)]
pub(super) struct Index<T> {
    users: HashMap<T, HashSet<Target>>,
    targets: HashMap<Target, Vec<T>>,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self { users: HashMap::new(), targets: HashMap::new() }
    }
}

impl<T: Eq + Hash + Clone> Index<T> {
    /// Records all that an object depends on. Returns what it does not depend on any more.
    pub(super) fn relate(&mut self, object: &Target, targets: Vec<T>) -> Vec<T> {
        let before = self.forget(object);
        for target in &targets {
            self.users.entry(target.clone()).or_default().insert(object.clone());
        }
        let dropped = before.into_iter().filter(|target| !targets.contains(target)).collect();
        if !targets.is_empty() {
            self.targets.insert(object.clone(), targets);
        }
        dropped
    }

    /// Forgets an object. Returns what it depended on.
    pub(super) fn forget(&mut self, object: &Target) -> Vec<T> {
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

    /// The objects that depend on something, in no order.
    pub(super) fn users(&self, target: &T) -> impl Iterator<Item = &Target> {
        self.users.get(target).into_iter().flatten()
    }
}
