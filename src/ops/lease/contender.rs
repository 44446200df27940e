//! A process that wants the Lease: takes it when it is free, keeps it, and gives it back.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, PostParams};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::call::{Failure, call, taken};
use super::notice::Notice;
use super::record::{Marks, freed, fresh, holder, progressed, releases, renewed, rests, taken_over, works};
use super::{
    DURATION, Ending, Fence, Identity, LONGEST, LOOK, LeaseOptions, PERIOD, Purpose, RENEW_DEADLINE, RETRY,
    remove_mark,
};

/// How often an end is written while others write the Lease.
const ENDINGS: usize = 3;

pub(super) struct Contender {
    api: Api<Lease>,
    namespace: String,
    name: String,
    pub(super) holder: Identity,
    purpose: Purpose,
    notice: Notice,
    pub(super) fence: Fence,
    /// Another's Lease as last seen, and since when it has not changed.
    seen: Option<(Option<String>, Instant)>,
    /// Whether a write of ours may have taken effect.
    asked: bool,
    /// What the Lease said of a release before ours.
    before: Marks,
}

impl Contender {
    pub(super) fn new(options: LeaseOptions) -> Self {
        let api = Api::namespaced(options.client.0, &options.namespace);
        let LeaseOptions { namespace, name, holder, purpose, gate, fence, .. } = options;
        let (notice, before) = (Notice::new(name.clone(), gate), Marks::default());
        Self { api, namespace, name, holder, purpose, notice, fence, seen: None, asked: false, before }
    }

    /// Waits until this process holds the Lease. Returns the Lease and when the call began that took the Lease; `None` when `stop` is cancelled before that: no
    /// call is cut off, because its write may take effect.
    pub(super) async fn acquire(&mut self, stop: &CancellationToken) -> Option<(Lease, Instant)> {
        while !stop.is_cancelled() {
            let began = Instant::now();
            let wait = match self.try_acquire().await {
                Ok(Some(lease)) => {
                    self.fence.open_until(began + RENEW_DEADLINE);
                    return Some((lease, began));
                }
                Ok(None) => LOOK,
                Err(problem) => {
                    self.notice.waits(&format!("the leader lease cannot be had now: {problem}"));
                    RETRY
                }
            };
            stop.run_until_cancelled(tokio::time::sleep(wait)).await;
        }
        self.withdraw().await;
        None
    }

    /// A write without an answer may have taken effect: then the Lease is given back.
    async fn withdraw(&self) {
        if !self.asked || matches!(self.own().await, Ok(None)) {
            return;
        }
        let how = match self.purpose {
            Purpose::Work { .. } => Ending::HandOver,
            Purpose::Release(_) => Ending::TakenBack,
        };
        if let Err(problem) = self.end(how).await {
            tracing::warn!(problem, "the leader lease was asked for, and is not known to be as it was");
        }
    }

    async fn try_acquire(&mut self) -> Result<Option<Lease>, String> {
        let Some(lease) = call(self.api.get_opt(&self.name)).await.map_err(Failure::into_text)? else {
            let fresh = self.marked(fresh(&self.name, self.holder.name()));
            self.asked = true;
            let made = call(self.api.create(&PostParams::default(), &fresh)).await;
            return taken(made, &self.namespace);
        };
        if self.rests(&lease) || !self.free(&lease) {
            return Ok(None);
        }
        if holder(&lease) != Some(self.holder.name()) {
            self.before = Marks::of(&lease);
        }
        self.asked = true;
        let lease = self.marked(taken_over(lease, self.holder.name()));
        taken(self.write(lease).await, &self.namespace)
    }

    fn marked(&self, lease: Lease) -> Lease {
        match &self.purpose {
            Purpose::Work { installation, cluster } => works(lease, installation, cluster),
            Purpose::Release(own) => releases(lease, own),
        }
    }

