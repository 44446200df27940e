//! Leader election by a Lease: one process works at a time.
//!
//! As in client-go, another holder's Lease has expired when it has not changed for its duration on our own
//! monotonic clock; wall clocks of other machines are never compared. Every write carries the resourceVersion
//! that was read, so that of two contenders one gets a conflict.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, PostParams};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::engine::context::KubeClient;

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
    /// Take it from whoever has it: that process ends its work when it next renews.
    pub force: bool,
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

struct Contender {
    api: Api<Lease>,
    name: String,
    holder: String,
    force: bool,
    /// Another's Lease as last seen, and since when it has not changed.
    seen: Option<(Option<String>, Instant)>,
}

impl Contender {
    fn new(options: LeaseOptions) -> Self {
        let api = Api::namespaced(options.client.0, &options.namespace);
        Self { api, name: options.name, holder: options.holder, force: options.force, seen: None }
    }

    /// The Lease once it is ours, and when the call began that made it so.
    async fn acquire(&mut self) -> (Lease, Instant) {
        loop {
            let began = Instant::now();
            match self.try_acquire().await {
                Ok(Some(lease)) => return (lease, began),
                Ok(None) => tokio::time::sleep(PERIOD).await,
                Err(problem) => {
                    tracing::warn!(problem, "the leader lease cannot be had now");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    async fn try_acquire(&mut self) -> Result<Option<Lease>, String> {
        let Some(lease) = call(self.api.get_opt(&self.name)).await.map_err(Failure::into_text)? else {
            return taken(call(self.api.create(&PostParams::default(), &self.fresh())).await);
        };
        if !self.free(&lease) {
            return Ok(None);
        }
        taken(self.write(taken_over(lease, &self.holder)).await)
    }

    /// Whether the Lease is ours, nobody's, or has not been renewed for its duration while we watched.
    fn free(&mut self, lease: &Lease) -> bool {
        let spec = lease.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.unwrap_or_default();
        if self.force || holder.is_empty() || holder == self.holder {
            return true;
        }
        let version = lease.metadata.resource_version.clone();
        let duration = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let duration = duration.map_or(DURATION, Duration::from_secs);
        match &self.seen {
            Some((seen, since)) if *seen == version => since.elapsed() > duration,
            _ => {
                tracing::info!(holder, "another process leads; waiting");
                self.seen = Some((version, Instant::now()));
                false
            }
        }
    }

    /// Renews until that has not worked for the deadline, or somebody else has the Lease.
    async fn keep(&self, mut lease: Lease, mut renewed: Instant) {
        let mut wait = PERIOD;
        loop {
            let deadline = renewed + RENEW_DEADLINE;
            if tokio::time::timeout_at(deadline, tokio::time::sleep(wait)).await.is_err() {
                return;
            }
            let began = Instant::now();
            let Ok(answer) = tokio::time::timeout_at(deadline, self.renew(lease.clone())).await else {
                return;
            };
            wait = match answer {
                Ok(Some(ours)) => {
                    (lease, renewed) = (ours, began);
                    PERIOD
                }
                Ok(None) => return,
                Err(problem) => {
                    tracing::warn!(problem, "the leader lease was not renewed");
                    RETRY
                }
            };
        }
    }

    /// The renewed Lease; `None` when it is somebody else's.
    async fn renew(&self, lease: Lease) -> Result<Option<Lease>, String> {
        match self.write(renewed(lease)).await {
            Ok(lease) => Ok(Some(lease)),
            Err(Failure::Conflict) => {
                // Somebody edited it, or an earlier write of ours took effect without an answer.
                let lease = call(self.api.get_opt(&self.name)).await.map_err(Failure::into_text)?;
                let ours = lease.filter(|lease| holder(lease) == Some(self.holder.as_str()));
                match ours {
                    Some(lease) => self.write(renewed(lease)).await.map(Some).map_err(Failure::into_text),
                    None => Ok(None),
                }
            }
            Err(failure) => Err(failure.into_text()),
        }
    }

    async fn release(&self) {
        let released = async {
            let lease = call(self.api.get_opt(&self.name)).await.map_err(Failure::into_text)?;
            let Some(mut lease) = lease.filter(|lease| holder(lease) == Some(self.holder.as_str())) else {
                return Ok(());
            };
            if let Some(spec) = &mut lease.spec {
                spec.holder_identity = Some(String::new());
            }
            self.write(lease).await.map(drop).map_err(Failure::into_text)
        };
        match released.await {
            Ok(()) => tracing::info!("the leader lease is released"),
            Err(problem) => tracing::warn!(problem, "the leader lease could not be released"),
        }
    }

    async fn write(&self, lease: Lease) -> Result<Lease, Failure> {
        call(self.api.replace(&self.name, &PostParams::default(), &lease)).await
    }

    fn fresh(&self) -> Lease {
        let lease = Lease {
            metadata: ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() },
            spec: Some(LeaseSpec::default()),
        };
        taken_over(lease, &self.holder)
    }
}

/// A failed call.
enum Failure {
    /// Somebody else wrote in between.
    Conflict,
    /// Anything else.
    Other(String),
}

impl Failure {
    fn into_text(self) -> String {
        match self {
            Self::Conflict => "another process wrote it in between".into(),
            Self::Other(text) => text,
        }
    }
}

async fn call<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Failure> {
    match tokio::time::timeout(CALL_TIMEOUT, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(kube::Error::Api(status))) if status.is_conflict() || status.is_already_exists() => {
            Err(Failure::Conflict)
        }
        Ok(Err(error)) => Err(Failure::Other(error.to_string())),
        Err(_) => Err(Failure::Other(format!("no answer within {CALL_TIMEOUT:?}"))),
    }
}

/// A conflict while taking a Lease means that somebody else was faster.
fn taken(answer: Result<Lease, Failure>) -> Result<Option<Lease>, String> {
    match answer {
        Ok(lease) => Ok(Some(lease)),
        Err(Failure::Conflict) => Ok(None),
        Err(failure) => Err(failure.into_text()),
    }
}

fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref()
}

fn taken_over(mut lease: Lease, by: &str) -> Lease {
    let changes = holder(&lease) != Some(by);
    let spec = lease.spec.get_or_insert_default();
    if changes {
        spec.lease_transitions = Some(spec.lease_transitions.map_or(0, |transitions| transitions + 1));
        spec.acquire_time = Some(host_time());
    }
    spec.holder_identity = Some(by.to_owned());
    spec.lease_duration_seconds = i32::try_from(DURATION.as_secs()).ok();
    renewed(lease)
}

fn renewed(mut lease: Lease) -> Lease {
    lease.spec.get_or_insert_default().renew_time = Some(host_time());
    lease
}

/// The host's time, also when a test moves the operator's clock: other processes show it to people.
fn host_time() -> MicroTime {
    MicroTime(Clock::default().now())
}

#[cfg(test)]
mod tests;
