//! When a token is renewed, and when a failed renewal is tried again. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::backoff::backoff;

/// The shortest life that the service gives; assumed when it does not say when a token ends.
const SHORTEST_LIFE: SignedDuration = SignedDuration::from_mins(15);
/// Time for a renewal, before the promised rest of the life begins: at least this.
const LEAST_SLACK: SignedDuration = SignedDuration::from_mins(2);
/// A token is used at least this long, so that even a wrong clock does not mint without end.
const LEAST_USE: SignedDuration = SignedDuration::from_secs(30);
/// Clocks of different hosts, and of one host while it is corrected, differ by up to this much.
const CLOCK_ERROR: SignedDuration = SignedDuration::from_mins(1);
/// The first and the longest wait after a renewal that failed, in seconds.
const RETRY: (u64, u64) = (10, 300);

/// From when to when a token works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it was minted.
    pub issued: Timestamp,
    /// When it stops to work.
    pub expires: Timestamp,
}

impl Life {
    /// The life of a token from what the service said about its end. An end that is missing or past is an error of the
    /// service, for which a short life is assumed; one later than asked for is a difference between clocks.
    pub fn new(issued: Timestamp, said: Option<Timestamp>, asked: SignedDuration) -> Self {
        let issued = whole_seconds(issued);
        let expires = match said.map(whole_seconds) {
            Some(end) if end > issued => end.min(later(issued, asked)),
            _ => later(issued, SHORTEST_LIFE),
        };
        Self { issued, expires }
    }

    /// Whether it still works.
    pub fn valid(&self, now: Timestamp) -> bool {
        now < self.expires
    }

    /// Whether it was minted at a time that is still to come: the clock was set back since, so that the time planned for
    /// its renewal would come too late.
    pub fn begins_later(&self, now: Timestamp) -> bool {
        self.issued > later(now, CLOCK_ERROR)
    }

    /// How much life the token has left at least while it is in use: a third of its life unless `renew_before` says otherwise,
    /// at most half of it.
    pub fn promised_rest(&self, renew_before: Option<SignedDuration>) -> SignedDuration {
        let life = self.expires.duration_since(self.issued);
        renew_before.unwrap_or(life / 3).min(life / 2)
    }

    /// When to renew, so that the token keeps its promised rest. `jitter`, in 0..1, makes it up to 5 % of the life earlier and
    /// never later.
    pub fn renews_at(&self, renew_before: Option<SignedDuration>, jitter: f64) -> Timestamp {
        let life = self.expires.duration_since(self.issued);
        let rest = self.promised_rest(renew_before);
        let slack = LEAST_SLACK.max(life / 20);
        let earlier = (life / 20).mul_f64(jitter.clamp(0.0, 1.0));
        let least_use = LEAST_USE.max(life / 4);
        let use_ = life.saturating_sub(rest).saturating_sub(slack).saturating_sub(earlier);
        whole_seconds(later(self.issued, use_.max(least_use)))
    }
}

/// The jitter of a token: the same whenever it is asked for, so that nothing moves over a restart.
pub fn jitter(token_id: &str) -> f64 {
    let sum = token_id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    f64::from(sum % 1000) / 1000.0
}

/// How long to wait after `failures` failed renewals in a row; `random` in 0..1 takes off up to a quarter.
pub fn retry_wait(failures: u32, random: f64) -> SignedDuration {
    backoff(RETRY, failures, random)
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The issue, the renewal and the end of a token are whole seconds, as the store and the status keep them.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + second).unwrap()
    }

    fn seconds(count: i64) -> SignedDuration {
        SignedDuration::from_secs(count)
    }

    fn life(length: i64) -> Life {
        Life { issued: at(0), expires: at(length) }
    }

    #[test]
    fn a_token_is_renewed_before_the_promised_rest_of_its_life_begins() {
        for (what, length, renew_before, jitter, expected) in [
            ("a third of 12 h and 5 % for the renewal", 12 * HOUR, None, 0.0, 8 * HOUR - 2160),
            ("jitter makes it earlier", 12 * HOUR, None, 1.0, 8 * HOUR - 4320),
            ("what was asked for", 12 * HOUR, Some(HOUR), 0.0, 11 * HOUR - 2160),
            ("at most half", 12 * HOUR, Some(11 * HOUR), 0.0, 6 * HOUR - 2160),
            ("at least two minutes for the renewal", 900, None, 0.0, 600 - 120),
            ("the shortest token, half of it promised", 900, Some(450), 1.0, 450 - 120 - 45),
            ("a third of the life that it really has", HOUR, None, 0.0, 2400 - 180),
            ("much shorter than asked for: used a quarter", 180, Some(HOUR), 0.0, 45),
            ("hardly alive: half a minute all the same", 20, None, 1.0, 30),
            ("a whole second, the earlier one", 907, None, 0.5, 461),
            ("jitter out of bounds", 12 * HOUR, None, 7.0, 8 * HOUR - 4320),
        ] {
            let renews = life(length).renews_at(renew_before.map(seconds), jitter);
            assert_eq!(renews, at(expected), "{what}");
        }
    }

    #[test]
    fn legal_settings_keep_the_promise() {
        for minutes in [15, 16, 30, 60, 240, 720] {
            for part in 2..20 {
                for jitter in [0.0, 0.5, 0.999] {
                    let before = seconds(minutes * 60 / part).max(seconds(60));
                    let life = life(minutes * 60);
                    let renews = life.renews_at(Some(before), jitter);
                    assert!(renews > life.issued);
                    assert!(
                        life.expires.duration_since(renews) >= before + LEAST_SLACK,
                        "{minutes} min, 1/{part}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_end_that_makes_no_sense_means_a_short_life() {
        let asked = seconds(12 * HOUR);
        for (what, said, expected) in [
            ("as asked", Some(at(12 * HOUR)), 12 * HOUR),
            ("shorter than asked", Some(at(HOUR)), HOUR),
            ("fractions of a second", Some(at(HOUR) + SignedDuration::from_millis(900)), HOUR),
            ("later than asked: the clocks differ", Some(at(13 * HOUR)), 12 * HOUR),
            ("missing", None, 900),
            ("zero", Some(Timestamp::UNIX_EPOCH), 900),
            ("the zero of another language", Some("0001-01-01T00:00:00Z".parse().unwrap()), 900),
            ("just past", Some(at(0)), 900),
        ] {
            let life = Life::new(at(0), said, asked);
            assert_eq!(life, Life { issued: at(0), expires: at(expected) }, "{what}");
        }
        assert!(life(10).valid(at(9)) && !life(10).valid(at(10)));
    }

    #[test]
    fn a_token_from_the_future_is_known_by_more_than_a_difference_between_clocks() {
        for (now, expected) in [(0, false), (9, false), (-60, false), (-61, true), (-6 * HOUR, true)] {
            assert_eq!(life(10).begins_later(at(now)), expected, "{now}");
        }
    }

    #[test]
    fn the_jitter_of_a_token_never_changes() {
        for (id, expected) in [("a", 0.097), ("b", 0.098), ("5b4ff5ab-3a3c-4b57-9a2e-6a1d6e9b5f10", 0.012)] {
            assert!((jitter(id) - expected).abs() < 1e-9, "{id}: {}", jitter(id));
        }
    }
}
