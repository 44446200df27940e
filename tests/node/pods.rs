//! Pods that end before their time.

use anyhow::{Context, Result, ensure};
use harness::process::guarded;
use harness::wait_for;
use serde_json::{Value, json};

use crate::cluster::{Cluster, OPERATOR, TEAM};
use crate::crowd::DOMAINS;
use crate::workload::PODS;

pub(crate) async fn killed(cluster: &Cluster) -> Result<()> {
    let before = cluster.settled(1).await?;
    let mints = cluster.emulator.last_call();
    cluster
        .kubectl(&["delete", "pod", "--namespace", OPERATOR, &before[0], "--grace-period=0", "--force"])
        .await?;
    cluster.kubectl(&["delete", "secret", "login", "--namespace", TEAM]).await?;
    wait_for("the Secret is put back by the next Pod", PODS, async || {
        cluster.node.control_plane.get("Secret", TEAM, "login").await.map(drop)
    })
    .await?;
    let after = cluster.settled(1).await?;
    ensure!(after != before, "the Pod is still {before:?}");
    ensure!(cluster.emulator.mints(mints) == 0, "the next Pod minted, although the token is kept and good");
    Ok(())
}

/// Enough for an operator that has nothing to do, and too little for the crowd.
const TOO_LITTLE: &str = "7Mi";
const CROWD: usize = 1_000;

pub(crate) async fn out_of_memory(cluster: &Cluster) -> Result<()> {
    let limited =
        |limit: &str| json!({"resources": {"requests": {"memory": limit}, "limits": {"memory": limit}}});
    cluster.stores().await?;
    cluster.helm("upgrade", limited(TOO_LITTLE)).await?;
    cluster.settled(1).await?;
    let calls = cluster.emulator.last_call();
    cluster.logins(0..CROWD).await?;
    wait_for("the Pod says that the kernel ended it for its memory", PODS, async || {
        let pods = cluster.node.operators().await?;
        let ended = |pod: &Value| {
            let status = &pod["status"]["containerStatuses"][0];
            ["state", "lastState"].map(|state| status[state]["terminated"].clone())
        };
        let ended: Vec<_> = pods.iter().flat_map(ended).collect();
        ensure!(ended.iter().any(|how| how["reason"] == "OOMKilled" && how["exitCode"] == 137), "{ended:?}");
        Ok(())
    })
    .await
    .with_context(|| format!("{CROWD} logins with a limit of {TOO_LITTLE}"))?;
    cluster.helm("upgrade", limited("128Mi")).await?;
    // The one of the story, too.
    cluster.rest(CROWD + 1).await?;
    cluster.every_login_has_its_secret(CROWD).await?;
    let mints = cluster.emulator.mints(calls);
    ensure!(mints >= DOMAINS, "{mints} mints for {DOMAINS} domains");
    cluster.no_crowd(CROWD).await
}

pub(crate) async fn drained(cluster: &Cluster) -> Result<()> {
    let before = cluster.settled(2).await?;
    let drain = async {
        let mut kubectl = guarded(harness::cluster_tool("kubectl")?);
        kubectl.arg("--kubeconfig").arg(cluster.node.control_plane.kubeconfig());
        let selector = format!("--pod-selector=app.kubernetes.io/name={OPERATOR}");
        kubectl.args(["drain", harness::node::NAME, &selector, "--timeout=90s"]);
        harness::process::output(kubectl, "").await
    };
    // There is one node, so that the evicted Pod has nowhere to go until the node takes Pods again.
    let watched = async {
        wait_for("the drain evicts one Pod", PODS, async || {
            let left = cluster.node.operators().await?;
            let running = left.iter().filter(|pod| pod["status"]["phase"] == "Running").count();
            ensure!(running == 1 && left.len() == 2, "{running} of {} run", left.len());
            Ok(())
        })
        .await?;
        cluster.domain("drained").await?;
        cluster.node.control_plane.ready("Domain", TEAM, "drained").await?;
        let left = cluster.node.operators().await?;
        let running = left.iter().filter(|pod| pod["status"]["phase"] == "Running").count();
        ensure!(running == 1, "the drain took the last replica that runs");
        cluster.kubectl(&["uncordon", harness::node::NAME]).await?;
        anyhow::Ok(())
    };
    let (drained, watched) = tokio::join!(drain, watched);
    watched?;
    let drained = drained?;
    let said =
        format!("{}{}", String::from_utf8_lossy(&drained.stdout), String::from_utf8_lossy(&drained.stderr));
    ensure!(drained.status.success(), "{said}");
    ensure!(said.contains("would violate the pod's disruption budget"), "no budget held the drain: {said}");
    let after = cluster.settled(2).await?;
    ensure!(after.iter().all(|pod| !before.contains(pod)), "{before:?} became {after:?}: {said}");
    Ok(())
}
