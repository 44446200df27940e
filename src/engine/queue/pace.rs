//! How often an object may ask to be looked at. Pure.

use std::collections::HashMap;
use std::time::Duration;

use crate::engine::object::ObjectKey;

/// How many requests of an object are served at once when its user keeps asking.
const BURST: u32 = 5;
/// After those, one request is served in this time.
const EVERY: Duration = Duration::from_secs(3);
/// Below this number of buckets no search for full buckets is made.
const FEW: usize = 64;

/// A token bucket for each object that has asked lately.
#[derive(Debug, Default)]
pub(in crate::engine) struct Pace {
    /// When the bucket of an object is full again.
    full_at: HashMap<ObjectKey, Duration>,
    /// The number of objects at which those with a full bucket are forgotten.
    tidy_at: usize,
}

impl Pace {
    /// When an object that asks now has its turn: at once as long as its bucket is not empty. The turn is taken.
    pub(in crate::engine) fn turn(&mut self, key: &ObjectKey, now: Duration) -> Duration {
        self.tidy(now);
        let full_at = self.full_at.entry(key.clone()).or_insert(now);
        // Turns that were taken and not used, as by an object that was deleted meanwhile, make nobody wait for more than one turn.
        *full_at = ((*full_at).max(now) + EVERY).min(now + EVERY * (BURST + 1));
        full_at.saturating_sub(EVERY * BURST).max(now)
    }

    fn tidy(&mut self, now: Duration) {
        if self.full_at.len() >= self.tidy_at.max(FEW) {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.tidy_at = self.full_at.len().saturating_mul(2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_served_at_once_and_then_one_turn_in_three_seconds() {
        let seconds = Duration::from_secs;
        let (mut pace, start, key) = (Pace::default(), seconds(77), ObjectKey::new("n", "a"));
        for (asked, expected) in
            [(0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 3), (3, 6), (10, 10), (10, 12), (100, 100)]
        {
            let turn = pace.turn(&key, start + seconds(asked));
            assert_eq!(turn, start + seconds(expected), "asked at {asked} s");
        }
        assert_eq!(pace.turn(&ObjectKey::new("n", "b"), start), start, "each object has a bucket of its own");
    }

    #[test]
    fn turns_that_nobody_used_make_nobody_wait() {
        let (mut pace, start, key) = (Pace::default(), Duration::from_secs(77), ObjectKey::new("n", "a"));
        let turns = std::iter::repeat_with(|| pace.turn(&key, start)).take(100);
        assert_eq!(turns.max(), Some(start + EVERY), "an object that was made anew many times");
    }

    #[test]
    fn objects_that_stopped_asking_are_forgotten() {
        let (mut pace, mut now) = (Pace::default(), Duration::ZERO);
        for round in 0..100 {
            for number in 0..50 {
                pace.turn(&ObjectKey::new("n", format!("{round}-{number}")), now);
            }
            now += EVERY;
        }
        assert!(pace.full_at.len() <= 4 * FEW, "{} objects are known", pace.full_at.len());
    }

    #[test]
    fn whoever_still_asks_too_often_is_not_forgotten_with_the_others() {
        let (mut pace, now) = (Pace::default(), Duration::from_secs(77));
        let busy = ObjectKey::new("n", "busy");
        for _ in 0..2 * BURST {
            pace.turn(&busy, now);
        }
        for number in 1..FEW {
            pace.turn(&ObjectKey::new("n", number.to_string()), now);
        }
        // By now the buckets of all others are just full again.
        pace.turn(&ObjectKey::new("n", "last"), now + EVERY);
        assert_eq!(pace.full_at.len(), 2, "the busy object and the last one");
        assert!(pace.turn(&busy, now + EVERY) > now + EVERY);
    }

    #[test]
    fn many_objects_that_ask_are_searched_through_each_time_their_number_has_doubled() {
        let (mut pace, mut now) = (Pace::default(), Duration::ZERO);
        for round in 0..10 {
            for number in 0..4 * FEW {
                pace.turn(&ObjectKey::new("n", format!("{round}-{number}")), now);
            }
            now += EVERY;
        }
        assert!(pace.full_at.len() <= 16 * FEW, "{} objects are known", pace.full_at.len());
    }
}
