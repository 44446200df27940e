//! The changes of a Secret that a watch shows while the operator writes the Secret. One of them is the echo of the operator's own write,
//! and the others are somebody else's.
//!
//! On a busy machine a watch shows the operator's write before the API server's answer arrives. Without this file the echo would cause
//! one more reconcile, before all other work.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::object::ObjectId;
use crate::engine::watching::references::References;

/// At most this number of changes is kept for one write. No two changes have the same version, so that two changes are enough to know
/// that somebody else writes, too.
const MOST: usize = 8;

/// The objects whose Secret is being written, with the changes that watches showed meanwhile. Cheap to clone; all clones share them.
#[derive(Clone, Debug, Default)]
pub struct OwnWrites(Arc<Mutex<HashMap<ObjectId, Vec<Version>>>>);

/// The resourceVersion of a Secret that a watch showed; `None` when the watch showed that the Secret is gone.
type Version = Option<String>;

/// A write of an object's Secret that is under way. Dropping the guard wakes the object if a watch showed a change that is not the echo.
#[derive(Debug)]
pub struct OwnWrite {
    writes: OwnWrites,
    references: References,
    object: ObjectId,
    answered: Version,
}

impl OwnWrites {
    /// Keeps changes of the object's Secret until the returned guard is dropped. An object has one write under way at a time.
    #[must_use]
    pub fn begin(&self, object: &ObjectId, references: &References) -> OwnWrite {
        self.lock().insert(object.clone(), Vec::new());
        let (writes, references, object) = (self.clone(), references.clone(), object.clone());
        OwnWrite { writes, references, object, answered: None }
    }

    /// Keeps a change until the object's write has ended. Returns false, and keeps nothing, when no write is under way.
    pub fn keep(&self, object: &ObjectId, version: Option<&str>) -> bool {
        let mut writes = self.lock();
        let Some(seen) = writes.get_mut(object) else { return false };
        if seen.len() < MOST {
            seen.push(version.map(str::to_owned));
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectId, Vec<Version>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OwnWrite {
    /// The API server answered with that resourceVersion: its echo is no news.
    pub fn answered(&mut self, version: &str) {
        self.answered = Some(version.to_owned());
    }
}

impl Drop for OwnWrite {
    fn drop(&mut self) {
        let seen = self.writes.lock().remove(&self.object).unwrap_or_default();
        if seen.iter().any(|version| version.is_none() || *version != self.answered) {
            self.references.restore(&self.object);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KindName;
    use crate::clock::Clock;
    use crate::engine::object::ObjectKey;

    /// Whether the login is woken when watches show these versions while a write is under way that is answered so.
    fn wakes(seen: &[Version], answered: Version) -> bool {
        let (references, writes) = (References::new(Clock::default()), OwnWrites::default());
        let queue = references.queue(KindName::RegistryCredential);
        let login = ObjectId::new(KindName::RegistryCredential, ObjectKey::new("team", "login"));
        assert!(!writes.keep(&login, Some("7")), "no write is under way");
        let mut write = writes.begin(&login, &references);
        for version in seen {
            assert!(writes.keep(&login, version.as_deref()));
        }
        assert_eq!(queue.depth(), 0, "nobody is woken before the answer");
        if let Some(version) = answered {
            write.answered(&version);
        }
        drop(write);
        assert!(!writes.keep(&login, Some("7")), "the write has ended");
        queue.depth() > 0
    }

    #[test]
    fn an_echo_wakes_nobody_and_everything_else_does() {
        let version = |version: &str| Some(version.to_owned());
        assert!(!wakes(&[], version("7")));
        assert!(!wakes(&[version("7")], version("7")));
        assert!(wakes(&[version("7"), version("8")], version("7")), "somebody else wrote later");
        assert!(wakes(&[version("6"), version("7")], version("7")), "somebody else wrote before");
        assert!(wakes(&[version("7"), None], version("7")), "the Secret is gone again");
        assert!(wakes(&[version("7")], None), "the write has no answer");
        assert!(wakes(&[None], None));
        assert!(wakes(&vec![version("7"); MOST + 1], None));
    }
}
