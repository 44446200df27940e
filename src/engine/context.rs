//! What every reconcile can reach.

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::engine::queue::urgent_writes::UrgentWrites;
use crate::engine::watching::caches::Caches;
use crate::engine::watching::own_writes::OwnWrites;
use crate::engine::watching::references::References;
use crate::engine::watching::secret_watches::SecretWatches;
use crate::kubernetes::KubeClient;
use crate::ops::Metrics;
use crate::sessions::Accounts;

/// What every reconcile can reach. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    /// The Kubernetes API.
    pub client: KubeClient,
    /// Wall-clock time.
    pub clock: Clock,
    /// Name of this cluster in owner tags and session names.
    pub cluster: String,
    /// The namespace that the operator runs in; token Secrets live here.
    pub operator_namespace: String,
    /// The objects as last seen.
    pub caches: Caches,
    /// Signed-in clients.
    pub accounts: Accounts,
    /// References and queues.
    pub references: References,
    /// Watches of Secrets that stand in the way, or that hold the keys of an AwsAccount.
    pub secret_watches: SecretWatches,
    /// Writes of Secrets that are under way.
    pub own_writes: OwnWrites,
    /// Writes that go before final statuses.
    pub urgent_writes: UrgentWrites,
    /// Counters and gauges.
    pub metrics: Metrics,
    /// Cancelled when the operator stops: no new step is begun, the one in flight ends.
    pub stop: CancellationToken,
}
