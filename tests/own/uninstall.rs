//! `release` before an uninstall: nothing is left with a finalizer, AWS stays as it is.

use anyhow::{Context, Result, ensure};
use harness::process::{guarded, output};
use harness::wait::PATIENCE;
use harness::wait_for;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::scene::{NAMESPACE, Scene, scene};

#[tokio::test]
async fn release_takes_the_lead_and_lets_everything_go() -> Result<()> {
    scene!(scene);
    scene
        .apply(
            "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {name: acme}\n\
             spec: {deletionPolicy: Delete, tags: {team: a}}\n",
        )
        .await?;
    scene.ready("Domain", "acme").await?;

    let operator_namespace = &scene.install.operator_namespace;
    let mut command = guarded(env!("CARGO_BIN_EXE_codeartifact-operator"));
    let kubeconfig = scene.cluster.kubeconfig_as(operator_namespace, "codeartifact-operator").await?;
    command.arg("release").arg("--kubeconfig").arg(kubeconfig);
    command.args(["--operator-namespace", operator_namespace, "--clock", &scene.emulator.clock_url()]);
    command.env("POD_NAME", "release-job");
    let released = output(command, "").await?;
    ensure!(released.status.success(), "{}", String::from_utf8_lossy(&released.stderr));

    for (kind, namespace, name) in [("Domain", NAMESPACE, "acme"), ("AwsAccount", "", "default")] {
        let object = scene.cluster.get(kind, namespace, name).await?;
        ensure!(object.metadata.finalizers.is_none(), "{kind}: {:?}", object.metadata.finalizers);
        ensure!(object.metadata.deletion_timestamp.is_none(), "{kind} is being deleted");
    }
    ensure!(scene.tag("acme", "codeartifact-operator.dev/owner").await?.is_none(), "the owner tag stayed");
    ensure!(scene.tag("acme", "team").await?.as_deref() == Some("a"), "another tag went");
    let ended = std::fs::read_to_string(scene.install.operator.log()).context("log")?;
    ensure!(ended.contains("the leader lease is lost"), "the operator goes on:\n{ended}");
    stays_released_until_asked(&scene).await
}

/// The operator that still runs, as a restarted Pod does, takes nothing up again before the mark is removed.
async fn stays_released_until_asked(scene: &Scene<'_>) -> Result<()> {
    let leases = scene.cluster.api("Lease", &scene.install.operator_namespace).await?;
    // What the release held is free now.
    let free = json!({"spec": {"holderIdentity": ""}});
    leases.patch("codeartifact-operator", &PatchParams::default(), &Patch::Merge(&free)).await?;
    scene.install.operator.start_again().await?;
    wait_for("the operator says that it rests", PATIENCE, async || {
        let log = std::fs::read_to_string(scene.install.operator.log())?;
        ensure!(log.contains("this operator rests"), "{log}");
        Ok(())
    })
    .await?;
    let domain = scene.cluster.get("Domain", NAMESPACE, "acme").await?;
    ensure!(domain.metadata.finalizers.is_none(), "{:?}", domain.metadata.finalizers);

    let unmarked = json!({"metadata": {"annotations": {"codeartifact-operator.dev/released": null}}});
    leases.patch("codeartifact-operator", &PatchParams::default(), &Patch::Merge(&unmarked)).await?;
    let held =
        scene.until("it is held again", "Domain", "acme", |domain| domain.metadata.finalizers.is_some());
    held.await.map(drop)
}
