//! When a token is renewed, and when a failed renewal is tried again. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};

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
/// After a renewal that failed, the next attempt comes before this part of the life that is left has passed: the nearer the end,
/// the sooner.
const RETRY_PART: i32 = 20;
/// The longest wait while a login has expired: whoever uses it fails until there is a new token.
pub const LONGEST_ONCE_EXPIRED: SignedDuration = SignedDuration::from_secs(30);
/// Each login that shares a token adds so much to the window in which the logins move to the next token.
const WINDOW_EACH: SignedDuration = SignedDuration::from_millis(6);
/// The longest window. Half of [`LEAST_SLACK`]: even the last login has the new token before the promised rest begins.
const LONGEST_WINDOW: SignedDuration = SignedDuration::from_mins(1);
/// Parts of the promised rest, in percent. When a renewal fails and less than one of them is left, users are warned.
const MARKS: [u8; 3] = [10, 25, 50];

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

    /// Which of the marks 50, 25 and 10 % of the promised rest the life that is left has fallen under; the lowest of them.
    pub fn mark(&self, renew_before: Option<SignedDuration>, now: Timestamp) -> Option<u8> {
        let left = self.expires.duration_since(now);
        let promised = self.promised_rest(renew_before);
        MARKS.into_iter().find(|mark| left <= promised * i32::from(*mark) / 100)
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

/// How long to wait after `failures` failed renewals in a row, when the token in use has `left` to live; `random` in 0..1 takes off up
/// to a quarter.
pub fn retry_wait(failures: u32, left: SignedDuration, random: f64) -> SignedDuration {
    let first = SignedDuration::from_secs(i64::try_from(RETRY.0).unwrap_or(i64::MAX));
    let longest = if left.is_positive() { (left / RETRY_PART).max(first) } else { LONGEST_ONCE_EXPIRED };
    backoff(RETRY, failures, random).min(longest)
}

/// In how much time the logins that share a token move to the next token: many Secrets must not be written in the same second.
pub fn window(sharers: usize) -> SignedDuration {
    let sharers = i32::try_from(sharers).unwrap_or(i32::MAX);
    WINDOW_EACH.checked_mul(sharers).map_or(LONGEST_WINDOW, |window| window.min(LONGEST_WINDOW))
}

/// Where in that window a login has its place, in 0..1; always the same for one login.
pub fn place(login: &impl Hash) -> f64 {
    const PLACES: u64 = 1 << 20;
    let mut hasher = DefaultHasher::new();
    login.hash(&mut hasher);
    u32::try_from(hasher.finish() % PLACES).map_or(0.0, f64::from) / 1_048_576.0
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
    fn a_failed_renewal_is_tried_again_sooner_when_the_end_is_near() {
        for (what, failures, left, expected) in [
            ("the first failure", 1, 4 * HOUR, 10),
            ("the third", 3, 4 * HOUR, 40),
            ("the hundredth, with much time left", 100, 4 * HOUR, 300),
            ("with an hour left", 100, HOUR, 180),
            ("with five minutes left", 100, 300, 15),
            ("with a minute left", 100, 60, 10),
            ("after the end", 100, -60, 30),
        ] {
            assert_eq!(retry_wait(failures, seconds(left), 0.0), seconds(expected), "{what}");
        }
    }

    #[test]
    fn a_mark_is_the_lowest_that_the_life_left_has_fallen_under() {
        for (left, expected) in [
            (4 * HOUR, None),
            (2 * HOUR + 1, None),
            (2 * HOUR, Some(50)),
            (HOUR, Some(25)),
            (1440, Some(10)),
            (1441, Some(25)),
            (-5, Some(10)),
        ] {
            assert_eq!(life(12 * HOUR).mark(None, at(12 * HOUR - left)), expected, "{left} s left");
        }
    }

    #[test]
    fn many_logins_move_within_a_minute_and_few_at_once() {
        for (sharers, milliseconds) in [(0, 0), (1, 6), (100, 600), (10_000, 60_000), (usize::MAX, 60_000)] {
            assert_eq!(window(sharers), SignedDuration::from_millis(milliseconds), "{sharers}");
        }
        assert!(LONGEST_WINDOW < LEAST_SLACK);
    }

    #[test]
    fn logins_have_their_places_all_over_the_window() {
        let mut tenths = [0; 10];
        for login in 0..1000 {
            let place = place(&("team", format!("login-{login}")));
            assert!((0.0..1.0).contains(&place));
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies in 0..10")]
            let tenth = (place * 10.0) as usize;
            tenths[tenth] += 1;
        }
        assert!(tenths.iter().all(|count| (60..140).contains(count)), "{tenths:?}");
    }

    #[test]
    fn the_jitter_of_a_token_never_changes() {
        for (id, expected) in [("a", 0.097), ("b", 0.098), ("5b4ff5ab-3a3c-4b57-9a2e-6a1d6e9b5f10", 0.012)] {
            assert!((jitter(id) - expected).abs() < 1e-9, "{id}: {}", jitter(id));
        }
    }
}
