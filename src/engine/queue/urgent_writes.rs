//! Counts the API-server writes that go first: Secrets, pins and finalizers. While many of these are under way, or were
//! until a moment ago, the final statuses of other objects wait.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// From this number of urgent writes on, final statuses wait.
const MANY: usize = 4;
/// A write counts for this long after its begin, even when the write has ended. A busy machine has few writes under way at any
/// moment, and the next ones are about to come.
const RECENT: Duration = Duration::from_millis(500);

/// The urgent writes under way and the latest ones. Cheap to clone; all clones share the count.
#[derive(Clone, Debug, Default)]
pub struct UrgentWrites(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    under_way: usize,
    /// When the latest writes began, at most [`MANY`], the earliest first.
    begun: VecDeque<Instant>,
}

/// A first write under way; ends when dropped.
#[derive(Debug)]
pub struct UrgentWrite(UrgentWrites);

impl UrgentWrites {
    /// Counts one more write until the returned guard is dropped, and for a moment after its begin.
    #[must_use]
    pub fn begin(&self) -> UrgentWrite {
        let mut counted = self.lock();
        counted.under_way += 1;
        if counted.begun.len() == MANY {
            counted.begun.pop_front();
        }
        counted.begun.push_back(Instant::now());
        UrgentWrite(self.clone())
    }

    /// Whether so many first writes are under way, or began a moment ago, that final statuses have to wait.
    pub fn are_many(&self) -> bool {
        let counted = self.lock();
        let recent = || counted.begun.front().is_some_and(|begun| begun.elapsed() < RECENT);
        counted.under_way >= MANY || (counted.begun.len() == MANY && recent())
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UrgentWrite {
    fn drop(&mut self) {
        self.0.lock().under_way -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_write_counts_until_its_guard_is_dropped() {
        let writes = UrgentWrites::default();
        let mut guards: Vec<_> = (1..MANY).map(|_| writes.begin()).collect();
        assert!(!writes.are_many());
        guards.push(writes.clone().begin());
        tokio::time::advance(2 * RECENT).await;
        assert!(writes.are_many());
        guards.pop();
        assert!(!writes.are_many());
    }

    #[tokio::test(start_paused = true)]
    async fn writes_one_after_another_are_many_while_they_come_fast() {
        let writes = UrgentWrites::default();
        for _ in 1..MANY {
            drop(writes.begin());
            tokio::time::advance(RECENT / 8).await;
        }
        assert!(!writes.are_many());
        drop(writes.begin());
        assert!(writes.are_many());
        tokio::time::advance(RECENT / 2).await;
        assert!(writes.are_many(), "the first of them began 7/8 of the time ago");
        tokio::time::advance(RECENT / 8).await;
        assert!(!writes.are_many());
        drop(writes.begin());
        assert!(writes.are_many(), "the second of them began 7/8 of the time ago");
    }
}
