//! Leader election by a Lease: one process works at a time.
//!
//! As in client-go, another holder's Lease has expired when it has not changed for its duration on our own
//! monotonic clock; wall clocks of other machines are never compared. Every write carries the resourceVersion
//! that was read, so that of two contenders one gets a conflict.

mod call;
mod contender;
mod record;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::kubernetes::KubeClient;
use contender::Contender;
pub use record::RELEASED;

/// Others may take over after this long without a renewal. client-go's default.
const DURATION: Duration = Duration::from_secs(15);
/// The holder stops working when it could not renew for this long: well before others take over.
pub const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// Between renewals, and between looks at another's Lease.
const PERIOD: Duration = Duration::from_secs(3);
/// Between attempts after a failure.
const RETRY: Duration = Duration::from_secs(1);
/// For one call.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Which Lease, and who asks for it.
#[derive(Clone, Debug)]
pub struct LeaseOptions {
    /// The Kubernetes API, with retries off.
    pub client: KubeClient,
    /// Namespace of the Lease.
    pub namespace: String,
    /// Name of the Lease.
    pub name: String,
    /// Who asks, unique among processes that run at the same time: the pod's name. A restarted container of the
    /// same pod goes on with its own Lease.
    pub holder: String,
    /// The uid of the Kubernetes user that the process is; empty when that is not known or it has none.
    pub user: String,
    /// Take it from whoever has it to let everything go: that process ends its work when it next renews, and no process of
    /// the same user works again before the Lease's annotation [`RELEASED`] is removed.
    pub releases: bool,
}

/// Held as long as `lost` is not cancelled.
#[derive(Debug)]
pub struct Leadership {
    /// Cancelled when the Lease may belong to somebody else; all work must stop.
    pub lost: CancellationToken,
    releasing: CancellationToken,
    renewals: tokio::task::JoinHandle<()>,
}

impl Leadership {
    /// Ends the work's right to go on, and lets the next process take over at once.
    pub async fn release(self) {
        self.releasing.cancel();
        if let Err(error) = self.renewals.await {
            tracing::warn!(%error, "the lease was not released");
        }
    }
}

/// Waits until this process leads, then keeps the Lease renewed. `None` when `stop` is cancelled before that.
pub async fn lead(options: LeaseOptions, stop: CancellationToken) -> Option<Leadership> {
    let mut contender = Contender::new(options);
    let (lease, renewed) = stop.run_until_cancelled(contender.acquire()).await?;
    tracing::info!(holder = contender.holder, "leading");
    let (lost, releasing) = (CancellationToken::new(), CancellationToken::new());
    // Whatever way the task ends, also by a panic, the right to work ends with it.
    let ends = lost.clone().drop_guard();
    let renewals = tokio::spawn({
        let releasing = releasing.clone();
        async move {
            let held = releasing.run_until_cancelled(contender.keep(lease, renewed)).await;
            drop(ends);
            match held {
                Some(()) => tracing::error!("the leader lease is lost"),
                None => contender.release().await,
            }
        }
    });
    Some(Leadership { lost, releasing, renewals })
}

#[cfg(test)]
mod tests;
