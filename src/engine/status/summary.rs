//! From the outcome of a reconcile to conditions, by the kstatus rules. Pure; the one place that makes conditions.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::api::CommonStatus;
use crate::engine::object::Success;
use crate::error::Error;
use crate::reason::{Outlook, Reason};
use crate::visible::visible;

/// The object is as declared.
pub const READY: &str = "Ready";
/// Work goes on; kstatus reads it as in progress.
pub const RECONCILING: &str = "Reconciling";
/// Somebody must act; kstatus reads it as failed.
pub const STALLED: &str = "Stalled";
/// AWS differs from the spec and is not written in this mode.
pub const DRIFTED: &str = "Drifted";
/// The object is being deleted and something is in the way.
pub const DELETION_BLOCKED: &str = "DeletionBlocked";

/// How long access may be denied before somebody must act.
pub const DENIED_PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What the summary needs to know of the object.
#[derive(Clone, Debug, Default)]
pub struct StatusInput {
    /// metadata.generation.
    pub generation: Option<i64>,
    /// Value of the reconcile-at annotation.
    pub reconcile_at: Option<String>,
    /// How long the object has been denied access without a break.
    pub denied_for: SignedDuration,
}

/// The common status after a reconcile. Times of conditions that did not change stay.
pub fn summarize(
    before: &CommonStatus,
    of: &StatusInput,
    outcome: &Result<Success, Error>,
    now: Timestamp,
) -> CommonStatus {
    let mut conditions = Conditions { before, generation: of.generation, now, list: Vec::new() };
    match outcome {
        Ok(done) if done.reason == Reason::Suspended => conditions.add_suspended(&done.message),
        Ok(done) => conditions.add_success(done),
        Err(error) => conditions.add_failure(error, of.denied_for),
    }
    CommonStatus {
        observed_generation: of.generation,
        conditions: conditions.list,
        last_handled_reconcile_at: of.reconcile_at.clone(),
    }
}

/// The common status while the first write is on its way.
pub fn starting(before: &CommonStatus, of: &StatusInput, message: &str, now: Timestamp) -> CommonStatus {
    let mut conditions = Conditions { before, generation: of.generation, now, list: Vec::new() };
    conditions.add(READY, false, Reason::Progressing, message);
    conditions.add(RECONCILING, true, Reason::Progressing, message);
    CommonStatus { conditions: conditions.list, ..before.clone() }
}

/// The common status of a deleted object of which nothing is left but finalizers of others.
pub fn released(before: &CommonStatus, of: &StatusInput, now: Timestamp) -> CommonStatus {
    let mut conditions = Conditions { before, generation: of.generation, now, list: Vec::new() };
    let message =
        "the object is deleted, and the operator is done with it; only finalizers of others keep the object";
    conditions.add(READY, false, Reason::Deleted, message);
    CommonStatus { observed_generation: of.generation, conditions: conditions.list, ..before.clone() }
}

/// The Ready condition.
pub fn ready(status: &CommonStatus) -> Option<&Condition> {
    find(status, READY)
}

/// Whether the object is ready.
pub fn is_ready(status: &CommonStatus) -> bool {
    ready(status).is_some_and(|condition| condition.status == "True")
}

/// Whether somebody must act.
pub fn is_stalled(status: &CommonStatus) -> bool {
    find(status, STALLED).is_some_and(|condition| condition.status == "True")
}

struct Conditions<'a> {
    before: &'a CommonStatus,
    generation: Option<i64>,
    now: Timestamp,
    list: Vec<Condition>,
}

impl Conditions<'_> {
    fn add_success(&mut self, done: &Success) {
        self.add(READY, true, done.reason, &done.message);
        match done.drift.as_deref() {
            None => {}
            Some([]) => self.add(DRIFTED, false, Reason::InSync, "in sync with AWS"),
            Some(steps) => {
                self.add(DRIFTED, true, Reason::Drifted, &format!("Enforce would: {}", steps.join("; ")));
            }
        }
    }

    /// As ready as it was: nobody has looked since.
    fn add_suspended(&mut self, why: &str) {
        let ready = is_ready(self.before);
        self.add(READY, ready, Reason::Suspended, &format!("{why}: nothing is looked at or changed"));
    }

    fn add_failure(&mut self, error: &Error, denied_for: SignedDuration) {
        let (reason, message) = (error.reason(), error.to_string());
        let stalled = match error.outlook() {
            Outlook::Stalled => true,
            Outlook::Denied => denied_for >= DENIED_PATIENCE,
            Outlook::Retrying(_) | Outlook::Waiting => false,
        };
        self.add(READY, false, reason, &message);
        self.add(if stalled { STALLED } else { RECONCILING }, true, reason, &message);
        if reason == Reason::DeletionBlocked {
            self.add(DELETION_BLOCKED, true, reason, &message);
        }
    }

    fn add(&mut self, type_: &str, status: bool, reason: Reason, message: &str) {
        let status = if status { "True" } else { "False" };
        let kept = find(self.before, type_).filter(|condition| condition.status == status);
        // The API keeps whole seconds; comparing what was read with what is written must not find a difference.
        let now = Timestamp::from_second(self.now.as_second()).unwrap_or(self.now);
        self.list.push(Condition {
            type_: type_.into(),
            status: status.into(),
            reason: reason.as_str().into(),
            message: bounded(message),
            observed_generation: self.generation,
            last_transition_time: kept.map_or(Time(now), |condition| condition.last_transition_time.clone()),
        });
    }
}

