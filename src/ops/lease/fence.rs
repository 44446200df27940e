//! The right to ask for changes, which ends by time alone.
//!
//! A process that was frozen does not know that time has passed: when it thaws, work may go on before the task that renews the Lease has
//! noticed. So whoever sends a request looks at the time itself, right before it sends.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::time::Instant;

/// Whether this process may ask AWS and the Kubernetes API for anything. Cheap to clone. A new one is open: nothing needs the Lease yet.
#[derive(Clone, Debug, Default)]
pub struct Fence(Arc<RwLock<Option<Instant>>>);

/// What a request fails with that was not sent.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the leader lease was not renewed in time, so that another process may work; nothing was sent")]
pub struct Closed;

impl Fence {
    /// Fails when another process may have the Lease.
    pub fn check(&self) -> Result<(), Closed> {
        let deadline = *self.0.read().unwrap_or_else(PoisonError::into_inner);
        if deadline.is_none_or(|deadline| Instant::now() < deadline) { Ok(()) } else { Err(Closed) }
    }

    /// Open until then.
    pub(super) fn open_until(&self, deadline: Instant) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(deadline);
    }

    /// Closed from now on.
    pub(crate) fn close(&self) {
        self.open_until(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_right_ends_by_time_alone() {
        let fence = Fence::default();
        tokio::time::advance(Duration::from_hours(1)).await;
        assert!(fence.check().is_ok(), "no Lease is needed");
        let used = fence.clone();
        fence.open_until(Instant::now() + Duration::from_secs(10));
        tokio::time::advance(Duration::from_millis(9_999)).await;
        assert!(used.check().is_ok());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(used.check().is_err(), "nobody has told it");
    }
}
