//! The command line.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::PostParams;
use kube::{Api, ResourceExt};
use tokio_util::sync::CancellationToken;

use crate::aws::Sdk;
use crate::clock::Clock;
use crate::engine::context::Context;
use crate::engine::queue::first_writes::FirstWrites;
use crate::engine::watching::caches::Caches;
use crate::engine::watching::hub::Hub;
use crate::engine::watching::secret_watches::SecretWatches;
use crate::kubernetes::{KubeClient, kube_call};
use crate::ops::lease::RENEW_DEADLINE;
use crate::ops::{LeaseOptions, LogFormat, Metrics, Readiness, Server, follow, lead, metrics, telemetry};
use crate::release::release;
use crate::run::Operator;
use crate::sessions::Accounts;
use crate::{kubernetes, manifests, reason};

/// Kubernetes operator for AWS CodeArtifact.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the controllers.
    Run(Box<RunOptions>),
    /// Before an uninstall: takes over from the operator that runs, and lets every object go as Retain does.
    Release(Box<RunOptions>),
    /// Writes the CRDs: to standard output, to a folder, or into the cluster.
    Crds(CrdOptions),
    /// Prints the reference of the metrics, for the documentation.
    #[command(hide = true)]
    Metrics,
    /// Prints the reference of conditions and reasons, for the documentation.
    #[command(hide = true)]
    Conditions,
}

/// What `run` can be told. A flag that is given twice counts the second time.
#[derive(Debug, Args)]
#[command(args_override_self = true)]
struct RunOptions {
    /// Namespaces to work in, separated by commas; the whole cluster when left out.
    #[arg(long, value_delimiter = ',', env = "CODEARTIFACT_OPERATOR_NAMESPACES")]
    namespaces: Vec<String>,
    /// Name of this cluster in owner tags, unique among clusters that share an account; the uid of kube-system when empty.
    #[arg(long, default_value = "", env = "CODEARTIFACT_OPERATOR_CLUSTER_NAME")]
    cluster_name: String,
    /// The namespace that the operator runs in; tokens are kept there.
    #[arg(long, default_value = "codeartifact-operator", env = "CODEARTIFACT_OPERATOR_OPERATOR_NAMESPACE")]
    operator_namespace: String,
    /// Name of the pod: who holds the Lease.
    #[arg(long, default_value = "codeartifact-operator", env = "POD_NAME", hide = true)]
    pod_name: String,
    /// Address of /health, /ready and /metrics.
    #[arg(long, default_value = "0.0.0.0:8080", env = "CODEARTIFACT_OPERATOR_LISTEN")]
    listen: SocketAddr,
    /// How log lines look.
    #[arg(long, value_enum, default_value = "json", env = "CODEARTIFACT_OPERATOR_LOG_FORMAT")]
    log_format: LogFormat,
    /// A level, or directives such as `info,codeartifact_operator=debug`.
    #[arg(long, default_value = "info", env = "CODEARTIFACT_OPERATOR_LOG_LEVEL")]
    log_level: String,
    /// Name of the Lease that keeps a second replica idle.
    #[arg(long, default_value = "codeartifact-operator", env = "CODEARTIFACT_OPERATOR_LEASE_NAME")]
    lease_name: String,
    /// Objects of one kind and one AwsAccount that are worked on at once; those of all accounts are four times as many. A
    /// quarter of that number is guaranteed to each account and to each namespace, up to twice as many of one account and
    /// eight times as many of all.
    #[arg(long, default_value_t = 16, env = "CODEARTIFACT_OPERATOR_CONCURRENCY")]
    concurrency: usize,
    /// A kubeconfig file; the pod's own ServiceAccount when left out.
    #[arg(long, env = "KUBECONFIG")]
    kubeconfig: Option<PathBuf>,
    /// A proxy for the Kubernetes API server. `HTTPS_PROXY` is for AWS alone.
    #[arg(long, env = "CODEARTIFACT_OPERATOR_API_SERVER_PROXY")]
    api_server_proxy: Option<http::Uri>,
    /// For tests: follow the clock of an emulator on this machine.
    #[arg(long, hide = true, env = "CODEARTIFACT_OPERATOR_CLOCK")]
    clock: Option<String>,
}

#[derive(Debug, Args)]
struct CrdOptions {
    /// Write one file a kind into this folder.
    #[arg(long, conflicts_with = "apply")]
    dir: Option<PathBuf>,
    /// Apply them server-side and wait until they are established.
    #[arg(long)]
    apply: bool,
    /// A kubeconfig file; the pod's own ServiceAccount when left out.
    #[arg(long, env = "KUBECONFIG")]
    kubeconfig: Option<PathBuf>,
    /// A proxy for the Kubernetes API server.
    #[arg(long, env = "CODEARTIFACT_OPERATOR_API_SERVER_PROXY")]
    api_server_proxy: Option<http::Uri>,
}

/// Does what the command line says.
pub async fn main() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another TLS provider is installed already"))?;
    match Cli::parse().command {
        Command::Run(options) => Box::pin(run(*options)).await,
        Command::Release(options) => Box::pin(release_all(*options)).await,
        Command::Crds(options) => Box::pin(crds(options)).await,
        Command::Metrics => print(&metrics::reference()),
        Command::Conditions => print(&reason::reference()),
    }
}

