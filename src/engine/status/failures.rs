//! How often and for how long objects have failed without a break.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::backoff::Streak;
use crate::engine::object::{ObjectKey, Success};
use crate::error::Error;
use crate::reason::Outlook;

/// Failures in a row, by object.
#[derive(Debug, Default)]
pub(in crate::engine) struct ConsecutiveFailures {
    by_object: Mutex<HashMap<ObjectKey, Failures>>,
}

/// Failures of one sort, of one version of the spec: another sort or another spec starts anew.
#[derive(Clone, Copy, Debug)]
struct Failures {
    sort: std::mem::Discriminant<Outlook>,
    generation: Option<i64>,
    streak: Streak,
}

impl ConsecutiveFailures {
    /// Whether the last reconcile of that spec was denied something.
    pub(in crate::engine) fn are_denied(&self, key: &ObjectKey, generation: Option<i64>) -> bool {
        let denied = std::mem::discriminant(&Outlook::Denied);
        self.lock().get(key).is_some_and(|known| (known.sort, known.generation) == (denied, generation))
    }

    /// For how long the object has been denied access, this outcome included.
    pub(in crate::engine) fn denied_for(
        &self,
        key: &ObjectKey,
        outcome: &Result<Success, Error>,
        now: Timestamp,
    ) -> SignedDuration {
        let denied = outcome.as_ref().is_err_and(|error| error.outlook() == Outlook::Denied);
        let known = self.lock().get(key).copied();
        let known = known.filter(|known| denied && known.sort == std::mem::discriminant(&Outlook::Denied));
        known.map_or(SignedDuration::ZERO, |known| known.streak.lasted(now))
    }

    /// Counts an outcome. Returns how many failures of its sort there were in a row, 0 for a success.
    pub(in crate::engine) fn count(
        &self,
        key: &ObjectKey,
        generation: Option<i64>,
        outcome: &Result<Success, Error>,
        now: Timestamp,
    ) -> u32 {
        let mut by_object = self.lock();
        let Err(error) = outcome else {
            by_object.remove(key);
            return 0;
        };
        let sort = std::mem::discriminant(&error.outlook());
        let before = by_object.get(key).filter(|known| (known.sort, known.generation) == (sort, generation));
        let streak = Streak::lengthened(before.map(|known| known.streak), now);
        by_object.insert(key.clone(), Failures { sort, generation, streak });
        streak.count
    }

    /// The object is gone.
    pub(in crate::engine) fn forget(&self, key: &ObjectKey) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectKey, Failures>> {
        self.by_object.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{AwsError, AwsErrorKind};
    use crate::reason::Reason;

    fn failed(kind: AwsErrorKind) -> Result<Success, Error> {
        Err(AwsError { operation: "CreateDomain", kind, message: String::new() }.into())
    }

    #[test]
    fn another_sort_of_failure_and_another_spec_start_anew() {
        let (by_object, key) = (ConsecutiveFailures::default(), ObjectKey::new("n", "a"));
        let at = |second| Timestamp::from_second(second).unwrap();
        let waiting = Err(Error::waiting(Reason::DependencyNotReady, ""));
        for expected in 1..=5 {
            assert_eq!(by_object.count(&key, Some(1), &waiting, at(0)), expected);
        }
        assert_eq!(by_object.count(&key, Some(1), &failed(AwsErrorKind::Unavailable), at(1)), 1);
        assert_eq!(by_object.count(&key, Some(1), &failed(AwsErrorKind::Unavailable), at(2)), 2);
        assert_eq!(by_object.count(&key, Some(2), &failed(AwsErrorKind::Unavailable), at(3)), 1);
        assert_eq!(by_object.count(&key, Some(2), &Ok(Success::suspended("spec.suspend is true")), at(4)), 0);
        assert_eq!(by_object.count(&key, Some(2), &failed(AwsErrorKind::Unavailable), at(5)), 1);
    }

    #[test]
    fn denial_is_counted_from_its_first_time() {
        let (by_object, key) = (ConsecutiveFailures::default(), ObjectKey::new("n", "a"));
        let at = |second| Timestamp::from_second(second).unwrap();
        let denied = failed(AwsErrorKind::Denied);
        assert_eq!(by_object.denied_for(&key, &denied, at(100)), SignedDuration::ZERO);
        assert!(!by_object.are_denied(&key, None));
        by_object.count(&key, None, &denied, at(100));
        assert!(by_object.are_denied(&key, None) && !by_object.are_denied(&key, Some(1)));
        assert_eq!(by_object.denied_for(&key, &denied, at(160)), SignedDuration::from_mins(1));
        assert_eq!(
            by_object.denied_for(&key, &failed(AwsErrorKind::Unavailable), at(160)),
            SignedDuration::ZERO
        );
    }

    #[test]
    fn a_clock_that_is_set_back_delays_no_count() {
        let (by_object, key) = (ConsecutiveFailures::default(), ObjectKey::new("n", "a"));
        let at = |second| Timestamp::from_second(second).unwrap();
        let denied = failed(AwsErrorKind::Denied);
        by_object.count(&key, None, &denied, at(20_000));
        assert_eq!(by_object.denied_for(&key, &denied, at(100)), SignedDuration::ZERO);
        by_object.count(&key, None, &denied, at(100));
        assert_eq!(by_object.denied_for(&key, &denied, at(160)), SignedDuration::from_mins(1));
    }
}
