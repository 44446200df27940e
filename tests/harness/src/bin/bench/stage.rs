//! A control plane, an emulator and the released operator, and what is read of them.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use codeartifact_emulator::Options as EmulatorOptions;
use harness::{ControlPlane, Emulator, Install, Options, Own, own, wait_for};
use kube::api::{Api, DynamicObject, PostParams};
use serde_json::{Value, json};

use crate::bare;

/// No figure of ours takes longer, not even on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(15);

/// A control plane and an emulator whose quotas fit. An audit log costs time and is written only where writes are counted.
pub(crate) async fn servers(audit: bool) -> Result<(Own, Emulator)> {
    let control_plane = own(Options { audit, ..Options::default() }).await?;
    let mut options = EmulatorOptions { page_size: 100, ..EmulatorOptions::default() };
    options.quotas.domains_per_account = 100_000;
    options.quotas.repositories_per_domain = 100_000;
    Ok((control_plane, Emulator::start_with(options).await?))
}

/// Installs the operator with an account that grants everything and whose limits are out of the way, and stops it again:
/// objects are made while nobody looks.
pub(crate) async fn install(control_plane: &Own, emulator: &Emulator, program: &Path) -> Result<Install> {
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

/// The operator's resident memory in MiB.
pub(crate) fn resident(install: &Install) -> Result<f64> {
    let kib = u32::try_from(install.operator.resident()? / 1024)?;
    Ok(f64::from(kib) / 1024.0)
}

/// Restarts the operator with everything in sync, and tells what that cost.
pub(crate) async fn restart(install: &Install, objects: usize) -> Result<String> {
    install.operator.terminate().await?;
    let (calls, begin) = (install.emulator.last_call(), Instant::now());
    install.operator.start_again().await?;
    install.explain(install.operator.ready().await)?;
    let ready = begin.elapsed();
    idle(install, objects).await?;
    let mints = install.emulator.mints(calls);
    let asked = install.emulator.last_call() - calls;
    Ok(format!(
        "restart in sync: ready after {:.2} s, all looked at after {:.2} s; {} API writes, {} AWS writes, {mints} mints, {asked} AWS calls; {:.1} MiB resident",
        ready.as_secs_f64(),
        begin.elapsed().as_secs_f64(),
        // Statuses, token Secrets and login Secrets.
        install.operator.metrics().await?.sum("codeartifact_operator_kubernetes_writes_total"),
        install.emulator.writes(calls),
        resident(install)?,
    ))
}

/// Waits until so many objects have been looked at and nothing is due.
pub(crate) async fn idle(install: &Install, objects: usize) -> Result<()> {
    wait_for("the operator is idle", PATIENCE, async || {
        let metrics = install.operator.metrics().await?;
        let reconciles = metrics.sum("codeartifact_operator_reconciles_total");
        let due = metrics.sum("codeartifact_operator_queue_depth");
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 objects")]
        let enough = reconciles >= objects as f64;
        ensure!(enough && due == 0.0, "{reconciles} reconciles, {due} due");
        Ok(())
    })
    .await
}