fn print(page: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(page.as_bytes())?)
}

async fn run(options: RunOptions) -> anyhow::Result<()> {
    telemetry::start(options.log_format, &options.log_level)?;
    let stop = stop_on_signals()?;
    let clock = Clock::default();
    if let Some(url) = &options.clock {
        follow(url, clock.clone(), stop.clone()).await?;
    }
    let metrics = Metrics::new(clock.clone());
    let readiness = Readiness::default();
    let leading = readiness.gate("leader lease");
    let server =
        Server::bind(options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
    // The health server outlives the work, so that a graceful stop is not taken for a crash.
    let closing = CancellationToken::new();
    let serving = tokio::spawn(server.serve(readiness.clone(), metrics.clone(), closing.clone()));

    let client = kubernetes::client(options.kubeconfig.as_deref(), options.api_server_proxy.clone()).await?;
    let lease = lease(&options, &client, false).await;
    let Some(leadership) = lead(lease, stop.clone()).await else { return Ok(()) };
    metrics.leader(true);

    let context = context(&options, client, clock, metrics.clone(), stop).await?;
    let operator = Operator::new(context, readiness, options.namespaces, options.concurrency);
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

async fn lease(options: &RunOptions, client: &KubeClient, releases: bool) -> LeaseOptions {
    LeaseOptions {
        client: client.clone(),
        namespace: options.operator_namespace.clone(),
        name: options.lease_name.clone(),
        holder: options.pod_name.clone(),
        user: own_uid(client).await,
        releases,
    }
}

/// The uid of the Kubernetes user that this process is; empty when it has none or the API server does not say.
async fn own_uid(client: &KubeClient) -> String {
    let reviews: Api<SelfSubjectReview> = Api::all(client.0.clone());
    let (params, review) = (PostParams::default(), SelfSubjectReview::default());
    match kube_call(reviews.create(&params, &review)).await {
        Ok(review) => {
            review.status.and_then(|status| status.user_info).and_then(|user| user.uid).unwrap_or_default()
        }
        Err(error) => {
            tracing::warn!(%error, "the API server does not say which user this process is");
            String::new()
        }
    }
}

async fn release_all(options: RunOptions) -> anyhow::Result<()> {
    telemetry::start(options.log_format, &options.log_level)?;
    let (stop, clock) = (stop_on_signals()?, Clock::default());
    if let Some(url) = &options.clock {
        follow(url, clock.clone(), stop.clone()).await?;
    }
    let client = kubernetes::client(options.kubeconfig.as_deref(), options.api_server_proxy.clone()).await?;
    let Some(leadership) = lead(lease(&options, &client, true).await, stop.clone()).await else {
        return Ok(());
    };
    // By then the operator that led has noticed, and writes nothing any more.
    tokio::time::sleep(RENEW_DEADLINE).await;
    let metrics = Metrics::new(clock.clone());
    let stopping = stop.clone();
    let context = context(&options, client, clock, metrics, stop).await?;
    tokio::select! {
        released = release(&context, &options.namespaces) => tracing::info!(objects = released?, "released"),
        () = leadership.lost.cancelled() => anyhow::bail!("the leader lease was lost"),
        () = stopping.cancelled() => anyhow::bail!("stopped before everything was released"),
    }
    // The Lease stays ours until it expires, and its mark keeps the operator that still runs from taking all up again.
    Ok(())
}

async fn context(
    options: &RunOptions,
    client: KubeClient,
    clock: Clock,
    metrics: Metrics,
    stop: CancellationToken,
) -> anyhow::Result<Context> {
    let cluster = match options.cluster_name.as_str() {
        "" => cluster_uid(&client).await?,
        name => name.to_owned(),
    };
    let sdk = Sdk::new(clock.clone(), metrics.clone());
    let hub = Hub::new(clock.clone());
    Ok(Context {
        accounts: Accounts::new(client.clone(), clock.clone(), hub.clone(), sdk, &cluster),
        secret_watches: SecretWatches::new(client.clone(), hub.clone(), stop.clone()),
        hub,
        first_writes: FirstWrites::default(),
        caches: Caches::default(),
        operator_namespace: options.operator_namespace.clone(),
        client,
        clock,
        cluster,
        metrics,
        stop,
    })
}

async fn cluster_uid(client: &KubeClient) -> anyhow::Result<String> {
    let namespaces: Api<Namespace> = Api::all(client.0.clone());
    let system = kube_call(namespaces.get_metadata("kube-system"))
        .await
        .context("cannot read the namespace kube-system")?;
    system.uid().context("the namespace kube-system has no uid")
}

fn stop_on_signals() -> anyhow::Result<CancellationToken> {
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

async fn crds(options: CrdOptions) -> anyhow::Result<()> {
    if options.apply {
        let client =
            kubernetes::client(options.kubeconfig.as_deref(), options.api_server_proxy.clone()).await?;
        return Ok(manifests::apply(&client.0).await?);
    }
    let files = manifests::crd_yaml()?;
    let Some(dir) = options.dir else {
        use std::io::Write as _;
        let mut out = std::io::stdout();
        return files.iter().try_for_each(|(_, text)| Ok(write!(out, "---\n{text}")?));
    };
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
