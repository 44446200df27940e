//! The one source of wall-clock time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// Wall-clock time: the host's, or in tests the host's moved by an offset that a test controls.
///
/// Schedules and signatures follow it. I/O timeouts, the Lease and rate limits stay on the monotonic clock.
#[derive(Clone, Debug)]
pub struct Clock {
    offset: Arc<watch::Sender<SignedDuration>>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { offset: Arc::new(watch::Sender::new(SignedDuration::ZERO)) }
    }
}

impl Clock {
    /// What time it is.
    pub fn now(&self) -> Timestamp {
        host_now().checked_add(*self.offset.borrow()).unwrap_or(Timestamp::MAX)
    }

    /// Moves the clock so that it shows `now`; sleepers look again.
    pub fn set(&self, now: Timestamp) {
        let offset = now.duration_since(host_now());
        self.offset.send_replace(offset);
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
