//! What is reported: conditions, status, events, and when to look again.

pub mod events;
pub(in crate::engine) mod failures;
pub mod publish;
pub mod requeue;
pub mod summary;
