//! What has expired is forgotten in the end, so that an emulator that runs for months does not grow.

use imbl::OrdMap;
use jiff::{SignedDuration, Timestamp};

/// How long what has expired is still known, so that who uses it is told that it has expired.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// The fewest entries that are worth a look through all of them.
const FEWEST: usize = 1_000;

/// When a map is looked through next for what has expired. The map has to double in between, so that the looks
/// cost each entry little.
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
    /// Forget what expired a day ago or earlier, when it is time for that. `end` says when an entry expires, if
    /// it ever does.
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
