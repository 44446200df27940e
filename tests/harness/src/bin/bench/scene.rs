//! A control plane, an emulator and the released operator, and what is read of them.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use codeartifact_emulator::Options as EmulatorOptions;
use harness::{ControlPlane, Emulator, Install, Options, wait_for};
use kube::api::{Api, DynamicObject, PostParams};
use serde_json::{Value, json};

use crate::bare;

/// No figure of ours takes longer, not even on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(15);

/// A control plane and an emulator whose quotas fit. An audit log costs time and is written only where writes are counted.
pub(crate) async fn servers(audit: bool) -> Result<(ControlPlane, Emulator)> {
    let control_plane = ControlPlane::start(Options { audit, crds: true }).await?;
    let mut options = EmulatorOptions { page_size: 100, ..EmulatorOptions::default() };
    options.quotas.domains_per_account = 100_000;
    options.quotas.repositories_per_domain = 100_000;
    Ok((control_plane, Emulator::start_with(options).await?))
}

/// Installs the operator with an account that grants everything and whose limits are out of the way, and stops it again:
/// objects are made while nobody looks.
pub(crate) async fn install<'a>(
    control_plane: &'a ControlPlane,
    emulator: &'a Emulator,
    program: &Path,
) -> Result<Install<'a>> {
    let grants =
        json!([{"namespaces": {"all": true}, "manage": ["*", "*/*"], "credentials": [{"domains": ["*"]}]}]);
    let limits = json!({"readsPerSecond": 10_000, "writesPerSecond": 10_000, "tokensPerSecond": 10_000});
    let request = Install::into(control_plane, emulator).program(program).account(&grants);
    let install = request.values(json!({"account": {"limits": limits}})).start().await?;
    install.explain(install.operator.ready().await)?;
    install.ready("AwsAccount", "", "default").await?;
    install.operator.terminate().await?;
    Ok(install)
}

/// Creates objects of one kind, each with its namespace, many at once.
pub(crate) async fn create(
    control_plane: &ControlPlane,
    kind: &str,
    objects: Vec<(String, Value)>,
) -> Result<()> {
    let api = control_plane.api(kind, "default").await?;
    let (client, resource) = (api.into_client(), resource(kind));
    bare::all(objects, move |(namespace, object): (String, Value)| {
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, &resource);
        async move {
            api.create(&PostParams::default(), &serde_json::from_value(object)?).await?;
            Ok(())
        }
    })
    .await
}

/// One of our kinds.
pub(crate) fn resource(kind: &str) -> kube::core::ApiResource {
    let kind = kube::core::GroupVersionKind::gvk("codeartifact-operator.dev", "v1alpha1", kind);
    kube::core::ApiResource::from_gvk(&kind)
}

/// An object of one of our kinds.
pub(crate) fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// Statuses, token Secrets and login Secrets that the operator has written since it was started, by its own count.
async fn kubernetes_writes(install: &Install<'_>) -> Result<f64> {
    let page = install.operator.get("/metrics").await?;
    Ok(sum(&page, "codeartifact_operator_kubernetes_writes_total"))
}

/// The sum of all series of a metric.
fn sum(page: &str, name: &str) -> f64 {
    let lines = page.lines().filter(|line| line.starts_with(name));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).fold(0.0, |sum, value| sum + value)
}

/// The operator's resident memory in MiB.
pub(crate) fn resident(install: &Install<'_>) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", install.operator.id()?))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

/// Restarts the operator with everything in sync, and tells what that cost.
pub(crate) async fn restart(install: &Install<'_>, objects: usize) -> Result<String> {
    install.operator.terminate().await?;
    let (calls, begin) = (install.emulator.last_call(), Instant::now());
    install.operator.start_again().await?;
    install.explain(install.operator.ready().await)?;
    let ready = begin.elapsed();
    idle(install, objects).await?;
    let mints = install.emulator.calls("GetAuthorizationToken", calls);
    let asked = install.emulator.last_call() - calls;
    Ok(format!(
        "restart in sync: ready after {:.2} s, all looked at after {:.2} s; {} API writes, {} AWS writes, {mints} mints, {asked} AWS calls; {:.1} MiB resident",
        ready.as_secs_f64(),
        begin.elapsed().as_secs_f64(),
        kubernetes_writes(install).await?,
        install.emulator.writes(calls),
        resident(install)?,
    ))
}

/// Waits until so many objects have been looked at and nothing is due.
pub(crate) async fn idle(install: &Install<'_>, objects: usize) -> Result<()> {
    wait_for("the operator is idle", PATIENCE, async || {
        let page = install.operator.get("/metrics").await?;
        let reconciles = sum(&page, "codeartifact_operator_reconciles_total");
        let due = sum(&page, "codeartifact_operator_queue_depth");
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 objects")]
        let enough = reconciles >= objects as f64;
        ensure!(enough && due == 0.0, "{reconciles} reconciles, {due} due");
        Ok(())
    })
    .await
}
