//! Watches of the cluster, the caches that the watches fill, and the search for the objects that a change affects.

pub mod cache;
pub mod caches;
pub(in crate::engine) mod change;
pub(in crate::engine) mod index;
pub(in crate::engine) mod malformed;
pub mod own_writes;
pub mod references;
pub(in crate::engine) mod removed;
pub mod resolve;
pub mod secret_watches;
pub mod seen;
pub mod service_accounts;
pub mod watch;
