//! The way from an object to AWS: resolve, observe, plan, screen, execute, tear down.

pub mod apply;
pub mod converge;
pub(in crate::engine) mod deed_events;
pub(in crate::engine) mod deeds;
pub(in crate::engine) mod deletions;
pub mod downstreams;
pub mod grants;
pub mod kind;
pub mod not_compared;
pub(in crate::engine) mod pinned;
pub(in crate::engine) mod report;
pub mod screen;
pub(in crate::engine) mod signatory;
pub mod standing;
pub mod steps;
pub mod tag_calls;
pub mod tag_step;
pub mod tags;
pub(in crate::engine) mod teardown;
