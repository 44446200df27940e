//! `codeartifact-operator run`: leads, and then works.

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use super::options::RunOptions;
use super::start;
use crate::ops::{
    Fence, Identity, LeaseOptions, Metrics, Purpose, Readiness, Server, StatusPage, lead, telemetry,
};
use crate::run::Operator;

pub(super) async fn run(options: RunOptions) -> anyhow::Result<()> {
    let RunOptions { scope, listen, status_page, log_format, concurrency, server } = options;
    telemetry::start(log_format, &scope.log_level)?;
    let stop = start::stop_on_signals()?;
    let clock = start::clock(&scope, &stop).await?;
    let metrics = Metrics::new(clock.clone());
    let readiness = Readiness::default();
    let leading = readiness.gate("leader lease");
    let bound = Server::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    // The health server outlives the work, so that a graceful stop is not taken for a crash.
    let closing = CancellationToken::new();
    let page = status_page.then(StatusPage::default);
    let serving =
        tokio::spawn(bound.serve(readiness.clone(), metrics.clone(), page.clone(), closing.clone()));

    let fence = Fence::default();
    let (client, _) = start::connect(server, fence.clone()).await?;
    let Some(user) = stop.run_until_cancelled(start::user(&client)).await else { return Ok(()) };
    let cluster = start::cluster_name(&scope, &client).await?;
    let lease = LeaseOptions {
        client: client.clone(),
        namespace: scope.operator_namespace.clone(),
        name: scope.lease_name.clone(),
        holder: Identity::new(&scope.pod_name()),
        purpose: Purpose::Work { installation: user.uid.unwrap_or_default(), cluster: cluster.clone() },
        gate: Some(leading.clone()),
        fence: fence.clone(),
    };
    let Some(leadership) = lead(lease, stop.clone()).await else { return Ok(()) };
    metrics.leader(true);
    // A standby was ready; a leader is ready when it works.
    leading.close();

    let namespaces = scope.namespaces();
    start::warn_of_absent(&client, &namespaces).await;
    let context = start::context(&scope, (cluster, client, fence), clock, metrics.clone(), stop);
    let operator = Operator::new(context, readiness, namespaces, concurrency);
    if let Some(page) = &page {
        operator.shown_on(page);
    }
    leading.open();
    tokio::select! {
        () = operator.run() => {
            metrics.leader(false);
            leadership.release().await;
        }
        // Somebody else may be working by now: whatever is in flight here ends with this process.
        () = leadership.lost.cancelled() => anyhow::bail!("the leader lease was lost"),
    }
    closing.cancel();
    serving.await??;
    tracing::info!("stopped");
    Ok(())
}
