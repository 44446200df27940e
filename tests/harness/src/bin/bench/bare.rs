//! The bare client: writes with nothing around them, as many at once as the operator makes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Writes under way at once; the operator has as many workers for one account.
const AT_ONCE: usize = 16;

/// Does something for each item, some at a time.
pub(crate) async fn all<T: Send + 'static, F>(
    items: Vec<T>,
    work: impl Fn(T) -> F + Send + Sync + 'static,
) -> Result<()>
where
    F: Future<Output = Result<()>> + Send,
{
    let (turns, work) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(work));
    let mut tasks = JoinSet::new();
    for item in items {
        let turn = Arc::clone(&turns).acquire_owned().await?;
        let work = Arc::clone(&work);
        tasks.spawn(async move {
            let done = work(item).await;
            drop(turn);
            done
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

/// How long it took.
pub(crate) async fn timed(work: impl Future<Output = Result<()>>) -> Result<Duration> {
    let begin = Instant::now();
    work.await?;
    Ok(begin.elapsed())
}
