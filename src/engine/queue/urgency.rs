//! How soon an object is to be looked at.

/// How soon an object is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// A login in use is at stake: its Secret went or was changed, or its token is to be renewed.
    LoginAtStake,
    /// Somebody changed the object, or something that the object refers to: it goes before routine work.
    Changed,
    /// Start of the operator, retries, drift checks.
    Routine,
    /// The outcome of a finished reconcile waits to be written.
    WriteOutcome,
}
