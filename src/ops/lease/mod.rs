//! Leader election by a Lease: one process works at a time.
//!
//! As in client-go, another holder's Lease has expired when it has not changed for its duration on our own
//! monotonic clock; wall clocks of other machines are never compared. Every write carries the resourceVersion
//! that was read, so that of two contenders one gets a conflict.

mod call;
mod contender;
mod fence;
mod identity;
mod notice;
mod record;

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, ResourceExt};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::health::Gate;
use crate::kubernetes::KubeClient;
use call::Failure;
use contender::Contender;
pub use fence::{Closed, Fence};
pub use identity::Identity;
pub use record::{Progress, RELEASED};

/// Others may take over after this long without a renewal. client-go's default.
const DURATION: Duration = Duration::from_secs(15);
/// Where a Lease of another process names a longer duration, this duration counts. No operator writes a longer one, so that a person
/// must have edited the Lease.
const LONGEST: Duration = Duration::from_mins(1);
/// The holder stops working when it could not renew for this long: well before others take over.
pub const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// Between renewals.
const PERIOD: Duration = Duration::from_secs(3);
/// Between looks at another's Lease: a hand-over takes no longer than this and the first lists together.
const LOOK: Duration = Duration::from_secs(1);
/// Between attempts after a failure.
const RETRY: Duration = Duration::from_secs(1);
/// How long one call may take: half of the renew deadline, so that a call that hangs leaves time for another one.
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
    /// Who asks.
    pub holder: Identity,
    /// What it asks for.
    pub purpose: Purpose,
    /// Where a waiting process says what it waits for.
    pub gate: Option<Gate>,
    /// What the requests of the work look at: it is closed when the Lease may belong to somebody else.
    pub fence: Fence,
}

/// What a process wants the Lease for. An installation is known by the uid of its ServiceAccount, which is another one
/// after the operator was installed anew.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// To work.
    Work {
        /// The uid of the installation; empty when the process does not know it.
        installation: String,
        /// The name of the cluster in owner tags.
        cluster: String,
    },
    /// To let everything go, whoever leads: that process ends its work when it next renews. The installation that led last,
    /// and the one of this uid, rest before the Lease's annotation [`RELEASED`] is removed; empty when the release belongs to
    /// no installation.
    Release(String),
}

/// How a leader ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The next process goes on.
    HandOver,
    /// A release did nothing: the Lease says what it said before.
    TakenBack,
    /// A release ends, and the Lease says how far it came.
    Released(Progress),
}

/// Held as long as `lost` is not cancelled.
#[derive(Debug)]
pub struct Leadership {
    /// Cancelled when the Lease may belong to somebody else; all work must stop.
    pub lost: CancellationToken,
    end: oneshot::Sender<Ending>,
    renewals: tokio::task::JoinHandle<Result<(), String>>,
}

impl Leadership {
    /// Ends the work's right to go on, and lets the next process take over at once.
    pub async fn release(self) {
        match self.end(Ending::HandOver).await {
            Ok(()) => tracing::info!("the leader lease is released"),
            Err(problem) => tracing::warn!(problem, "the leader lease could not be released"),
        }
    }

    /// Ends the work's right to go on. The error says why the Lease does not tell of the end.
    pub async fn end(self, how: Ending) -> Result<(), String> {
        let asked = self.end.send(how).is_ok();
        let ended = self.renewals.await.map_err(|error| error.to_string()).flatten();
        if asked { ended } else { Err("the leader lease was lost before".into()) }
    }
}

/// What the Lease says of the work under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWork {
    /// Whether a release has marked the Lease. The operator rests while the mark is there.
    pub released: bool,
    /// The cluster name that the last leader wrote into owner tags; `None` when no operator has led yet.
    pub cluster: Option<String>,
}

/// What the Lease says; `None` when there is no Lease of that name.
pub async fn last_work(client: &KubeClient, namespace: &str, name: &str) -> Result<Option<LastWork>, String> {
    let api: Api<Lease> = Api::namespaced(client.0.clone(), namespace);
    let lease = call::call(api.get_opt(name)).await.map_err(Failure::into_text)?;
    Ok(lease.map(|lease| LastWork {
        released: lease.annotations().contains_key(RELEASED),
        cluster: record::cluster(&lease).map(str::to_owned),
    }))
}

/// How an administrator lets an operator work again after a release.
pub fn remove_mark(namespace: &str, name: &str) -> String {
    format!("kubectl annotate lease --namespace {namespace} {name} {RELEASED}-")
}

/// Waits until this process leads, then keeps the Lease renewed. `None` when `stop` is cancelled before that.
pub async fn lead(options: LeaseOptions, stop: CancellationToken) -> Option<Leadership> {
    let mut contender = Contender::new(options);
    let (lease, renewed) = contender.acquire(&stop).await?;
    tracing::info!(holder = contender.holder.name(), "leading");
    let lost = CancellationToken::new();
    // Whatever way the task ends, also by a panic, the right to work ends with it.
    let ends = lost.clone().drop_guard();
    let (end, ended) = oneshot::channel();
    let renewals = tokio::spawn(async move {
        let ending = tokio::select! {
            () = contender.keep(lease, renewed) => None,
            Ok(ending) = ended => Some(ending),
        };
        contender.fence.close();
        drop(ends);
        let Some(ending) = ending else {
            tracing::error!("the leader lease is lost");
            return Err("the leader lease is lost".into());
        };
        contender.end(ending).await
    });
    Some(Leadership { lost, end, renewals })
}

#[cfg(test)]
mod tests;
