//! When to look at an object again. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::backoff::backoff;
use crate::engine::object::{Requeue, Success};
use crate::engine::queue::urgency::Urgency;
use crate::error::Error;
use crate::reason::{Outlook, Reason};

/// Backoff of what may work the next time: 1 s doubling to 5 min.
const RETRY: (u64, u64) = (1, 300);
/// Backoff of what has been denied: 10 s doubling to 5 min.
const DENIED: (u64, u64) = (10, 300);
/// Backoff of what waits for something that may have no event: 5 s doubling to 1 min.
const WAITING: (u64, u64) = (5, 60);
/// Backoff of a deletion with something in its way: finding out what it is may read a whole domain.
const BLOCKED: (u64, u64) = (5, 600);

/// Backoff of a deletion that AWS does not show yet: 2 s doubling to 5 s.
const DELETING: (u64, u64) = (2, 5);

/// When, and how urgently, to look again after `failures` failures in a row; `random` lies in 0..1. What may work the next time is
/// tried again after `longest` at the latest, unless AWS asked for a longer wait.
pub fn next(
    outcome: &Result<Success, Error>,
    failures: u32,
    (interval, longest): (SignedDuration, SignedDuration),
    now: Timestamp,
    random: f64,
) -> Option<(Timestamp, Urgency)> {
    let wait = match outcome {
        Ok(done) => match done.again {
            Requeue::Every(interval) => around(interval, random),
            Requeue::At(at) => return Some((at, Urgency::LoginAtStake)),
            Requeue::Check(at) => return Some((at, Urgency::Routine)),
            Requeue::Never => return None,
        },
        Err(error) => match error.outlook() {
            Outlook::Retrying(asked) => {
                backoff(RETRY, failures, random).min(longest).max(asked.map_or(SignedDuration::ZERO, signed))
            }
            Outlook::Denied => backoff(DENIED, failures, random),
            Outlook::Waiting if error.reason() == Reason::DeletionBlocked => {
                backoff(BLOCKED, failures, random)
            }
            Outlook::Waiting if error.reason() == Reason::Deleting => backoff(DELETING, failures, random),
            Outlook::Waiting => backoff(WAITING, failures, random),
            Outlook::Stalled => around(interval, random),
        },
    };
    Some((now.checked_add(wait).unwrap_or(Timestamp::MAX), Urgency::Routine))
}

/// The interval, give or take 10 %, so that objects made together do not stay together.
fn around(interval: SignedDuration, random: f64) -> SignedDuration {
    interval.checked_add(interval.try_mul_f64((random - 0.5) / 5.0)).unwrap_or(interval)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

trait MulF64 {
    fn try_mul_f64(self, factor: f64) -> SignedDuration;
}

impl MulF64 for SignedDuration {
    fn try_mul_f64(self, factor: f64) -> SignedDuration {
        SignedDuration::try_from_secs_f64(self.as_secs_f64() * factor).unwrap_or(SignedDuration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{AwsError, AwsErrorKind};

    const NO_WAITS: (SignedDuration, SignedDuration) = (SignedDuration::ZERO, SignedDuration::MAX);

    fn seconds(outcome: &Result<Success, Error>, failures: u32, random: f64) -> i64 {
        let waits = (SignedDuration::from_hours(1), SignedDuration::MAX);
        let at = next(outcome, failures, waits, Timestamp::UNIX_EPOCH, random);
        let (at, urgency) = at.unwrap();
        assert_eq!(urgency, Urgency::Routine);
        at.as_second()
    }

    fn aws(kind: AwsErrorKind) -> Result<Success, Error> {
        Err(AwsError { operation: "DescribeDomain", kind, message: String::new() }.into())
    }

    #[test]
    fn each_outlook_has_its_pace() {
        let synced = Ok(Success::synced("", SignedDuration::from_hours(1)));
        let waiting = Err(Error::waiting(Reason::DependencyNotReady, ""));
        let stalled = Err(Error::invalid("", "", ""));
        let blocked = Err(Error::waiting(Reason::DeletionBlocked, ""));
        let deleting = Err(Error::waiting(Reason::Deleting, ""));
        let asked = aws(AwsErrorKind::Throttled(Some(Duration::from_secs(30))));
        let table: &[(&str, &Result<Success, Error>, u32, f64, i64)] = &[
            ("in sync, shortest", &synced, 0, 0.0, 3240),
            ("in sync, longest", &synced, 0, 1.0, 3960),
            ("first failure", &aws(AwsErrorKind::Unavailable), 1, 0.0, 1),
            ("fourth failure", &aws(AwsErrorKind::Unavailable), 4, 0.0, 8),
            ("hundredth failure", &aws(AwsErrorKind::Unavailable), 100, 0.0, 300),
            ("jitter takes off a quarter at most", &aws(AwsErrorKind::Unavailable), 100, 1.0, 225),
            ("AWS asked for a wait", &asked, 1, 0.0, 30),
            ("denied at first", &aws(AwsErrorKind::Denied), 1, 0.0, 10),
            ("denied for long", &aws(AwsErrorKind::Denied), 50, 0.0, 300),
            ("a dependency", &waiting, 1, 0.0, 5),
            ("a dependency for long", &waiting, 9, 0.0, 60),
            ("a blocked deletion for long", &blocked, 20, 0.0, 600),
            ("a deletion that AWS does not show yet", &deleting, 20, 0.0, 5),
            ("the spec must change", &stalled, 1, 0.5, 3600),
        ];
        for (what, outcome, failures, random, expected) in table {
            assert_eq!(seconds(outcome, *failures, *random), *expected, "{what}");
        }
    }

    #[test]
    fn what_is_at_stake_is_tried_again_soon_but_not_before_aws_wants_that() {
        let waits = (SignedDuration::from_hours(1), SignedDuration::from_secs(30));
        for (kind, failures, expected) in [
            (AwsErrorKind::Unavailable, 2, 2),
            (AwsErrorKind::Unavailable, 50, 30),
            (AwsErrorKind::Throttled(Some(Duration::from_secs(40))), 50, 40),
            (AwsErrorKind::Denied, 50, 300),
        ] {
            let (at, _) = next(&aws(kind), failures, waits, Timestamp::UNIX_EPOCH, 0.0).unwrap();
            assert_eq!(at.as_second(), expected, "{kind:?}, {failures} failures");
        }
    }

    #[test]
    fn a_time_that_was_asked_for_is_kept() {
        let at = Timestamp::from_second(77).unwrap();
        for (again, urgency) in
            [(Requeue::At(at), Urgency::LoginAtStake), (Requeue::Check(at), Urgency::Routine)]
        {
            let done = Ok(Success { again, ..Success::gone() });
            let next = next(&done, 0, NO_WAITS, Timestamp::UNIX_EPOCH, 0.9);
            assert_eq!(next, Some((at, urgency)));
        }
        assert_eq!(next(&Ok(Success::gone()), 0, NO_WAITS, Timestamp::UNIX_EPOCH, 0.9), None);
    }
}
