//! When objects are looked at again without an event. Pure.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Moment;
use crate::engine::object::ObjectKey;
use crate::engine::queue::urgency::Urgency;

/// One timer for each object. A timer fires when the wall clock shows its time, and after its whole wait by the
/// monotonic clock at the latest, so that a wall clock that is set back delays nothing.
#[derive(Debug, Default)]
pub(in crate::engine) struct Timers {
    of: HashMap<Arc<ObjectKey>, Timer>,
    by_wall: BTreeSet<(Timestamp, Arc<ObjectKey>)>,
    by_wait: BTreeSet<(Duration, Arc<ObjectKey>)>,
}

#[derive(Clone, Copy, Debug)]
struct Timer {
    at: Timestamp,
    latest: Duration,
    urgency: Urgency,
}

impl Timers {
    /// Sets the timer of an object; replaces an earlier one.
    pub(in crate::engine) fn set(&mut self, key: ObjectKey, at: Timestamp, urgency: Urgency, now: Moment) {
        self.clear(&key);
        let wait = Duration::try_from(at.duration_since(now.wall)).unwrap_or_default();
        let latest = now.steady.saturating_add(wait);
        let key = Arc::new(key);
        self.by_wall.insert((at, Arc::clone(&key)));
        self.by_wait.insert((latest, Arc::clone(&key)));
        self.of.insert(key, Timer { at, latest, urgency });
    }

    /// Takes the timer of an object away. Returns how urgent it was.
    pub(in crate::engine) fn clear(&mut self, key: &ObjectKey) -> Option<Urgency> {
        let (key, timer) = self.of.remove_entry(key)?;
        self.by_wall.remove(&(timer.at, Arc::clone(&key)));
        self.by_wait.remove(&(timer.latest, key));
        Some(timer.urgency)
    }

    /// Makes a timer that is set more urgent. Returns whether there is one.
    pub(in crate::engine) fn raise(&mut self, key: &ObjectKey, urgency: Urgency) -> bool {
        let Some(timer) = self.of.get_mut(key) else { return false };
        timer.urgency = timer.urgency.min(urgency);
        true
    }

    /// Takes a timer that has fired.
    pub(in crate::engine) fn fired(&mut self, now: Moment) -> Option<(ObjectKey, Urgency)> {
        let by_wall = self.by_wall.first().filter(|(at, _)| *at <= now.wall).map(|(_, key)| key);
        let by_wait = self.by_wait.first().filter(|(latest, _)| *latest <= now.steady).map(|(_, key)| key);
        let key = ObjectKey::clone(by_wall.or(by_wait)?);
        let urgency = self.clear(&key)?;
        Some((key, urgency))
    }

    /// When the first timer fires, by each clock.
    pub(in crate::engine) fn first(&self) -> Option<(Timestamp, Duration)> {
        Some((self.by_wall.first()?.0, self.by_wait.first()?.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    /// A timer of five minutes that is set at noon, and what the clocks show later.
    #[test]
    fn a_timer_fires_by_whichever_clock_is_first() {
        let steady = Duration::from_secs(77);
        let noon: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        for (what, wall, passed, expected) in [
            ("too early", 299, 299, false),
            ("in time", 300, 300, true),
            ("the clock was set back by six hours", -21_600 + 300, 300, true),
            ("the clock was set back by a minute in the middle", 240, 300, true),
            ("the clock was set back, and it is too early", -21_600, 299, false),
            ("the clock was set forward", 21_600, 1, true),
            ("the machine slept, and the monotonic clock stood still", 300, 10, true),
        ] {
            let mut timers = Timers::default();
            let key = ObjectKey::new("n", "a");
            let set = Moment { wall: noon, steady };
            timers.set(key.clone(), noon + SignedDuration::from_mins(5), Urgency::Routine, set);
            let now = Moment {
                wall: noon + SignedDuration::from_secs(wall),
                steady: steady + Duration::from_secs(passed),
            };
            assert_eq!(timers.fired(now), expected.then_some((key, Urgency::Routine)), "{what}");
            assert_eq!(timers.first().is_none(), expected, "{what}");
        }
    }

    #[test]
    fn a_timer_that_is_past_or_never_comes_is_a_timer_too() {
        let now = Moment { wall: Timestamp::UNIX_EPOCH, steady: Duration::ZERO };
        let mut timers = Timers::default();
        timers.set(ObjectKey::new("n", "past"), Timestamp::MIN, Urgency::LoginAtStake, now);
        timers.set(ObjectKey::new("n", "never"), Timestamp::MAX, Urgency::Routine, now);
        assert_eq!(timers.fired(now), Some((ObjectKey::new("n", "past"), Urgency::LoginAtStake)));
        assert_eq!(timers.fired(now), None);
    }
}
