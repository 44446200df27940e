//! Counts the API-server writes that go first: Secrets, pins and finalizers. While many of these are under way, the final
//! statuses of other objects wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// From this number of urgent writes under way on, final statuses wait.
const MANY: usize = 4;

/// The urgent writes under way. Cheap to clone; all clones share the count.
#[derive(Clone, Debug, Default)]
pub struct UrgentWrites(Arc<AtomicUsize>);

/// A first write under way; ends when dropped.
#[derive(Debug)]
pub struct UrgentWrite(Arc<AtomicUsize>);

impl UrgentWrites {
    /// Counts one more write until the returned guard is dropped.
    #[must_use]
    pub fn begin(&self) -> UrgentWrite {
        self.0.fetch_add(1, Ordering::Relaxed);
        UrgentWrite(Arc::clone(&self.0))
    }

    /// Whether so many first writes are under way that final statuses have to wait.
    pub fn are_many(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= MANY
    }
}

impl Drop for UrgentWrite {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_counts_until_its_guard_is_dropped() {
        let writes = UrgentWrites::default();
        let mut guards: Vec<_> = (1..MANY).map(|_| writes.begin()).collect();
        assert!(!writes.are_many());
        guards.push(writes.clone().begin());
        assert!(writes.are_many());
        guards.pop();
        assert!(!writes.are_many());
    }
}
