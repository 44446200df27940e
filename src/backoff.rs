//! What is remembered of failures, and how long to wait before what failed is tried again. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::Deadline;

/// A wait that doubles with each failure in a row, from the first bound to the second, both in seconds. Up to a quarter is taken
/// off by `random`, which lies in 0..1, so that objects that failed together do not come back together.
pub fn backoff((first, most): (u64, u64), failures: u32, random: f64) -> SignedDuration {
    let doubled = first.saturating_mul(1_u64 << failures.saturating_sub(1).min(20)).min(most);
    let wait = Duration::from_secs(doubled).mul_f64(1.0 - random.clamp(0.0, 1.0) / 4.0);
    SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)
}

/// Failures in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streak {
    /// How many there were, from 1 on.
    pub count: u32,
    /// When the first of them was seen.
    pub since: Timestamp,
}

impl Streak {
    /// The streak after one more failure; a new streak where there was none before.
    #[must_use]
    pub fn lengthened(before: Option<Self>, now: Timestamp) -> Self {
        // The clock may have been set back since the first failure.
        before.map_or(Self { count: 1, since: now }, |before| Self {
            count: before.count.saturating_add(1),
            since: before.since.min(now),
        })
    }

    /// For how long there was nothing but failures.
    pub fn lasted(self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.since.min(now))
    }
}

/// The newest of some failures in a row, kept so that not everybody who meets the failure tries again at once.
#[derive(Clone, Debug)]
pub struct RememberedFailure<E> {
    /// What failed.
    pub error: E,
    streak: Streak,
    retry: Deadline,
}

impl<E> RememberedFailure<E> {
    /// Remembers a failure. `wait` says how long nobody tries again after so many failures in a row.
    pub fn new(
        before: Option<&Self>,
        error: E,
        now: Timestamp,
        wait: impl FnOnce(&E, u32) -> SignedDuration,
    ) -> Self {
        let streak = Streak::lengthened(before.map(|before| before.streak), now);
        let wait = wait(&error, streak.count);
        Self { error, streak, retry: Deadline::new(now, wait) }
    }

    /// When the next attempt is due.
    pub fn retry_at(&self) -> Timestamp {
        self.retry.at()
    }

    /// Whether the next attempt is due.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.retry.is_due(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_streak_counts_and_lasts_also_when_the_clock_is_set_back() {
        let first = Streak::lengthened(None, at(100));
        let second = Streak::lengthened(Some(first), at(160));
        assert_eq!((second.count, second.lasted(at(170))), (2, SignedDuration::from_secs(70)));
        let back = Streak::lengthened(Some(second), at(40));
        assert_eq!((back.count, back.lasted(at(50)).as_secs(), back.lasted(at(0)).as_secs()), (3, 10, 0));
    }

    #[test]
    fn a_remembered_failure_stands_until_the_next_attempt_is_due() {
        let wait = |_: &&str, count: u32| SignedDuration::from_secs(10 * i64::from(count));
        let first = RememberedFailure::new(None, "first", at(100), wait);
        let second = RememberedFailure::new(Some(&first), "second", at(110), wait);
        assert_eq!((second.error, second.retry_at()), ("second", at(130)));
        // A clock that was set back to before the failure makes the attempt due.
        for (now, due) in [(110, false), (129, false), (130, true), (109, true)] {
            assert_eq!(second.is_due(at(now)), due, "{now}");
        }
    }

    #[test]
    fn waits_slow_down_from_the_first_bound_to_the_second() {
        for (failures, random, expected) in [
            (0, 0.0, 10.0),
            (1, 0.0, 10.0),
            (1, 1.0, 7.5),
            (2, 0.0, 20.0),
            (5, 0.0, 160.0),
            (6, 0.0, 300.0),
            (99, 1.0, 225.0),
        ] {
            let wait = backoff((10, 300), failures, random).as_secs_f64();
            assert!((wait - expected).abs() < 1e-6, "{failures} failures: {wait}");
        }
    }
}
