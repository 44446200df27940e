//! The finished reconciles whose outcome waits to be written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::engine::object::{Controlled, ObjectKey, Report};

/// At most this number of outcomes waits; the outcomes of further reconciles are written at once.
const MOST: usize = 16_384;

/// A finished reconcile.
#[derive(Debug)]
pub(in crate::engine) struct Finished<K: Controlled> {
    /// The object as the reconcile saw it.
    pub(in crate::engine) object: Arc<K>,
    /// What the reconcile found and did.
    pub(in crate::engine) report: Report<K::Status>,
    /// How long the reconcile took, without the time that its outcome waits.
    pub(in crate::engine) took: Duration,
}

/// The finished reconciles of one kind whose outcome waits to be written, by object.
#[derive(Debug)]
pub(in crate::engine) struct Waiting<K: Controlled>(Mutex<HashMap<ObjectKey, Box<Finished<K>>>>);

impl<K: Controlled> Default for Waiting<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Controlled> Waiting<K> {
    /// Keeps a finished reconcile for later. Gives it back when too many others wait.
    pub(in crate::engine) fn put(
        &self,
        key: ObjectKey,
        finished: Box<Finished<K>>,
    ) -> Result<(), Box<Finished<K>>> {
        let mut waiting = self.lock();
        if waiting.len() >= MOST {
            return Err(finished);
        }
        waiting.insert(key, finished);
        Ok(())
    }

    /// Takes out what waits for an object.
    pub(in crate::engine) fn take(&self, key: &ObjectKey) -> Option<Box<Finished<K>>> {
        let mut waiting = self.lock();
        let finished = waiting.remove(key);
        if waiting.is_empty() {
            waiting.shrink_to_fit();
        }
        finished
    }

    /// Takes out everything that waits.
    pub(in crate::engine) fn drain(&self) -> Vec<Box<Finished<K>>> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectKey, Box<Finished<K>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
