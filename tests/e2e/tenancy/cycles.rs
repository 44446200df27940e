//! A cycle of upstreams that somebody without a grant declares is nobody's cycle.

use super::Tenants;
use anyhow::{Result, ensure};
use harness::Emulator;
use harness::objects::conditions;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

/// Has the operator look at a Repository of the first namespace, and returns it as it is then.
async fn looked_at(tenants: &Tenants<'_>, name: &str, mark: &str) -> Result<DynamicObject> {
    let repositories = tenants.install.control_plane.api("Repository", tenants.first()).await?;
    let patch = json!({"metadata": {"annotations": {"codeartifact-operator.dev/reconcile-at": mark}}});
    repositories.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await?;
    let seen = |object: &DynamicObject| object.data["status"]["lastHandledReconcileAt"] == mark;
    tenants.install.until("it was looked at", ("Repository", tenants.first(), name), seen).await
}

fn stays_ready(store: &DynamicObject, when: &str) -> Result<()> {
    let is = |kind: &str| conditions(store).iter().any(|it| it.kind == kind && it.status == "True");
    ensure!(is("Ready") && !is("Stalled"), "{when}: {:?}", conditions(store));
    Ok(())
}

#[tokio::test]
async fn a_repository_without_a_grant_closes_no_cycle() -> Result<()> {
    let emulator = Emulator::start().await?;
    let tenants = Tenants::start(&emulator, Value::Null).await?;
    emulator.aws().create_repository().domain("acme").repository("plain").send().await?;
    let store = |description: &str| {
        let upstreams = json!([{"name": "plain"}]);
        let spec = json!({"domainRef": {"name": "acme"}, "description": description, "upstreams": upstreams});
        tenants.repository("store2", spec)
    };
    tenants.apply(tenants.first(), store("one")).await?;
    tenants.install.ready("Repository", tenants.first(), "store2").await?;

    for (name, domain) in [
        ("plain", json!({"domain": {"name": "acme"}})),
        (
            "by-reference",
            json!({"domainRef": {"name": "acme", "namespace": tenants.first()}, "name": "plain"}),
        ),
    ] {
        let mut spec = domain;
        spec["upstreams"] = json!([{"name": "store2"}]);
        tenants.apply(tenants.second(), tenants.repository(name, spec)).await?;
        let told =
            tenants.install.condition(("Repository", tenants.second(), name), "Stalled", "True").await?;
        ensure!(told.reason == "GrantMissing", "{told:?}");
        stays_ready(&looked_at(&tenants, "store2", name).await?, name)?;
    }

    tenants.apply(tenants.first(), store("two")).await?;
    tenants.install.ready("Repository", tenants.first(), "store2").await?;
    tenants.install.operator.terminate().await?;
    tenants.install.operator.start_again().await?;
    stays_ready(&looked_at(&tenants, "store2", "restarted").await?, "a restart")?;
    let answer = emulator.aws().describe_repository().domain("acme").repository("store2").send().await?;
    let description = answer.repository().and_then(|store| store.description());
    ensure!(description == Some("two"), "its changes are not made: {description:?}");
    Ok(())
}
