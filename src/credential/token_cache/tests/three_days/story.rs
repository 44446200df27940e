//! What happens to AWS, to the clock and to the operator in the three days.

/// What happens to AWS and to the machine, in seconds of the monotonic clock: when, and what.
pub(super) const STORY: [(i64, Happening); 17] = [
    (0, Happening::Faults(FEW)),
    (9 * 3600, Happening::Faults(OUTAGE)),
    (9 * 3600 + 1800, Happening::Faults(FEW)),
    (14 * 3600, Happening::Restart),
    (17 * 3600, Happening::Faults(STORM)),
    (17 * 3600 + 2400, Happening::Faults(FEW)),
    (22 * 3600, Happening::Jump(2)),
    (26 * 3600, Happening::Jump(-2)),
    (30 * 3600, Happening::Restart),
    (33 * 3600, Happening::Jump(9)),
    (36 * 3600, Happening::Faults(STORM)),
    (36 * 3600 + 1200, Happening::Faults(FEW)),
    (44 * 3600, Happening::Jump(-2)),
    (47 * 3600, Happening::Faults(OUTAGE)),
    (47 * 3600 + 1200, Happening::Restart),
    (47 * 3600 + 1800, Happening::Faults(FEW)),
    (55 * 3600, Happening::Jump(2)),
];

/// Five calls in a hundred fail, one of them after a token was minted.
pub(super) const FEW: &str = r#"{"match": {"operation": "GetAuthorizationToken"}, "fault": {"status": 503}, "probability": 0.04},
    {"match": {"operation": "GetAuthorizationToken"}, "fault": {"failAfterWrite": true}, "probability": 0.01}"#;
const OUTAGE: &str = r#"{"match": {}, "fault": {"status": 503}}"#;
const STORM: &str =
    r#"{"match": {}, "fault": {"error": "ThrottlingException", "retryAfter": 20}, "probability": 0.8}"#;

#[derive(Clone, Copy, Debug)]
pub(super) enum Happening {
    /// The emulator answers with these faults from now on.
    Faults(&'static str),
    /// The wall clock jumps by so many hours, of the operator and of AWS. A suspended machine wakes up like that.
    Jump(i64),
    /// The operator starts anew with what it kept in Secrets.
    Restart,
}
