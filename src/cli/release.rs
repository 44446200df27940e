//! `codeartifact-operator release`: says what it will do, takes the lead, lets everything go, and says what is left.

use anyhow::{Context as _, bail};
use k8s_openapi::api::authentication::v1::UserInfo;
use tokio_util::sync::CancellationToken;

use super::options::{ReleaseOptions, Scope};
use super::start;
use crate::api::COMPONENT;
use crate::engine::context::Context;
use crate::kubernetes::KubeClient;
use crate::ops::lease::{LastWork, Progress, RENEW_DEADLINE, last_work, remove_mark};
use crate::ops::{Ending, Fence, Identity, Leadership, LeaseOptions, Metrics, Purpose, lead, telemetry};
use crate::release::{Managed, Tally, managed, release as let_go};

pub(super) async fn release(options: ReleaseOptions) -> anyhow::Result<()> {
    let ReleaseOptions { scope, without_lease, log_format, server } = options;
    telemetry::start(log_format, &scope.log_level)?;
    let stop = start::stop_on_signals()?;
    let clock = start::clock(&scope, &stop).await?;
    let fence = Fence::default();
    let (client, server) = start::connect(server, fence.clone()).await?;
    let namespaces = scope.namespaces();
    let cluster = start::cluster_name(&scope, &client).await?;
    let context = start::context(
        &scope,
        (cluster, client.clone(), fence.clone()),
        clock.clone(),
        Metrics::new(clock),
        stop.clone(),
    );
    start::warn_of_absent(&client, &namespaces).await;
    let managed = managed(&context, &namespaces).await?;
    let mut work = Work { scope: &scope, namespaces, managed, marked: false, context, stop };
    work.announce(&server);
    work.marked = work.lease_is_marked(&client, without_lease).await?;
    if work.managed.count() == 0 && !work.marked {
        tracing::info!("nothing is held, so nothing is released, and the operator works on");
        return Ok(());
    }
    let stopped = || format!("stopped: {}", work.untouched());
    let user = work.stop.run_until_cancelled(start::user(&client)).await.with_context(stopped)?;
    let lease = LeaseOptions {
        client,
        namespace: scope.operator_namespace.clone(),
        name: scope.lease_name.clone(),
        holder: Identity::new(&scope.pod_name()),
        purpose: Purpose::Release(installation(&user, &scope.operator_namespace)),
        gate: None,
        fence,
    };
    let leadership = lead(lease, work.stop.clone()).await;
    work.under(leadership.with_context(stopped)?).await
}

/// The installation that a user belongs to: a ServiceAccount of the operator's namespace, as the hook of the chart has, is of
/// the installation itself.
fn installation(user: &UserInfo, namespace: &str) -> String {
    let prefix = format!("system:serviceaccount:{namespace}:");
    let own = user.username.as_deref().is_some_and(|name| name.starts_with(&prefix));
    user.uid.clone().filter(|_| own).unwrap_or_default()
}

/// One release.
struct Work<'a> {
    scope: &'a Scope,
    namespaces: Vec<String>,
    managed: Managed,
    /// Whether an earlier release lets the operator rest.
    marked: bool,
    context: Context,
    stop: CancellationToken,
}

