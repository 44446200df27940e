//! Expired tokens and sessions are forgotten a day after their end, so that the memory of an emulator that runs for
//! months does not grow.

use imbl::OrdMap;
use jiff::{SignedDuration, Timestamp};

/// How long an entry is kept after its end, so that a caller who uses it learns that it has expired.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// With fewer entries the emulator does not look for those that have expired.
const FEWEST: usize = 1_000;

/// Decides when a map is next searched for expired entries. The map must double between two searches, so that the
/// cost for each entry stays small.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep {
    at: usize,
}

impl Default for Sweep {
    fn default() -> Self {
        Self { at: FEWEST }
    }
}

impl Sweep {
    /// When a search is due, remove the entries that expired a day ago or earlier. `end` is the time at which an
    /// entry expires; an entry without an end stays.
    pub(super) fn forget<K: Ord + Clone, V: Clone>(
        &mut self,
        entries: &mut OrdMap<K, V>,
        now: Timestamp,
        end: impl Fn(&V) -> Option<Timestamp>,
    ) {
        if entries.len() < self.at {
            return;
        }
        let is_over = |value: &V| {
            end(value)
                .is_some_and(|end| end.saturating_add(REMEMBERED).is_ok_and(|forgotten| forgotten <= now))
        };
        let over: Vec<K> =
            entries.iter().filter(|(_, value)| is_over(value)).map(|(key, _)| key.clone()).collect();
        for key in over {
            entries.remove(&key);
        }
        self.at = entries.len().saturating_mul(2).max(FEWEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_expired_a_day_ago_is_forgotten_and_nothing_else() {
        let now: Timestamp = "2026-01-03T00:00:00Z".parse().unwrap();
        let at = |hours| Some(now.saturating_add(SignedDuration::from_hours(hours)).unwrap());
        let mut entries: OrdMap<usize, Option<Timestamp>> =
            (0..FEWEST - 4).map(|key| (key, at(-24))).collect();
        let others = [None, at(-23), at(1)];
        entries.extend(others.iter().enumerate().map(|(key, end)| (FEWEST + key, *end)));
        let mut sweep = Sweep::default();
        sweep.forget(&mut entries, now, |end| *end);
        assert_eq!(entries.len(), FEWEST - 1, "a map that is small is left alone");
        entries.insert(FEWEST - 1, at(-24));
        sweep.forget(&mut entries, now, |end| *end);
        assert!(entries.values().eq(&others));
    }

    #[test]
    fn a_map_has_to_double_between_two_looks() {
        let now = Timestamp::UNIX_EPOCH;
        let mut sweep = Sweep::default();
        let mut entries: OrdMap<usize, ()> = (0..3 * FEWEST).map(|key| (key, ())).collect();
        sweep.forget(&mut entries, now, |()| None);
        assert_eq!(sweep.at, 6 * FEWEST);
    }
}
