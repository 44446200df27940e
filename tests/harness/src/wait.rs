//! Waiting on conditions, with a failure that says what was seen last.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How long tests wait unless they say otherwise: far longer than anything takes on a busy machine with two cores.
pub const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(40);

/// Looks until `check` succeeds. Its error says what is not yet so; the last one is reported when patience ends.
pub async fn wait_for<T>(
    what: &str,
    patience: Duration,
    mut check: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    let started = Instant::now();
    loop {
        let attempt = tokio::time::timeout(patience, check());
        let seen = attempt.await.unwrap_or_else(|_| Err(anyhow::anyhow!("the check itself did not answer")));
        match seen {
            Ok(value) => return Ok(value),
            Err(error) if started.elapsed() >= patience => {
                return Err(error)
                    .with_context(|| format!("waited {} s in vain: {what}", patience.as_secs()));
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
