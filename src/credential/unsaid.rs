//! Writes of Secrets that no event has reported yet, because the reconcile failed after the write or did not learn the write's outcome.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::credential::secret_writer::Written;
use crate::engine::object::ObjectKey;
use crate::error::Error;
use crate::reason::Outlook;

/// The last such write for each RegistryCredential, with the uid of the object. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Unsaid {
    known: Arc<Mutex<HashMap<ObjectKey, (String, Written)>>>,
}

impl Unsaid {
    /// A Secret was written, or perhaps written, for the object.
    pub(super) fn keep(&self, key: &ObjectKey, uid: &str, written: Written) {
        if written == Written::Already {
            return;
        }
        let mut known = self.lock();
        let first = known.get(key).filter(|(of, _)| of == uid).map(|(_, written)| written.clone());
        // What was created and then changed is new to the user.
        known.insert(key.clone(), (uid.to_owned(), first.unwrap_or(written)));
    }

    /// What is to be told now.
    pub(super) fn take(&self, key: &ObjectKey, uid: &str) -> Written {
        let known = self.lock().remove(key);
        known.filter(|(of, _)| of == uid).map_or(Written::Already, |(_, written)| written)
    }

    /// The object is gone.
    pub(super) fn forget(&self, key: &ObjectKey) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectKey, (String, Written)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a write to the API server may have taken effect although it failed.
pub(super) fn leaves_doubt(error: &Error) -> bool {
    matches!(error, Error::Kube(_) | Error::KubeTimeout(_)) && matches!(error.outlook(), Outlook::Retrying(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Written::{Already, Changed, Created};

    #[test]
    fn a_write_is_told_once_and_under_its_first_name() {
        let table: [(&str, &[(&str, Written)], Written); 6] = [
            ("nothing was written", &[], Already),
            ("nothing differed", &[("1", Already)], Already),
            ("created, and the pass failed then", &[("1", Created)], Created),
            ("created, and found in sync by the next pass", &[("1", Created), ("1", Already)], Created),
            ("created and then changed", &[("1", Created), ("1", Changed)], Created),
            ("for an earlier object of that name", &[("2", Created)], Already),
        ];
        for (sentence, writes, expected) in table {
            let (unsaid, key) = (Unsaid::default(), ObjectKey::new("n", "a"));
            for (uid, written) in writes {
                unsaid.keep(&key, uid, written.clone());
            }
            assert_eq!(unsaid.take(&key, "1"), expected, "{sentence}");
            assert_eq!(unsaid.take(&key, "1"), Already, "{sentence}: told");
        }
    }
}
