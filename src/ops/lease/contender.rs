//! A process that wants the Lease: takes it when it is free, keeps it, and gives it back.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, PostParams};
use tokio::time::Instant;

use super::call::{Failure, call, taken};
use super::record::{RELEASED, fresh, holder, marked, released, renewed, taken_over};
use super::{DURATION, LeaseOptions, PERIOD, RENEW_DEADLINE, RETRY};

pub(super) struct Contender {
    api: Api<Lease>,
    name: String,
    pub(super) holder: String,
    user: String,
    releases: bool,
    /// Whether it has been told that everything was let go.
    told: bool,
    /// Another's Lease as last seen, and since when it has not changed.
    seen: Option<(Option<String>, Instant)>,
}

impl Contender {
    pub(super) fn new(options: LeaseOptions) -> Self {
        let api = Api::namespaced(options.client.0, &options.namespace);
        let LeaseOptions { name, holder, user, releases, .. } = options;
        Self { api, name, holder, user, releases, told: false, seen: None }
    }

    /// The Lease once it is ours, and when the call began that made it so.
    pub(super) async fn acquire(&mut self) -> (Lease, Instant) {
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
            let fresh = marked(fresh(&self.name, &self.holder), self.releases, &self.user);
            return taken(call(self.api.create(&PostParams::default(), &fresh)).await);
        };
        if self.rests(&lease) || !self.free(&lease) {
            return Ok(None);
        }
        let lease = marked(taken_over(lease, &self.holder), self.releases, &self.user);
        taken(self.write(lease).await)
    }

    /// Whether this process may not work because everything was let go.
    fn rests(&mut self, lease: &Lease) -> bool {
        let rests = !self.releases && released(lease, &self.user);
        if rests && !self.told {
            tracing::warn!(
                lease = self.name,
                "everything was released, so that this operator rests; to let it work again, remove the annotation {RELEASED} from the Lease"
            );
        }
        self.told = rests;
        rests
    }

    /// Whether the Lease is ours, nobody's, or has not been renewed for its duration while we watched.
    fn free(&mut self, lease: &Lease) -> bool {
        let spec = lease.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.unwrap_or_default();
        if self.releases || holder.is_empty() || holder == self.holder {
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
    pub(super) async fn keep(&self, mut lease: Lease, mut renewed: Instant) {
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

    pub(super) async fn release(&self) {
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
}
