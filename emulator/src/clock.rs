//! The emulator's clock: the machine's time moved by an offset, and a way to wait for its next move.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::time::Duration;
use tokio::sync::watch;

/// How long a long poll waits for a move.
const LONG_POLL: Duration = Duration::from_secs(30);

/// Runs like the machine's clock, and can be moved. Each move gets the next sequence number.
pub(crate) struct Clock {
    setting: watch::Sender<Setting>,
}

#[derive(Clone, Copy, Default)]
struct Setting {
    offset: SignedDuration,
    seq: u64,
}

/// What the clock route answers.
#[derive(Serialize)]
pub(crate) struct Reading {
    now: Timestamp,
    seq: u64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { setting: watch::Sender::new(Setting::default()) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        moved(machine_time(), self.setting.borrow().offset)
    }

    pub(crate) fn read(&self) -> Reading {
        let setting = *self.setting.borrow();
        Reading { now: moved(machine_time(), setting.offset), seq: setting.seq }
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        self.setting.send_modify(|setting| {
            setting.offset = setting.offset.saturating_add(by);
            setting.seq += 1;
        });
    }

    pub(crate) fn set(&self, to: Timestamp) {
        self.setting.send_modify(|setting| {
            setting.offset = to.duration_since(machine_time());
            setting.seq += 1;
        });
    }

    /// The reading after move number `seq`, or the present one when none came for 30 s.
    pub(crate) async fn after(&self, seq: u64) -> Reading {
        let mut changes = self.setting.subscribe();
        let moved = changes.wait_for(|setting| setting.seq > seq);
        match tokio::time::timeout(LONG_POLL, moved).await {
            // Both mean the same to the caller, who compares sequence numbers.
            Ok(_) | Err(_) => self.read(),
        }
    }
}

fn moved(time: Timestamp, offset: SignedDuration) -> Timestamp {
    time.saturating_add(offset).unwrap_or(Timestamp::MAX)
}

#[expect(clippy::disallowed_methods, reason = "the one place where the machine's time enters")]
fn machine_time() -> Timestamp {
    Timestamp::now()
}
