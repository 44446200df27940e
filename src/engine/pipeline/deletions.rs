//! Deletions under way: since when AWS has not shown the resource as ours, and what was asked of AWS.
//!
//! A read of AWS may be answered as if a write of some seconds before had not happened yet. That a resource is not
//! found is therefore believed only after it has been so for as long as such an answer may be late.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use crate::engine::pipeline::converge::Reconcile;
use crate::engine::pipeline::kind::Kind;

/// How old the state may be that an answer of AWS shows.
pub(in crate::engine) const STALENESS: SignedDuration = SignedDuration::from_secs(30);
/// What nobody has asked about for this long is forgotten: its object is gone.
const KEPT: Duration = Duration::from_mins(30);

/// What is known of the deletions under way, by the uid of the object.
#[derive(Debug, Default)]
pub(in crate::engine) struct Deletions {
    known: Mutex<HashMap<String, Deletion>>,
}

#[derive(Clone, Copy, Debug)]
struct Deletion {
    /// Since when the resource has not been seen as ours.
    unseen_since: Option<Timestamp>,
    request: Request,
    touched: Instant,
}

/// How far the request to delete the resource came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    /// It was not sent.
    None,
    /// It was sent, and how it ended is not known.
    Sent,
    /// AWS accepted it.
    Accepted,
}

/// What it means that AWS does not show the resource as ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Unseen {
    /// We deleted it.
    Deleted,
    /// It is so for longer than an answer can be late.
    Confirmed,
    /// The answer may be late.
    Unconfirmed,
}

impl Deletions {
    /// The resource was not found, or not as ours.
    pub(in crate::engine) fn unseen(&self, uid: &str, now: Timestamp) -> Unseen {
        let mut unseen = Unseen::Unconfirmed;
        self.change(uid, |deletion| unseen = deletion.unseen(now));
        unseen
    }

    /// The resource was seen and is ours.
    pub(in crate::engine) fn seen(&self, uid: &str) {
        if let Some(deletion) = self.lock().get_mut(uid) {
            deletion.unseen_since = None;
        }
    }

    /// The request to delete it is about to be sent.
    pub(in crate::engine) fn sent(&self, uid: &str) {
        self.change(uid, |deletion| {
            if deletion.request == Request::None {
                deletion.request = Request::Sent;
            }
        });
    }

    /// AWS accepted the request to delete it.
    pub(in crate::engine) fn accepted(&self, uid: &str) {
        self.change(uid, |deletion| deletion.request = Request::Accepted);
    }

    fn change(&self, uid: &str, change: impl FnOnce(&mut Deletion)) {
        let now = Instant::now();
        let mut known = self.lock();
        known.retain(|_, deletion| now.duration_since(deletion.touched) < KEPT);
        let new = Deletion { unseen_since: None, request: Request::None, touched: now };
        let deletion = known.entry(uid.to_owned()).or_insert(new);
        deletion.touched = now;
        change(deletion);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Deletion>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deletion {
    fn unseen(&mut self, now: Timestamp) -> Unseen {
        if self.request == Request::Accepted {
            return Unseen::Deleted;
        }
        // A clock that was set back begins the time anew, so that nothing waits for longer than that.
        let since = self.unseen_since.filter(|since| *since <= now).unwrap_or(now);
        self.unseen_since = Some(since);
        match self.request {
            _ if now.duration_since(since) < STALENESS => Unseen::Unconfirmed,
            Request::Sent => Unseen::Deleted,
            _ => Unseen::Confirmed,
        }
    }
}

impl<K: Kind> Reconcile<'_, K> {
    /// AWS does not show the resource of a deleted object, or not as ours.
    pub(in crate::engine) fn unseen(&self) -> Unseen {
        self.pipeline.deletions.unseen(&self.uid(), self.context.clock.now())
    }

    /// AWS shows the resource of a deleted object as ours.
    pub(in crate::engine) fn seen(&self) {
        self.pipeline.deletions.seen(&self.uid());
    }

    /// AWS is about to be asked to delete the resource.
    pub(in crate::engine) fn deletion_sent(&self) {
        self.pipeline.deletions.sent(&self.uid());
    }

    /// AWS was asked to delete the resource, and said yes.
    pub(in crate::engine) fn deletion_accepted(&self) {
        self.pipeline.deletions.accepted(&self.uid());
    }

    fn uid(&self) -> String {
        self.object.uid().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_is_not_found_is_believed_when_no_answer_can_be_late_any_more() {
        use Unseen::{Confirmed, Unconfirmed};
        let table: [(&str, &[(i64, Unseen)]); 4] = [
            ("one answer proves nothing", &[(100, Unconfirmed)]),
            (
                "it is counted from the first answer",
                &[(100, Unconfirmed), (129, Unconfirmed), (130, Confirmed)],
            ),
            (
                "a clock set back begins anew",
                &[(500, Unconfirmed), (100, Unconfirmed), (129, Unconfirmed), (130, Confirmed)],
            ),
            ("a look after a long rest", &[(100, Unconfirmed), (9000, Confirmed)]),
        ];
        for (what, looks) in table {
            let deletions = Deletions::default();
            for (second, expected) in looks {
                assert_eq!(deletions.unseen("1", at(*second)), *expected, "{what}: {second}");
            }
        }
    }

    #[test]
    fn what_was_seen_in_between_begins_anew() {
        let deletions = Deletions::default();
        assert_eq!(deletions.unseen("1", at(100)), Unseen::Unconfirmed);
        deletions.seen("1");
        assert_eq!(deletions.unseen("1", at(140)), Unseen::Unconfirmed);
        assert_eq!(deletions.unseen("2", at(170)), Unseen::Unconfirmed, "another object");
        assert_eq!(deletions.unseen("1", at(170)), Unseen::Confirmed);
    }

    #[test]
    fn an_accepted_request_is_believed_at_once_and_one_without_an_answer_is_not() {
        let deletions = Deletions::default();
        deletions.sent("1");
        assert_eq!(deletions.unseen("1", at(100)), Unseen::Unconfirmed);
        assert_eq!(deletions.unseen("1", at(130)), Unseen::Deleted, "the request took effect after all");
        deletions.accepted("2");
        deletions.sent("2");
        assert_eq!(deletions.unseen("2", at(100)), Unseen::Deleted);
    }
}
