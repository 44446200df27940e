//! How much memory the operator's Pod needs, beside the limit that the chart sets by default.

use anyhow::{Result, ensure};
use futures::FutureExt;
use serde_json::json;

use crate::Step;
use crate::cluster::{Cluster, OPERATOR};
use crate::crowd::{Rest, mebibytes};
use crate::{replicas, story};

pub(crate) const STEPS: &[(&str, Step)] = &[("memory", |cluster| measure(cluster).boxed_local())];

async fn measure(cluster: &Cluster) -> Result<()> {
    story::install(cluster).await?;
    let limit = [
        "get",
        "deployment",
        OPERATOR,
        "--namespace",
        OPERATOR,
        "--output=jsonpath={.spec.template.spec.containers[0].resources.limits.memory}",
    ];
    let limit = cluster.kubectl(&limit).await?;
    cluster.tell(format!("MiB of the Pod; its limit is {limit}"));
    cluster.tell(format!(
        "{:<28} {:>11} {:>9} {:>6}",
        "when nothing is due", "working set", "anonymous", "peak"
    ));
    cluster.stores().await?;
    let mut made = 0;
    for logins in [0, 1_000, 10_000] {
        cluster.logins(made..logins).await?;
        made = logins;
        row(cluster, &format!("{logins} logins"), &cluster.rest(logins).await?);
        replicas::handed_over_among(cluster, logins).await?;
        cluster.rest(logins).await?;
    }
    cluster.helm("upgrade", json!({"podAnnotations": {"restarted": "yes"}})).await?;
    let after = cluster.rest(made).await?;
    row(cluster, &format!("{made} logins, restarted"), &after);
    let writes = after.metrics.sum("codeartifact_operator_kubernetes_writes_total");
    ensure!(writes < 0.5, "{writes} writes after a restart with everything in sync");
    let pods = cluster.settled(1).await?;
    ensure!(!cluster.was_restarted(&pods[0]).await?, "{} was ended, with a limit of {limit}", pods[0]);
    Ok(())
}

pub(crate) fn row(cluster: &Cluster, when: &str, rest: &Rest) {
    let memory = rest.memory;
    let [working, anonymous, peak] = [memory.working_set, memory.anonymous, memory.peak].map(mebibytes);
    cluster.tell(format!("{when:<28} {working:>11} {anonymous:>9} {peak:>6}"));
}
