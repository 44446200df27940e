//! The one source of wall-clock time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

/// Wall-clock time: the host's, or in tests the host's moved by an offset that a test controls.
///
/// Schedules and signatures follow it. I/O timeouts, the Lease and rate limits stay on the monotonic clock.
#[derive(Clone, Debug)]
pub struct Clock {
    offset: Arc<watch::Sender<SignedDuration>>,
    started: Instant,
}

/// A time on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// What the wall clock shows. It jumps both ways.
    pub wall: Timestamp,
    /// Time since the process started, by the monotonic clock. It stands still while the machine sleeps.
    pub steady: Duration,
}

/// The end of a wait, as far as the wall clock can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    set: Timestamp,
    wait: SignedDuration,
}

impl Deadline {
    /// A wait that begins at `set`.
    pub fn new(set: Timestamp, wait: SignedDuration) -> Self {
        Self { set, wait }
    }

    /// When the wait ends.
    pub fn at(self) -> Timestamp {
        self.set.checked_add(self.wait).unwrap_or(Timestamp::MAX)
    }

    /// Whether the wait is over. It is over, too, when the clock was set back to before it began.
    pub fn is_due(self, now: Timestamp) -> bool {
        now >= self.at() || now < self.set
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self { offset: Arc::new(watch::Sender::new(SignedDuration::ZERO)), started: Instant::now() }
    }
}

impl Clock {
    /// What time it is.
    pub fn now(&self) -> Timestamp {
        host_now().checked_add(*self.offset.borrow()).unwrap_or(Timestamp::MAX)
    }

    /// What time it is on both clocks.
    pub fn moment(&self) -> Moment {
        Moment { wall: self.now(), steady: self.started.elapsed() }
    }

    /// Moves the clock so that it shows `now`; sleepers look again.
    pub fn set(&self, now: Timestamp) {
        let offset = now.duration_since(host_now());
        self.offset.send_replace(offset);
    }

    /// Returns once the clock has moved on by `wait`, and after a wait of that length at the latest, also when the clock
    /// was set back.
    pub async fn sleep(&self, wait: Duration) {
        let end = self.now().checked_add(wait).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = self.sleep_until(end) => {}
            () = tokio::time::sleep(wait) => {}
        }
    }

    /// Returns once the clock shows `deadline` or later, also when it jumps there.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        let mut jumps = self.offset.subscribe();
        loop {
            let left = deadline.duration_since(self.now());
            let Ok(left) = Duration::try_from(left) else { return };
            if left.is_zero() {
                return;
            }
            // A suspended machine stops the monotonic clock, so that long waits look again now and then.
            tokio::select! {
                () = tokio::time::sleep(left.min(Duration::from_mins(1))) => {}
                _ = jumps.changed() => {}
            }
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the host's clock")]
fn host_now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_due_after_its_wait_and_when_the_clock_was_set_back() {
        let set: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let deadline = Deadline::new(set, SignedDuration::from_mins(5));
        for (seconds, expected) in
            [(0, false), (299, false), (300, true), (21_600, true), (-1, true), (-21_600, true)]
        {
            let now = set + SignedDuration::from_secs(seconds);
            assert_eq!(deadline.is_due(now), expected, "after {seconds} s");
        }
        assert_eq!(Deadline::new(set, SignedDuration::MAX).at(), Timestamp::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_ends_in_time_when_the_clock_is_set_back_and_at_once_when_it_is_set_forward() {
        let clock = Clock::default();
        for (moved, at_most) in [(-6, Duration::from_mins(11)), (6, Duration::from_secs(1))] {
            let started = Instant::now();
            let sleeper = tokio::spawn({
                let clock = clock.clone();
                async move { clock.sleep(Duration::from_mins(10)).await }
            });
            tokio::task::yield_now().await;
            clock.set(clock.now() + SignedDuration::from_hours(moved));
            sleeper.await.unwrap();
            assert!(started.elapsed() <= at_most, "moved by {moved} h: slept for {:?}", started.elapsed());
        }
    }

    /// The host's clock gives no signal when it is set.
    #[tokio::test(start_paused = true)]
    async fn a_sleeper_looks_at_the_clock_again_after_a_minute_without_a_signal() {
        let clock = Clock::default();
        let end = clock.now() + SignedDuration::from_hours(6);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(end).await }
        });
        tokio::task::yield_now().await;
        let started = Instant::now();
        clock.offset.send_if_modified(|offset| {
            *offset = SignedDuration::from_hours(7);
            false
        });
        sleeper.await.unwrap();
        assert!(started.elapsed() <= Duration::from_mins(1), "slept for {:?}", started.elapsed());
    }
}
