//! The Kubernetes API: how its server is reached, and how long a call may take.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use kube::client::{Body, ClientBuilder};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tower::filter::FilterLayer;

use crate::error::{Error, Result};
use crate::ops::{Closed, Fence};

/// A Kubernetes client.
#[derive(Clone)]
pub struct KubeClient(pub kube::Client);

impl std::fmt::Debug for KubeClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KubeClient")
    }
}

/// How long a single call to the Kubernetes API may take.
const KUBE_TIMEOUT: Duration = Duration::from_secs(10);

/// One call to the Kubernetes API, which may take 10 s.
pub async fn kube_call<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T> {
    kube_call_within(KUBE_TIMEOUT, call).await
}

/// One call to the Kubernetes API with another limit than all others have, for a caller that cannot wait so long.
pub async fn kube_call_within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Error::KubeTimeout(limit)),
    }
}

/// Whether the API server said that there is no such object.
pub fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Kube(error) if matches!(error.as_ref(), kube::Error::Api(status) if status.is_not_found()))
}

/// A client for the cluster of a kubeconfig file, of the files that `KUBECONFIG` lists, or that this pod runs in; and the
/// address of its API server.
///
/// The API server is asked through a proxy only when `proxy` or the kubeconfig's own `proxy-url` names one: what
/// `HTTPS_PROXY` names leads out of the cluster, to AWS. Retries are the engine's; kube would otherwise repeat a write
/// for minutes. While the fence is closed, nothing is written but Leases.
pub(crate) async fn connect(
    kubeconfig: Option<&Path>,
    proxy: Option<http::Uri>,
    fence: Fence,
) -> anyhow::Result<(KubeClient, http::Uri)> {
    let file = match kubeconfig {
        Some(path) => Some(read(path)?),
        None => merged(&std::env::var_os("KUBECONFIG").unwrap_or_default())?,
    };
    let mut config = match file {
        Some(file) => {
            let asked_for = has_proxy(&file);
            let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await;
            let mut config = config.context("the kubeconfig cannot be used")?;
            config.proxy_url = config.proxy_url.filter(|_| asked_for);
            config
        }
        None => kube::Config::incluster().context("not in a cluster; use --kubeconfig or KUBECONFIG")?,
    };
    config.proxy_url = proxy.or(config.proxy_url);
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(5));
    let server = config.cluster_url.clone();
    let fenced = FilterLayer::new(move |request| admitted(request, &fence));
    let client = ClientBuilder::try_from(config)?.with_layer(&fenced).build();
    Ok((KubeClient(client), server))
}

/// The request again, if it may go out: who has lost the lead may still look, and give the Lease back.
fn admitted(request: http::Request<Body>, fence: &Fence) -> Result<http::Request<Body>, Closed> {
    let path = request.uri().path();
    let is_lease = path.starts_with("/apis/coordination.k8s.io/");
    if request.method() != http::Method::GET && !is_lease {
        fence.check()?;
    }
    Ok(request)
}

fn read(path: &Path) -> anyhow::Result<Kubeconfig> {
    Kubeconfig::read_from(path).with_context(|| format!("cannot read the kubeconfig {}", path.display()))
}

/// What a list of files says together, as kubectl reads `KUBECONFIG`: the first that names something counts, files that do
/// not exist are left out, and an empty list is none.
fn merged(list: &OsStr) -> anyhow::Result<Option<Kubeconfig>> {
    let named: Vec<_> = std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect();
    let mut merged: Option<Kubeconfig> = None;
    for path in named.iter().filter(|path| path.exists()) {
        let next = read(path)?;
        merged = Some(match merged {
            Some(before) => before.merge(next)?,
            None => next,
        });
    }
    if merged.is_none() && !named.is_empty() {
        anyhow::bail!("no file exists that KUBECONFIG names: {}", list.display());
    }
    Ok(merged)
}

/// Whether the cluster of the current context names a proxy of its own.
fn has_proxy(file: &Kubeconfig) -> bool {
    let context = file.contexts.iter().find(|context| Some(&context.name) == file.current_context.as_ref());
    let name = context.and_then(|context| context.context.as_ref()).map(|context| &context.cluster);
    let cluster = file.clusters.iter().find(|cluster| Some(&cluster.name) == name);
    let proxy =
        cluster.and_then(|cluster| cluster.cluster.as_ref()).and_then(|cluster| cluster.proxy_url.as_ref());
    proxy.is_some_and(|proxy| !proxy.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_lead_any_more_reads_and_gives_the_lease_back_and_no_more() {
        const SECRETS: &str = "/api/v1/namespaces/team/secrets";
        const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/operator/leases/leader";
        let closed = Fence::default();
        closed.close();
        for (method, path, goes_out) in [
            ("GET", SECRETS, true),
            ("POST", SECRETS, false),
            ("PATCH", SECRETS, false),
            ("DELETE", SECRETS, false),
            ("PUT", LEASE, true),
        ] {
            let request = || http::Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            assert_eq!(admitted(request(), &closed).is_ok(), goes_out, "{method} {path}");
            assert!(admitted(request(), &Fence::default()).is_ok(), "{method} {path}");
        }
    }

    #[test]
    fn a_proxy_is_asked_for_by_the_cluster_of_the_current_context() {
        let table = [
            ("one", None, false),
            ("one", Some("http://proxy:3128"), true),
            ("two", Some("http://proxy:3128"), false),
        ];
        for (current, proxy, expected) in table {
            let file = serde_json::json!({
                "current-context": current,
                "contexts": [{"name": "one", "context": {"cluster": "one", "user": "u"}},
                    {"name": "two", "context": {"cluster": "two", "user": "u"}}],
                "clusters": [{"name": "one", "cluster": {"server": "https://one", "proxy-url": proxy}},
                    {"name": "two", "cluster": {"server": "https://two"}}],
                "users": [],
            });
            let file: Kubeconfig = serde_json::from_value(file).unwrap();
            assert_eq!(has_proxy(&file), expected, "{current} with {proxy:?}");
        }
    }

    #[test]
    fn kubeconfig_files_are_merged_as_kubectl_merges_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, document: serde_json::Value| {
            let path = folder.path().join(name);
            std::fs::write(&path, document.to_string()).unwrap();
            path.display().to_string()
        };
        let cluster =
            |name: &str, server: &str| serde_json::json!({"name": name, "cluster": {"server": server}});
        let one = file(
            "one",
            serde_json::json!({"current-context": "a", "clusters": [cluster("a", "https://one")]}),
        );
        let two = file(
            "two",
            serde_json::json!({"current-context": "b", "clusters": [cluster("a", "https://two"), cluster("b", "https://b")]}),
        );
        let absent = folder.path().join("absent").display().to_string();
        let servers = |list: &str| {
            let file = merged(OsStr::new(list)).unwrap()?;
            let servers = file.clusters.iter().filter_map(|named| named.cluster.as_ref()?.server.clone());
            Some((file.current_context.unwrap(), servers.collect::<Vec<_>>().join(" ")))
        };
        let said = |context: &str, servers: &str| Some((context.to_owned(), servers.to_owned()));
        assert_eq!(servers(&one), said("a", "https://one"));
        assert_eq!(servers(&format!("{one}:{two}")), said("a", "https://one https://b"));
        assert_eq!(servers(&format!("{absent}::{two}:")), said("b", "https://two https://b"));
        assert_eq!(servers(""), None);
        assert!(merged(OsStr::new(&absent)).unwrap_err().to_string().contains("KUBECONFIG names"));
    }
}
