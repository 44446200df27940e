//! What the engine counts.

use std::time::Duration;

use super::{Done, KindName, Target};
use crate::error::Result;

/// Counters.
#[derive(Clone, Debug, Default)]
pub struct Metrics;

impl Metrics {
    /// A pass ended.
    pub fn reconciled(&self, _kind: KindName, _outcome: &Result<Done>, _took: Duration) {}
    /// A status was written.
    pub fn wrote(&self, _kind: KindName) {}
    /// An object is ready or not.
    pub fn health<K>(&self, _kind: KindName, _object: &K, _ready: bool) {}
    /// An object is gone.
    pub fn forget(&self, _object: &Target) {}
}
