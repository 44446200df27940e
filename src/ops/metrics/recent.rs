//! How often something happened in the last minute. Pure.

/// The length of a minute, in the seconds that are counted apart.
const SECONDS: u64 = 60;

/// Counts by second, for the last minute.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastMinute {
    counts: [(u64, u32); 60],
}

impl Default for LastMinute {
    fn default() -> Self {
        Self { counts: [(0, 0); 60] }
    }
}

impl LastMinute {
    /// Counts one in that second of the life of the process.
    pub(super) fn add(&mut self, second: u64) {
        let slot = usize::try_from(second % SECONDS).unwrap_or_default();
        let Some((of, count)) = self.counts.get_mut(slot) else { return };
        if *of != second {
            (*of, *count) = (second, 0);
        }
        *count = count.saturating_add(1);
    }

    /// How many there were in the minute that ends with that second.
    pub(super) fn sum(&self, second: u64) -> u32 {
        let recent = self.counts.iter().filter(|(of, _)| second < of.saturating_add(SECONDS));
        recent.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_a_minute_does_not_count() {
        let mut calls = LastMinute::default();
        for second in [0, 0, 1, 59] {
            calls.add(second);
        }
        for (second, expected) in [(59, 4), (60, 2), (61, 1), (118, 1), (119, 0), (1000, 0)] {
            assert_eq!(calls.sum(second), expected, "after {second} s");
        }
        calls.add(60);
        assert_eq!(calls.sum(60), 3, "the slot of second 0 is used anew");
    }
}
