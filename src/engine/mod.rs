//! One engine for every kind: caches, queues, the pipeline from object to AWS, and status.

pub mod cache;
mod change;
pub mod context;
pub mod controller;
pub mod converge;
mod deeds;
mod deletions;
pub mod downstreams;
pub mod events;
mod finished;
pub mod first_writes;
pub mod grants;
pub mod hub;
mod index;
pub mod kind;
mod malformed;
pub mod object;
mod pace;
pub mod publish;
pub mod queue;
pub mod requeue;
pub mod resolve;
pub mod screen;
pub mod secret_watches;
pub mod seen;
mod shares;
mod signatory;
pub mod standing;
mod steps;
mod streaks;
pub mod summary;
pub mod tags;
mod teardown;
mod telling;
mod timers;
mod uncompared;
pub mod watch;

pub use context::Context;
pub use converge::Pipeline;
pub use first_writes::FirstWrites;
pub use grants::Claim;
pub use hub::Hub;
pub use kind::{Blocker, Kind, Observed, Scope};
pub use object::{
    Again, Controlled, Done, KindName, Note, ObjectKey, ReadByUsers, Reconciler, Report, Target,
};
pub use secret_watches::SecretWatches;
pub use uncompared::Uncompared;
