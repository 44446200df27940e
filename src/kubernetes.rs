//! The Kubernetes API: how its server is reached, and how long a call may take.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::error::{Error, Result};

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

/// One call to the Kubernetes API, with a time limit.
pub async fn kube_call<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T> {
    match tokio::time::timeout(KUBE_TIMEOUT, call).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Error::KubeTimeout(KUBE_TIMEOUT)),
    }
}

/// Whether the API server said that there is no such object.
pub fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Kube(error) if matches!(error.as_ref(), kube::Error::Api(status) if status.is_not_found()))
}

/// A client for the cluster of a kubeconfig file, or for the cluster that this pod runs in.
///
/// The API server is asked through a proxy only when `proxy` or the kubeconfig's own `proxy-url` names one: what
/// `HTTPS_PROXY` names leads out of the cluster, to AWS. Retries are the engine's; kube would otherwise repeat a write
/// for minutes.
pub(crate) async fn client(
    kubeconfig: Option<&Path>,
    proxy: Option<http::Uri>,
) -> anyhow::Result<KubeClient> {
    let mut config = match kubeconfig {
        Some(path) => {
            let file =
                Kubeconfig::read_from(path).with_context(|| format!("cannot read {}", path.display()))?;
            let asked_for = has_proxy(&file);
            let mut config =
                kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
            config.proxy_url = config.proxy_url.filter(|_| asked_for);
            config
        }
        None => kube::Config::incluster().context("not in a cluster; use --kubeconfig")?,
    };
    config.proxy_url = proxy.or(config.proxy_url);
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(5));
    Ok(KubeClient(kube::Client::try_from(config)?))
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
}
