//! What users are told while a login works and cannot be renewed. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::credential::schedule::Life;
use crate::engine::object::EventRecord;
use crate::error::Error;
use crate::reason::Reason;

/// The wait for the next attempt is told as the first of these that is no shorter, so that the message stays the same from attempt
/// to attempt and costs no write.
const WITHIN: [SignedDuration; 3] =
    [SignedDuration::from_secs(30), SignedDuration::from_mins(1), SignedDuration::from_mins(5)];

/// A renewal that is due and fails.
#[derive(Debug)]
pub(super) struct Trouble<'a> {
    /// Why the renewal fails.
    pub(super) error: &'a Error,
    /// The life of the token that is in use.
    pub(super) life: Life,
    /// `spec.token.renewBefore`.
    pub(super) renew_before: Option<SignedDuration>,
    /// What time it is.
    pub(super) now: Timestamp,
    /// When the renewal is tried again.
    pub(super) retry_at: Timestamp,
}

impl Trouble<'_> {
    /// Which of the marks 50, 25 and 10 % of the promised rest the life that is left has fallen under.
    pub(super) fn mark(&self) -> Option<u8> {
        self.life.mark(self.renew_before, self.now)
    }

    /// The message of the Ready condition.
    pub(super) fn message(&self) -> String {
        let Self { error, life, now, retry_at, .. } = self;
        let wait = retry_at.duration_since(*now);
        let within = WITHIN.into_iter().find(|within| wait <= *within).unwrap_or(wait);
        format!(
            "the login works until {}, but cannot be renewed: {error}{}; the operator tries again within {within:#}",
            life.expires,
            self.mark().map(|mark| format!("; {}", self.below(mark))).unwrap_or_default()
        )
    }

    /// The warning when the life that is left falls under another mark; `before` is the mark that was told last.
    pub(super) fn warning(&self, before: Option<u8>) -> Option<EventRecord> {
        let mark = self.mark().filter(|mark| before.is_none_or(|before| *mark < before))?;
        let message = format!(
            "{}: the login ends at {} unless a renewal succeeds; {}",
            self.below(mark),
            self.life.expires,
            self.error
        );
        Some(EventRecord::warning(Reason::RenewalFailing, message))
    }

    fn below(&self, mark: u8) -> String {
        let promised = self.life.promised_rest(self.renew_before);
        format!("less than {mark} % of the {promised:#} that renewBefore promises is left")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + second).unwrap()
    }

    /// A token of 12 h, so that 4 h are promised, with so many seconds left, and an attempt in so many seconds.
    fn told(left: i64, wait: i64) -> (Option<u8>, String, [Option<String>; 3]) {
        let error = Error::waiting(Reason::NotFound, "no such domain");
        let life = Life { issued: at(0), expires: at(12 * 3600) };
        let now = at(12 * 3600 - left);
        let retry_at = now + SignedDuration::from_secs(wait);
        let trouble = Trouble { error: &error, life, renew_before: None, now, retry_at };
        let warned = [None, Some(50), Some(10)].map(|mark| trouble.warning(mark).map(|event| event.message));
        (trouble.mark(), trouble.message(), warned)
    }

    #[test]
    fn the_message_tells_what_is_left_and_when_the_next_attempt_comes() {
        let (mark, message, warned) = told(3 * 3600, 10);
        assert_eq!(
            message,
            "the login works until 2026-01-01T12:00:00Z, but cannot be renewed: no such domain; the operator tries again within 30s"
        );
        assert_eq!((mark, warned), (None, [None, None, None]));
        let (mark, message, _) = told(3600, 299);
        assert_eq!(mark, Some(25));
        assert!(
            message.ends_with("no such domain; less than 25 % of the 4h that renewBefore promises is left; the operator tries again within 5m"),
            "{message}"
        );
        assert!(told(3600, 4000).1.ends_with("within 1h 6m 40s"), "AWS asked to wait for longer");
    }

    #[test]
    fn each_mark_is_warned_of_once() {
        for (left, expected) in [
            (7201, [false, false, false]),
            (7200, [true, false, false]),
            (3600, [true, true, false]),
            (1440, [true, true, false]),
        ] {
            let (_, _, warned) = told(left, 10);
            assert_eq!(warned.each_ref().map(Option::is_some), expected, "{left} s left");
        }
        let (_, _, [warned, ..]) = told(1440, 10);
        assert_eq!(
            warned.unwrap(),
            "less than 10 % of the 4h that renewBefore promises is left: the login ends at 2026-01-01T12:00:00Z unless a renewal \
             succeeds; no such domain"
        );
    }

    #[test]
    fn one_attempt_after_the_other_changes_nothing_in_the_message() {
        assert_eq!(told(9000, 80).1, told(9000, 290).1);
    }
}
