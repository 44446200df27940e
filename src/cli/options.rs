//! The flags of each command. A flag that is given twice counts the second time; lists add up.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::values;
use crate::credential::usage;
use crate::engine::object::ObjectKey;
use crate::ops::LogFormat;

/// What `run` can be told.
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(super) struct RunOptions {
    #[command(flatten)]
    pub(super) scope: Scope,
    /// Address of /health, /ready and /metrics.
    #[arg(long, default_value = "0.0.0.0:8080", env = "CODEARTIFACT_OPERATOR_LISTEN")]
    pub(super) listen: SocketAddr,
    /// Serve a page at / of the same address that says what is not ready and how long logins live. Whoever reaches the address sees
    /// the names of all namespaces.
    #[arg(long, env = "CODEARTIFACT_OPERATOR_STATUS_PAGE")]
    pub(super) status_page: bool,
    /// How log lines look.
    #[arg(long, value_enum, default_value = "json", env = "CODEARTIFACT_OPERATOR_LOG_FORMAT")]
    pub(super) log_format: LogFormat,
    /// How many objects of a kind are worked on at once for one AwsAccount. All accounts together may use four times as many. When slow
    /// accounts or namespaces use all of that, every other account or namespace still gets a quarter of this number.
    #[arg(
        long,
        default_value_t = 16,
        value_parser = RangedU64ValueParser::<usize>::new().range(values::CONCURRENCY),
        env = "CODEARTIFACT_OPERATOR_CONCURRENCY"
    )]
    pub(super) concurrency: usize,
    #[command(flatten)]
    pub(super) server: ApiServer,
}

/// What `release` can be told.
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(super) struct ReleaseOptions {
    #[command(flatten)]
    pub(super) scope: Scope,
    /// Release although the Lease does not exist, as after its namespace was deleted. No operator may run then: nothing stops it.
    #[arg(long)]
    pub(super) without_lease: bool,
    /// How log lines look.
    #[arg(long, value_enum, default_value = "text", env = "CODEARTIFACT_OPERATOR_LOG_FORMAT")]
    pub(super) log_format: LogFormat,
    #[command(flatten)]
    pub(super) server: ApiServer,
}

/// What an operator works on, and as whom: the same for every command that works on objects.
#[derive(Debug, Args)]
pub(super) struct Scope {
    /// Namespaces to work in, separated by commas; the whole cluster when left out.
    #[arg(
        long,
        value_delimiter = ',',
        value_parser = values::namespace,
        env = "CODEARTIFACT_OPERATOR_NAMESPACES"
    )]
    namespaces: Vec<String>,
    /// ServiceAccounts that logins may be minted as, as namespace/name, separated by commas; none when left out. The operator needs the
    /// right to get, list and watch each of them by its name, and to create its tokens.
    #[arg(
        long,
        value_delimiter = ',',
        value_parser = values::service_account,
        env = "CODEARTIFACT_OPERATOR_SERVICE_ACCOUNTS"
    )]
    pub(super) service_accounts: Vec<ObjectKey>,
    /// Name of this cluster in owner tags, unique among clusters that share an account; the uid of kube-system when empty.
    #[arg(
        long,
        default_value = "",
        value_parser = values::cluster_name,
        env = "CODEARTIFACT_OPERATOR_CLUSTER_NAME"
    )]
    pub(super) cluster_name: String,
    /// The namespace that the operator runs in; tokens and the Lease are kept there.
    #[arg(
        long,
        default_value = "codeartifact-operator",
        value_parser = values::namespace,
        env = "POD_NAMESPACE"
    )]
    pub(super) operator_namespace: String,
    /// Name of the Lease that keeps a second replica idle.
    #[arg(
        long,
        default_value = "codeartifact-operator",
        value_parser = values::lease_name,
        env = "CODEARTIFACT_OPERATOR_LEASE_NAME"
    )]
    pub(super) lease_name: String,
    /// How this process's name in the Lease begins; the name of the host when left out.
    #[arg(long, env = "POD_NAME", hide = true)]
    pub(super) pod_name: Option<String>,
    /// A level, or directives such as `info,codeartifact_operator=debug`.
    #[arg(long, default_value = "info", env = "CODEARTIFACT_OPERATOR_LOG_LEVEL")]
    pub(super) log_level: String,
    /// For tests: follow the clock of an emulator on this machine.
    #[arg(long, hide = true, env = "CODEARTIFACT_OPERATOR_CLOCK")]
    pub(super) clock: Option<String>,
}

/// How the Kubernetes API server is reached.
#[derive(Debug, Args)]
pub(super) struct ApiServer {
    /// A kubeconfig file. When left out: the files that `KUBECONFIG` lists, or else the pod's own ServiceAccount.
    #[arg(long)]
    pub(super) kubeconfig: Option<PathBuf>,
    /// A proxy for the Kubernetes API server. `HTTPS_PROXY` is for AWS alone.
    #[arg(long, env = "CODEARTIFACT_OPERATOR_API_SERVER_PROXY")]
    pub(super) api_server_proxy: Option<http::Uri>,
}

/// What `crds` can be told.
#[derive(Debug, Args)]
pub(super) struct CrdOptions {
    /// Write one file a kind into this folder.
    #[arg(long, conflicts_with = "apply")]
    pub(super) dir: Option<PathBuf>,
    /// Apply them server-side and wait until they are established.
    #[arg(long)]
    pub(super) apply: bool,
    #[command(flatten)]
    pub(super) server: ApiServer,
}

/// What `render` can be told.
#[derive(Debug, Args)]
pub(super) struct RenderOptions {
    /// The manifest: a file, or - for standard input. It holds each RegistryCredential and what it refers to: Repository, Domain,
    /// AwsAccount. Objects of others are passed over.
    #[arg(short, long)]
    pub(super) filename: PathBuf,
    /// The namespace of objects that name none.
    #[arg(short, long, default_value = "default", value_parser = values::namespace)]
    pub(super) namespace: String,
    /// Account, 12 digits, of an AwsAccount that is not in the manifest.
    #[arg(long, requires = "region")]
    pub(super) account_id: Option<String>,
    /// Region of an AwsAccount that is not in the manifest.
    #[arg(long, requires = "account_id")]
    pub(super) region: Option<String>,
}

/// What `usage` can be told.
#[derive(Debug, Args)]
pub(super) struct UsageOptions {
    /// Name of the RegistryCredential in the cluster; with --filename one in the manifest, or each of them when left out.
    #[arg(required_unless_present = "filename")]
    pub(super) name: Option<String>,
    /// Namespace of the RegistryCredential; that of the kubeconfig's context when left out.
    #[arg(short, long, value_parser = values::namespace)]
    pub(super) namespace: Option<String>,
    /// Read a manifest instead of the cluster: a file, or - for standard input.
    #[arg(short, long)]
    pub(super) filename: Option<PathBuf>,
    /// Where a container mounts the Secret.
    #[arg(long, default_value = usage::MOUNT, value_parser = values::folder)]
    pub(super) mount: String,
    #[command(flatten)]
    pub(super) server: ApiServer,
}

impl Scope {
    /// The namespaces, each once; none for the whole cluster.
    pub(super) fn namespaces(&self) -> Vec<String> {
        self.namespaces.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect()
    }

    /// How this process's name in the Lease begins.
    pub(super) fn pod_name(&self) -> String {
        let told = self.pod_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        told.map(str::to_owned).or_else(host_name).unwrap_or_else(|| "codeartifact-operator".into())
    }
}

fn host_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