impl Work<'_> {
    fn announce(&self, server: &http::Uri) {
        let place = match self.namespaces.as_slice() {
            [] => "in every namespace".to_owned(),
            some => format!("in {}", some.join(", ")),
        };
        tracing::info!("the cluster at {server}, {place}: {} will be released", self.managed);
    }

    /// A Lease that does not exist is a mistyped flag: the operator would take everything up again. So is another cluster name
    /// than the operator works under: the release would take the owner tags of that name off, and leave the operator's.
    async fn lease_is_marked(&self, client: &KubeClient, without_lease: bool) -> anyhow::Result<bool> {
        let Scope { operator_namespace, lease_name, .. } = self.scope;
        let lease = last_work(client, operator_namespace, lease_name).await.map_err(anyhow::Error::msg)?;
        match lease {
            Some(LastWork { cluster: Some(cluster), .. }) if cluster != self.context.cluster => bail!(
                "nothing was released: the operator of the Lease {lease_name} in the namespace {operator_namespace} works under the \
                 cluster name {cluster}, and this command under {}, so that it would leave every owner tag in AWS. Run the same command \
                 with --cluster-name {cluster}",
                self.context.cluster
            ),
            Some(LastWork { released, .. }) => Ok(released),
            None if self.managed.count() == 0 => Ok(false),
            None if without_lease && start::is_absent(client, operator_namespace).await => bail!(
                "nothing was released: the namespace {operator_namespace} does not exist, and the release needs a Lease somewhere: add an \
                 --operator-namespace that exists"
            ),
            None if without_lease => Ok(false),
            None => bail!(
                "nothing was released: there is no Lease {lease_name} in the namespace {operator_namespace}, so that an operator that \
                 runs would not notice. Name the operator's with --operator-namespace and --lease-name, as in the arguments of \
                 its Deployment. If no operator runs any more, add --without-lease, and an --operator-namespace that exists"
            ),
        }
    }

    /// Releases everything while the Lease is ours, and tells the Lease how that ended.
    async fn under(&self, leadership: Leadership) -> anyhow::Result<()> {
        let tally = Tally::default();
        let worked = tokio::select! {
            worked = self.let_go(&tally) => worked,
            () = leadership.lost.cancelled() => Err(anyhow::anyhow!("another process took the lead")),
        };
        let ending = match &worked {
            Ok(()) => Ending::Released(Progress::Done),
            Err(_) if tally.begun() == 0 => Ending::TakenBack,
            Err(_) => Ending::Released(Progress::Stopped),
        };
        let written = leadership.end(ending).await;
        match worked {
            Ok(()) => self.say_done(&tally),
            Err(why) => {
                return Err(self.unfinished(&why, &tally, written.is_ok() && ending == Ending::TakenBack));
            }
        }
        written
            .map_err(|why| anyhow::anyhow!("everything was released, but the Lease does not say so: {why}"))
    }

    async fn let_go(&self, tally: &Tally) -> anyhow::Result<()> {
        // By then the operator that led has noticed, and writes nothing any more.
        tracing::info!("waiting {} s for the operator to end its work", RENEW_DEADLINE.as_secs());
        let noticed = self.stop.run_until_cancelled(tokio::time::sleep(RENEW_DEADLINE)).await;
        noticed.context("stopped")?;
        let failed = let_go(&self.context, &self.namespaces, &self.stop, tally).await?;
        if self.stop.is_cancelled() && tally.released() < self.managed.count() {
            bail!("stopped");
        }
        anyhow::ensure!(failed == 0, "{failed} objects could not be released, as the warnings above say");
        Ok(())
    }

    /// The state after a release that changed no object, as a part of a sentence.
    fn untouched(&self) -> &'static str {
        if self.marked {
            "nothing was released by this command, and the operator rests as before"
        } else {
            "nothing was released, and the operator works on"
        }
    }

    /// The error of a release that did not finish: what the release left, and what the user does next.
    fn unfinished(&self, why: &anyhow::Error, tally: &Tally, taken_back: bool) -> anyhow::Error {
        let Scope { operator_namespace, lease_name, .. } = self.scope;
        if taken_back {
            return anyhow::anyhow!("{why:#}: {}", self.untouched());
        }
        let (released, again) = (tally.released(), remove_mark(operator_namespace, lease_name));
        anyhow::anyhow!(
            "{why:#}: {released} of {} were released; the others keep their finalizers, and the operator rests. Run the same \
             command again to release the rest. To let the operator work again instead: {again}. Domains and Repositories \
             that were released are AdoptionRefused then, until their spec.adoptionPolicy is IfIdentical or Overwrite",
            self.managed
        )
    }

    /// What is left in the cluster, and how to remove it.
    fn say_done(&self, tally: &Tally) {
        let Scope { operator_namespace: namespace, lease_name: lease, .. } = self.scope;
        let lines = [
            format!("released: {} objects; AWS stays as it is, without owner tags unless a line above says otherwise", tally.released()),
            format!(
                "an operator that runs rests from now on; to let it work again: {}",
                remove_mark(namespace, lease)
            ),
            "login Secrets stay until their RegistryCredentials are deleted, and nothing renews them any more".into(),
            format!(
                "the namespace {namespace} keeps the Lease, the Secret binding-key, and Secrets with tokens, which work for up \
                 to 12 hours; once the operator is uninstalled: {}",
                remove_rest(namespace, lease)
            ),
        ];
        for line in lines {
            tracing::info!("{line}");
        }
    }
}

/// The commands with which an administrator removes the Secrets and the Lease that the operator leaves in its namespace.
fn remove_rest(namespace: &str, lease: &str) -> String {
    format!(
        "kubectl delete secret --namespace {namespace} --selector '{COMPONENT} in (token, binding-key)'; \
         kubectl delete lease --namespace {namespace} {lease}"
    )
}
