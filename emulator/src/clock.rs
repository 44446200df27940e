//! The emulator's clock: the machine's time moved by an offset, and a way to wait for its next move.

use crate::times;
use clap::ValueEnum;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::watch;

/// How long a long poll waits for a move.
const LONG_POLL: Duration = Duration::from_secs(30);

/// Between these it can be set: what came before CodeArtifact, and years of five digits, mean a mistake.
const EARLIEST: Timestamp = Timestamp::constant(946_684_800, 0);
const LATEST: Timestamp = Timestamp::constant(253_370_764_800, 0);

/// Runs like the machine's clock, and can be moved. Each move gets the next sequence number.
pub(crate) struct Clock {
    setting: watch::Sender<Setting>,
    signatures: SignatureClock,
}

/// The clock that the age of signatures goes by, and with it the `Date` of answers, by which clients correct
/// their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SignatureClock {
    /// The emulator's, which can be moved.
    #[default]
    Emulator,
    /// The machine's, for clients that sign by it whatever the emulator's clock says.
    Machine,
}

/// How a clock stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Setting {
    /// By how much it is ahead of the machine's.
    pub(crate) offset: SignedDuration,
    /// How often it was moved.
    pub(crate) seq: u64,
}

/// One move of the clock.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "MoveSpec")]
pub(crate) enum Move {
    Advance(SignedDuration),
    Set(Timestamp),
}

/// One move as the control route takes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with advance or set")]
struct MoveSpec {
    #[serde(default, deserialize_with = "times::duration")]
    advance: Option<SignedDuration>,
    #[serde(default, deserialize_with = "times::time")]
    set: Option<Timestamp>,
}

impl TryFrom<MoveSpec> for Move {
    type Error = &'static str;

    fn try_from(MoveSpec { advance, set }: MoveSpec) -> Result<Self, &'static str> {
        match (advance, set) {
            (Some(by), None) => Ok(Self::Advance(by)),
            (None, Some(to)) => Ok(Self::Set(to)),
            (None, None) => Err("the clock needs advance or set"),
            (Some(_), Some(_)) => Err("the clock takes one of advance, set"),
        }
    }
}

/// A move to a time that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("the clock can be moved to times from {EARLIEST} to {LATEST}")]
pub(crate) struct OutOfRange;

/// What the clock route answers.
#[derive(Serialize)]
pub(crate) struct Reading {
    now: Timestamp,
    seq: u64,
}

impl Clock {
    pub(crate) fn new(setting: Setting, signatures: SignatureClock) -> Self {
        Self { setting: watch::Sender::new(setting), signatures }
    }

    pub(crate) fn now(&self) -> Timestamp {
        moved(machine_time(), self.setting.borrow().offset)
    }

    /// The time that those who sign requests should have.
    pub(crate) fn signing_time(&self) -> Timestamp {
        match self.signatures {
            SignatureClock::Emulator => self.now(),
            SignatureClock::Machine => machine_time(),
        }
    }

    pub(crate) fn read(&self) -> Reading {
        let setting = *self.setting.borrow();
        Reading { now: moved(machine_time(), setting.offset), seq: setting.seq }
    }

    /// How the clock stands after that move.
    pub(crate) fn after_move(&self, to: Move) -> Result<Setting, OutOfRange> {
        let Setting { offset, seq } = *self.setting.borrow();
        let now = machine_time();
        let offset = match to {
            Move::Advance(by) => offset.checked_add(by).ok_or(OutOfRange)?,
            Move::Set(to) => to.duration_since(now),
        };
        let then = now.checked_add(offset).map_err(|_| OutOfRange)?;
        if (EARLIEST..=LATEST).contains(&then) {
            Ok(Setting { offset, seq: seq + 1 })
        } else {
            Err(OutOfRange)
        }
    }

    pub(crate) fn set(&self, setting: Setting) {
        self.setting.send_replace(setting);
    }

    /// The reading after move number `seq`, or the present one when none came for 30 s. A number that is
    /// still to come is none of this clock's: the present reading says so.
    pub(crate) async fn after(&self, seq: u64) -> Reading {
        let mut changes = self.setting.subscribe();
        let moved = changes.wait_for(|setting| setting.seq != seq);
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
pub(crate) fn machine_time() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_move_is_one_that_makes_sense() {
        for (asked, told) in [
            ("{}", "needs advance or set"),
            (r#"{"advance":null}"#, "needs advance or set"),
            (r#"{"advance":"1h","set":"2026-01-01T00:00:00Z"}"#, "one of advance, set"),
            (r#"{"advance":"1d"}"#, "use hours, such as \"24h\""),
            (r#"{"set":"tomorrow"}"#, "such as \"2026-01-01T00:00:00Z\""),
            (r#"{"jump":1}"#, "unknown field"),
            ("null", "an object with advance or set"),
        ] {
            let error = serde_json::from_str::<Move>(asked).unwrap_err().to_string();
            assert!(error.contains(told), "{asked}: {error}");
        }
    }

    #[test]
    fn a_clock_stays_among_times_that_make_sense() {
        let clock = Clock::new(Setting::default(), SignatureClock::Emulator);
        for to in [
            Move::Advance(SignedDuration::MAX),
            Move::Advance(SignedDuration::from_hours(9_999_999_999)),
            Move::Advance(SignedDuration::from_hours(-876_000)),
            Move::Set("1999-12-31T23:59:59Z".parse().unwrap()),
            Move::Set("1969-01-01T00:00:00Z".parse().unwrap()),
            Move::Set(Timestamp::MAX),
        ] {
            let error = clock.after_move(to).unwrap_err().to_string();
            assert!(error.contains("from 2000-01-01T00:00:00Z to 9999-01-01T00:00:00Z"), "{error}");
        }
        assert_eq!(clock.after_move(Move::Set(LATEST)).unwrap().seq, 1);
        clock.after_move(Move::Set(EARLIEST)).unwrap();
    }

    #[tokio::test]
    async fn a_number_that_did_not_come_yet_is_not_waited_for() {
        let clock = Clock::new(Setting { seq: 2, ..Setting::default() }, SignatureClock::Emulator);
        for (after, is_answered) in [(1, true), (2, false), (3, true)] {
            let reading = clock.after(after).now_or_never();
            assert_eq!(reading.is_some_and(|reading| reading.seq == 2), is_answered, "{after}");
        }
    }
}