    /// Whether this process may not work because of a release.
    fn rests(&mut self, lease: &Lease) -> bool {
        let Purpose::Work { installation, .. } = &self.purpose else { return false };
        let Some(progress) = rests(lease, installation) else { return false };
        let again = remove_mark(&self.namespace, &self.name);
        self.notice
            .waits(&format!("{}: this operator rests. To let it work again: {again}", progress.words()));
        true
    }

    /// Whether the Lease is ours, nobody's, or has not been renewed for its duration while we watched.
    fn free(&mut self, lease: &Lease) -> bool {
        let spec = lease.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.unwrap_or_default();
        if matches!(self.purpose, Purpose::Release(_)) || holder.is_empty() || holder == self.holder.name() {
            return true;
        }
        let version = lease.metadata.resource_version.clone();
        let duration = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let duration = duration.map_or(DURATION, Duration::from_secs).min(LONGEST);
        match &self.seen {
            Some((seen, since)) if *seen == version && since.elapsed() > duration => return true,
            Some((seen, _)) if *seen == version => {}
            _ => self.seen = Some((version, Instant::now())),
        }
        // A call that its process sent before it ended may be under way; one that comes later meets our write.
        if self.holder.knows_ended(&holder) {
            return true;
        }
        self.notice.stands_by(&format!("{holder} leads"));
        false
    }

    /// Renews until that has not worked for the deadline, or somebody else has the Lease.
    pub(super) async fn keep(&self, mut lease: Lease, mut renewed: Instant) {
        let mut wait = PERIOD;
        loop {
            let deadline = renewed + RENEW_DEADLINE;
            tokio::time::sleep_until(deadline.min(Instant::now() + wait)).await;
            let began = Instant::now();
            // After a freeze both times are over. A renewal would then keep the Lease from those who go on.
            if began >= deadline {
                return;
            }
            let Ok(answer) = tokio::time::timeout_at(deadline, self.renew(lease.clone())).await else {
                return;
            };
            wait = match answer {
                Ok(Some(ours)) => {
                    (lease, renewed) = (ours, began);
                    self.fence.open_until(began + RENEW_DEADLINE);
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
                match self.own().await.map_err(Failure::into_text)? {
                    Some(lease) => self.write(renewed(lease)).await.map(Some).map_err(Failure::into_text),
                    None => Ok(None),
                }
            }
            Err(failure) => Err(failure.into_text()),
        }
    }

    /// Gives the Lease back, with what it says from now on. A renewal of ours that was cut off may take effect meanwhile.
    pub(super) async fn end(&self, how: Ending) -> Result<(), String> {
        let mut failure = Failure::Conflict;
        for _ in 0..ENDINGS {
            match self.try_end(how).await {
                Ok(()) => return Ok(()),
                Err(Failure::Conflict) => {}
                Err(other) => {
                    failure = other;
                    break;
                }
            }
        }
        Err(failure.into_text())
    }

    async fn try_end(&self, how: Ending) -> Result<(), Failure> {
        let Some(lease) = self.own().await? else {
            // A leader that hands over has nothing to say to another leader.
            let other = || Failure::Other("another process has the Lease".into());
            return if how == Ending::HandOver { Ok(()) } else { Err(other()) };
        };
        let lease = match how {
            Ending::HandOver => lease,
            Ending::TakenBack => self.before.clone().put(lease),
            Ending::Released(progress) => progressed(lease, progress),
        };
        self.write(freed(lease)).await.map(drop)
    }

    /// The Lease as it is now, if it is ours.
    async fn own(&self) -> Result<Option<Lease>, Failure> {
        let lease = call(self.api.get_opt(&self.name)).await?;
        Ok(lease.filter(|lease| holder(lease) == Some(self.holder.name())))
    }

    async fn write(&self, lease: Lease) -> Result<Lease, Failure> {
        call(self.api.replace(&self.name, &PostParams::default(), &lease)).await
    }
}
