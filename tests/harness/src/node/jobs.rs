//! Jobs and Pods that mount a login and know nothing else.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, LogParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::{ADDRESS, Node};
use crate::clients::QUIET;
use crate::wait::wait_for;

/// A container with npm and pip of this machine, which runs a script in a folder of its own and finds the login that [`pod`] mounts.
pub fn clients(script: &str) -> Value {
    let address = ADDRESS.to_string();
    let files = [
        ("HOME", "/tmp"),
        ("NPM_CONFIG_USERCONFIG", "/login/.npmrc"),
        ("PIP_CONFIG_FILE", "/login/pip.conf"),
        // The emulator speaks plain HTTP, which pip takes from loopback addresses only.
        ("PIP_TRUSTED_HOST", &address),
    ];
    let variables: Vec<_> =
        files.iter().chain(&QUIET).map(|(name, value)| json!({"name": name, "value": value})).collect();
    let script = format!("exec 2>&1\nmkdir /tmp/work\ncd /tmp/work\n{script}");
    json!({"image": "node.local/clients:1", "command": ["/bin/sh", "-ec", script], "env": variables})
}

/// A Pod as the restricted Pod Security Standard wants it, with a Secret mounted at `/login`.
pub fn pod(secret: &str, mut container: Value) -> Value {
    let restricted = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    container["name"] = json!("main");
    container["imagePullPolicy"] = json!("Never");
    container["securityContext"] = restricted;
    container["volumeMounts"] = json!([{"name": "login", "mountPath": "/login", "readOnly": true}]);
    json!({
        "restartPolicy": "Never", "automountServiceAccountToken": false, "containers": [container],
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "login", "secret": {"secretName": secret}}],
    })
}

/// How long a Job may take on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(3);

impl Node {
    /// Runs a Job until its container has ended, and returns what that printed. The Job itself learns of the end 2 s later.
    pub async fn job(&self, namespace: &str, name: &str, pod: Value) -> Result<String> {
        let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {"backoffLimit": 0, "template": {"spec": pod}}});
        self.control_plane.apply(namespace, &job.to_string()).await?;
        let pods: Api<Pod> = Api::namespaced(self.control_plane.client()?, namespace);
        let of_job = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={name}"));
        let (pod, code) = wait_for(&format!("the Job {name} ends"), PATIENCE, async || {
            let pod = pods.list(&of_job).await?.items.pop().context("there is no Pod yet")?;
            let status = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref()?.first());
            let state = status.and_then(|container| container.state.as_ref());
            let ended = state.and_then(|state| state.terminated.as_ref());
            let ended = ended.with_context(|| format!("the container is {state:?}"))?;
            Ok((pod.name_any(), ended.exit_code))
        })
        .await?;
        let printed = pods.logs(&pod, &LogParams::default()).await?;
        ensure!(code == 0, "{name} ended with {code}: {printed}");
        Ok(printed)
    }
}
