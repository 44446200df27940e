//! What is seen of the cluster: watches, caches, and who is concerned by a change.

pub mod cache;
pub mod caches;
pub(in crate::engine) mod change;
pub mod hub;
pub(in crate::engine) mod index;
pub(in crate::engine) mod malformed;
pub mod resolve;
pub mod secret_watches;
pub mod seen;
pub mod watch;