fn find<'a>(status: &'a CommonStatus, type_: &str) -> Option<&'a Condition> {
    status.conditions.iter().find(|condition| condition.type_ == type_)
}

/// A condition's message may have 32,768 bytes; a screenful serves the reader better.
fn bounded(message: &str) -> String {
    const MOST: usize = 1024;
    let message = visible(message);
    if message.chars().count() <= MOST {
        message
    } else {
        message.chars().take(MOST).chain("…".chars()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{AwsError, AwsErrorKind};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn types(status: &CommonStatus) -> Vec<String> {
        status
            .conditions
            .iter()
            .map(|condition| format!("{}={} {}", condition.type_, condition.status, condition.reason))
            .collect()
    }

    fn denied() -> Result<Success, Error> {
        Err(AwsError { operation: "CreateDomain", kind: AwsErrorKind::Denied, message: "no".into() }.into())
    }

    #[test]
    fn outcomes_become_conditions() {
        let synced = Success::synced("ok", SignedDuration::ZERO);
        let drifted = Success { drift: Some(vec!["set tag a".into()]), ..synced.clone() };
        let level = Success { drift: Some(vec![]), ..synced.clone() };
        let table: Vec<(&str, Result<Success, Error>, i64, Vec<&str>)> = vec![
            ("in sync", Ok(synced), 0, vec!["Ready=True Synced"]),
            ("suspended", Ok(Success::suspended("spec.suspend is true")), 0, vec!["Ready=False Suspended"]),
            ("drifted", Ok(drifted), 0, vec!["Ready=True Synced", "Drifted=True Drifted"]),
            ("not drifted", Ok(level), 0, vec!["Ready=True Synced", "Drifted=False InSync"]),
            (
                "invalid",
                Err(Error::invalid("spec.name", "x", "y")),
                0,
                vec!["Ready=False InvalidSpec", "Stalled=True InvalidSpec"],
            ),
            (
                "waiting",
                Err(Error::waiting(Reason::DependencyNotReady, "Domain d")),
                0,
                vec!["Ready=False DependencyNotReady", "Reconciling=True DependencyNotReady"],
            ),
            (
                "denied just now",
                denied(),
                599,
                vec!["Ready=False AccessDenied", "Reconciling=True AccessDenied"],
            ),
            (
                "denied for ten minutes",
                denied(),
                600,
                vec!["Ready=False AccessDenied", "Stalled=True AccessDenied"],
            ),
            (
                "deletion blocked",
                Err(Error::waiting(Reason::DeletionBlocked, "r")),
                0,
                vec![
                    "Ready=False DeletionBlocked",
                    "Reconciling=True DeletionBlocked",
                    "DeletionBlocked=True DeletionBlocked",
                ],
            ),
        ];
        for (what, outcome, denied_for, expected) in table {
            let of =
                StatusInput { denied_for: SignedDuration::from_secs(denied_for), ..StatusInput::default() };
            assert_eq!(types(&summarize(&CommonStatus::default(), &of, &outcome, at(9))), expected, "{what}");
        }
    }

    #[test]
    fn an_unchanged_outcome_is_an_unchanged_status() {
        let outcome = Ok(Success::synced("ok", SignedDuration::ZERO));
        let of = StatusInput { generation: Some(1), ..StatusInput::default() };
        let first = summarize(&CommonStatus::default(), &of, &outcome, at(1));
        assert_eq!(summarize(&first, &of, &outcome, at(2)), first);
        let failed = summarize(&first, &of, &denied(), at(3));
        assert_eq!(ready(&failed).unwrap().last_transition_time.0, at(3));
    }

    #[test]
    fn while_the_first_write_is_under_way_the_object_is_not_ready_and_says_what_is_done() {
        let before = CommonStatus { observed_generation: Some(1), ..CommonStatus::default() };
        let of = StatusInput { generation: Some(2), ..StatusInput::default() };
        let status = starting(&before, &of, "create the domain", at(1));
        assert_eq!(types(&status), ["Ready=False Progressing", "Reconciling=True Progressing"]);
        assert_eq!((status.observed_generation, is_ready(&status)), (Some(1), false));
        assert!(status.conditions.iter().all(|condition| condition.message == "create the domain"));
        let synced = summarize(&before, &of, &Ok(Success::synced("ok", SignedDuration::ZERO)), at(2));
        assert!(is_ready(&synced));
    }

    #[test]
    fn an_object_that_others_keep_is_not_ready_any_more() {
        let of = StatusInput { generation: Some(2), ..StatusInput::default() };
        let synced =
            summarize(&CommonStatus::default(), &of, &Ok(Success::synced("ok", SignedDuration::ZERO)), at(1));
        let status = released(&synced, &of, at(2));
        assert_eq!(
            (types(&status), status.observed_generation),
            (vec!["Ready=False Deleted".to_owned()], Some(2))
        );
    }

    #[test]
    fn a_message_is_cut_after_a_screenful() {
        assert_eq!(bounded(&"ä".repeat(1024)), "ä".repeat(1024));
        assert_eq!(bounded(&"ä".repeat(1025)), "ä".repeat(1024) + "…");
    }
}
