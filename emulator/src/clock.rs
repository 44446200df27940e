//! The emulator's clock: the machine's time moved by an offset, and a way to wait for its next move.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::watch;

/// How long a long poll waits for a move.
const LONG_POLL: Duration = Duration::from_secs(30);

/// Runs like the machine's clock, and can be moved. Each move gets the next sequence number.
pub(crate) struct Clock {
    setting: watch::Sender<Setting>,
}

#[derive(Clone, Copy)]
struct Setting {
    offset: SignedDuration,
    seq: u64,
}

/// One move of the clock.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Move {
    Advance(SignedDuration),
    Set(Timestamp),
}

/// What the clock route answers.
#[derive(Serialize)]
pub(crate) struct Reading {
    now: Timestamp,
    seq: u64,
}

impl Clock {
    /// Ahead of the machine's by that much.
    pub(crate) fn new(offset: SignedDuration) -> Self {
        Self { setting: watch::Sender::new(Setting { offset, seq: 0 }) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        moved(machine_time(), self.setting.borrow().offset)
    }

    pub(crate) fn read(&self) -> Reading {
        let setting = *self.setting.borrow();
        Reading { now: moved(machine_time(), setting.offset), seq: setting.seq }
    }

    /// By how much the clock is ahead of the machine's after that move.
    pub(crate) fn offset_after(&self, to: Move) -> SignedDuration {
        match to {
            Move::Advance(by) => self.setting.borrow().offset.saturating_add(by),
            Move::Set(to) => to.duration_since(machine_time()),
        }
    }

    pub(crate) fn set_offset(&self, offset: SignedDuration) {
        self.setting.send_modify(|setting| {
            setting.offset = offset;
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
