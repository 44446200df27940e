//! What every command does first: finds the API server, learns who it is there, and builds what work needs.

use std::time::Duration;

use anyhow::Context as _;
use k8s_openapi::api::authentication::v1::{SelfSubjectReview, UserInfo};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::PostParams;
use kube::{Api, ResourceExt};
use tokio_util::sync::CancellationToken;

use super::options::{ApiServer, Scope};
use crate::aws::Sdk;
use crate::clock::Clock;
use crate::engine::context::Context;
use crate::engine::queue::urgent_writes::UrgentWrites;
use crate::engine::watching::caches::Caches;
use crate::engine::watching::own_writes::OwnWrites;
use crate::engine::watching::references::References;
use crate::engine::watching::secret_watches::SecretWatches;
use crate::engine::watching::service_accounts::ServiceAccounts;
use crate::error::Error;
use crate::kubernetes::{self, KubeClient, kube_call};
use crate::ops::{Fence, Metrics, follow};
use crate::sessions::Accounts;

/// Between attempts to learn who this process is.
const RETRY: Duration = Duration::from_secs(1);

/// A client, and the address of the API server.
pub(super) async fn connect(server: ApiServer, fence: Fence) -> anyhow::Result<(KubeClient, http::Uri)> {
    let ApiServer { kubeconfig, api_server_proxy } = server;
    kubernetes::connect(kubeconfig.as_deref(), api_server_proxy, fence).await
}

/// The clock that everything follows.
pub(super) async fn clock(scope: &Scope, stop: &CancellationToken) -> anyhow::Result<Clock> {
    let clock = Clock::default();
    if let Some(url) = &scope.clock {
        follow(url, clock.clone(), stop.clone()).await?;
    }
    Ok(clock)
}

/// The Kubernetes user that this process is; one without a uid when the API server refuses to say.
pub(super) async fn user(client: &KubeClient) -> UserInfo {
    let reviews: Api<SelfSubjectReview> = Api::all(client.0.clone());
    let (params, review) = (PostParams::default(), SelfSubjectReview::default());
    loop {
        match kube_call(reviews.create(&params, &review)).await {
            Ok(review) => return review.status.and_then(|status| status.user_info).unwrap_or_default(),
            Err(error) if refuses(&error) => {
                tracing::warn!(%error, "the API server does not say which user this process is");
                return UserInfo::default();
            }
            Err(error) => {
                tracing::warn!(%error, "the API server does not say yet which user this process is");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// Whether the same answer comes next time, too.
fn refuses(error: &Error) -> bool {
    let Error::Kube(error) = error else { return false };
    matches!(error.as_ref(), kube::Error::Api(status) if [403, 404, 405].contains(&status.code))
}

/// Says which of the namespaces do not exist: a name may be mistyped, or its namespace comes later.
pub(super) async fn warn_of_absent(client: &KubeClient, namespaces: &[String]) {
    let api: Api<Namespace> = Api::all(client.0.clone());
    for namespace in namespaces {
        match kube_call(api.get_metadata_opt(namespace)).await {
            Ok(Some(_)) => {}
            Ok(None) => tracing::warn!("the namespace {namespace} of --namespaces does not exist"),
            Err(error) => tracing::debug!(namespace, %error, "whether the namespace exists is not known"),
        }
    }
}

/// Whether there is surely no such namespace.
pub(super) async fn is_absent(client: &KubeClient, namespace: &str) -> bool {
    let api: Api<Namespace> = Api::all(client.0.clone());
    matches!(kube_call(api.get_metadata_opt(namespace)).await, Ok(None))
}

/// What the work needs, with nothing read yet.
pub(super) fn context(
    scope: &Scope,
    (cluster, client, fence): (String, KubeClient, Fence),
    clock: Clock,
    metrics: Metrics,
    stop: CancellationToken,
) -> Context {
    let sdk = Sdk::new(clock.clone(), metrics.clone()).fenced(fence);
    let references = References::new(clock.clone());
    Context {
        accounts: Accounts::new(client.clone(), clock.clone(), references.clone(), sdk, &cluster),
        secret_watches: SecretWatches::new(client.clone(), references.clone(), stop.clone()),
        references,
        own_writes: OwnWrites::default(),
        urgent_writes: UrgentWrites::default(),
        caches: Caches {
            service_accounts: ServiceAccounts::listed(scope.service_accounts.iter().cloned()),
            ..Caches::default()
        },
        operator_namespace: scope.operator_namespace.clone(),
        client,
        clock,
        cluster,
        metrics,
        stop,
    }
}

/// The name of the cluster in owner tags: --cluster-name, or the uid of the namespace kube-system.
pub(super) async fn cluster_name(scope: &Scope, client: &KubeClient) -> anyhow::Result<String> {
    match scope.cluster_name.as_str() {
        "" => cluster_uid(client).await,
        name => Ok(name.to_owned()),
    }
}

async fn cluster_uid(client: &KubeClient) -> anyhow::Result<String> {
    let namespaces: Api<Namespace> = Api::all(client.0.clone());
    let system = kube_call(namespaces.get_metadata("kube-system"))
        .await
        .context("cannot read the namespace kube-system")?;
    system.uid().context("the namespace kube-system has no uid")
}

/// Cancelled by SIGTERM and by Ctrl-C.
pub(super) fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: what is in flight ends first");
        stopping.cancel();
    });
    Ok(stop)
}
