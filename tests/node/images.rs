//! The images as they are released.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::node::REGISTRY;
use harness::wait_for;
use serde_json::{Value, json};

use crate::cluster::{Cluster, TEAM};

/// How long an image may take that is pulled within the machine.
const PULL: Duration = Duration::from_mins(1);

pub(crate) async fn pulled_by_digest(cluster: &Cluster) -> Result<()> {
    let reference = format!("{REGISTRY}/codeartifact-operator@{}", cluster.image);
    for pod in cluster.node.operators().await? {
        let runs = pod.pointer("/status/containerStatuses/0/imageID").and_then(Value::as_str);
        ensure!(runs == Some(reference.as_str()), "{runs:?} runs and not {reference}");
    }
    let events = cluster.kubectl(&["get", "events", "--all-namespaces", "--output=json"]).await?;
    let pulled = format!("Successfully pulled image \"{reference}\"");
    ensure!(events.contains(&pulled.replace('"', "\\\"")), "no event says that the image was pulled");
    Ok(())
}

/// Started as a user starts the image, with nothing but its defaults.
pub(crate) async fn emulator(cluster: &Cluster) -> Result<()> {
    let digest = cluster.registry.publish("codeartifact-emulator").await?;
    let image = format!("{REGISTRY}/codeartifact-emulator@{digest}");
    let container = json!({"name": "emulator", "image": image,
        "readinessProbe": {"httpGet": {"path": "/_emulator/health", "port": 4566}, "periodSeconds": 1},
        "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}}});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "emulator"}, "spec": {
        "automountServiceAccountToken": false, "containers": [container],
        "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}}});
    cluster.apply(&[pod]).await?;
    wait_for("the emulator is ready in its Pod", PULL, async || {
        let pod = cluster.node.control_plane.get("Pod", TEAM, "emulator").await?;
        let ready = pod.data.pointer("/status/containerStatuses/0/ready").and_then(Value::as_bool);
        ensure!(ready == Some(true), "{}", pod.data["status"]);
        Ok(())
    })
    .await?;
    cluster.kubectl(&["delete", "pod", "emulator", "--namespace", TEAM, "--grace-period=1"]).await.map(drop)
}
