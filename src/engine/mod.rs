//! One engine for every kind: caches, queues, the pipeline from object to AWS, and status.

pub mod cache;
pub mod context;
pub mod grants;
pub mod kind;
pub mod object;
pub mod tags;

pub use context::Context;
pub use grants::Claim;
pub use kind::{Kind, Observed, Scope};
pub use object::{Again, Controlled, Done, KindName, Note, ObjectKey, Reconciler, Report, Target};
