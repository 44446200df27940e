//! Tasks that must run until the operator stops.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::ops::{Metrics, Readiness};

/// Notices when a task ends that must not. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Supervisor {
    pub(super) stop: CancellationToken,
    pub(super) metrics: Metrics,
    pub(super) readiness: Readiness,
}

impl Supervisor {
    /// Does the work. When it ends by a panic, or before the operator stops, `/health` fails from then on: without the
    /// task the operator would look well and do only a part of its work.
    pub(super) async fn supervise(self, task: String, work: impl Future<Output = ()>) {
        let ended = AssertUnwindSafe(work).catch_unwind().await;
        if ended.is_err() {
            self.metrics.panicked();
        }
        if ended.is_err() || !self.stop.is_cancelled() {
            tracing::error!(
                task,
                "a task has ended that must run; /health fails until the operator is started anew"
            );
            self.readiness.is_broken(task);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supervisor() -> Supervisor {
        Supervisor {
            stop: CancellationToken::new(),
            metrics: Metrics::default(),
            readiness: Readiness::default(),
        }
    }

    #[tokio::test]
    async fn a_task_that_ends_when_it_must_not_is_noticed_and_counted() {
        let panics = |supervisor: &Supervisor, expected: u32| {
            let text = supervisor.metrics.encode().unwrap();
            assert!(text.contains(&format!("codeartifact_operator_panics_total {expected}\n")), "{text}");
        };
        let planted = supervisor();
        planted.clone().supervise("the watch".into(), async { panic!("planted") }).await;
        assert_eq!(planted.readiness.broken(), Some("the watch"));
        panics(&planted, 1);

        let ended = supervisor();
        ended.clone().supervise("the watch".into(), async {}).await;
        assert_eq!(ended.readiness.broken(), Some("the watch"));
        panics(&ended, 0);

        let stopped = supervisor();
        stopped.stop.cancel();
        stopped.clone().supervise("the watch".into(), async {}).await;
        assert_eq!(stopped.readiness.broken(), None);
        panics(&stopped, 0);
    }
}
