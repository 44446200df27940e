//! The operator's Pods, and who of them leads.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::objects::object;
use harness::wait_for;
use serde_json::{Value, json};

use crate::cluster::{Cluster, OPERATOR, TEAM};

/// How long Pods may take to start, to end, and to follow each other.
pub(crate) const PODS: Duration = Duration::from_mins(2);

impl Cluster {
    /// The name of the Pod that holds the Lease.
    pub(crate) async fn leader(&self) -> Result<String> {
        let lease = self.node.control_plane.get("Lease", OPERATOR, OPERATOR).await?;
        let holder = lease.data.pointer("/spec/holderIdentity").and_then(Value::as_str).unwrap_or_default();
        let pod = holder.rsplitn(3, '_').nth(2).context("nobody holds the Lease")?;
        Ok(pod.to_owned())
    }

    /// Waits until so many Pods are ready and one of them leads; returns the leader's name first.
    pub(crate) async fn settled(&self, replicas: usize) -> Result<Vec<String>> {
        let settled = wait_for("every replica is ready and one leads", PODS, async || {
            let pods = self.node.operators().await?;
            let ready = pods.iter().filter(|pod| {
                pod.pointer("/status/containerStatuses/0/ready").and_then(Value::as_bool) == Some(true)
            });
            let mut names: Vec<_> = ready.map(name_of).collect();
            ensure!(
                names.len() == replicas && pods.len() == replicas,
                "{names:?} of {} are ready",
                pods.len()
            );
            let leader = self.leader().await?;
            let at = names.iter().position(|name| *name == leader);
            names.swap(0, at.with_context(|| format!("{leader} leads"))?);
            Ok(names)
        })
        .await;
        self.node.explain(settled).await
    }

    /// Whether a container of the Pod was started again.
    pub(crate) async fn was_restarted(&self, pod: &str) -> Result<bool> {
        let pods = self.node.operators().await?;
        let pod = pods.iter().find(|candidate| name_of(candidate) == pod).context("no such Pod")?;
        Ok(pod.pointer("/status/containerStatuses/0/restartCount").and_then(Value::as_u64) != Some(0))
    }

    /// The audit log's requests that wrote something.
    pub(crate) async fn written(&self) -> Result<Vec<harness::control_plane::AuditEvent>> {
        let mut log = self.node.control_plane.audit_log().await?;
        let user = format!("system:serviceaccount:{OPERATOR}:{OPERATOR}");
        log.retain(|event| event.user.username == user && event.writes());
        Ok(log)
    }

    /// Gives the operator something to do.
    pub(crate) async fn domain(&self, name: &str) -> Result<()> {
        let domain = serde_json::from_value(object("Domain", name, &json!({})))?;
        let api = self.node.control_plane.api("Domain", TEAM).await?;
        api.create(&kube::api::PostParams::default(), &domain).await?;
        Ok(())
    }
}

pub(crate) fn name_of(pod: &Value) -> String {
    pod.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned()
}
