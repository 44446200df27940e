//! A cycle of upstreams that somebody without a grant declares is nobody's cycle.

use anyhow::{Result, ensure};
use harness::objects::{conditions, holds};
use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::tenants;

fn stays_ready(store: &DynamicObject, when: &str) -> Result<()> {
    ensure!(holds(store, "Ready") && !holds(store, "Stalled"), "{when}: {:?}", conditions(store));
    Ok(())
}

#[tokio::test]
async fn a_repository_without_a_grant_closes_no_cycle() -> Result<()> {
    let (first, second) = tenants(Value::Null).await?;
    first.emulator.aws().create_repository().domain("acme").repository("plain").send().await?;
    let store = |description: &str| {
        let upstreams = json!([{"name": "plain"}]);
        let spec = json!({"domainRef": {"name": "acme"}, "description": description, "upstreams": upstreams});
        first.object("Repository", "store2", &spec)
    };
    first.apply(&store("one")).await?;
    first.ready("Repository", "store2").await?;

    for (name, domain) in [
        ("plain", json!({"domain": {"name": "acme"}})),
        (
            "by-reference",
            json!({"domainRef": {"name": "acme", "namespace": first.namespace()}, "name": "plain"}),
        ),
    ] {
        let mut spec = domain;
        spec["upstreams"] = json!([{"name": "store2"}]);
        second.apply(&first.object("Repository", name, &spec)).await?;
        let told = second.condition("Repository", name, "Stalled", "True").await?;
        ensure!(told.reason == "GrantMissing", "{told:?}");
        stays_ready(&first.reconcile_now("Repository", "store2").await?, name)?;
    }

    first.apply(&store("two")).await?;
    first.ready("Repository", "store2").await?;
    first.install.operator.terminate().await?;
    first.install.operator.start_again().await?;
    stays_ready(&first.reconcile_now("Repository", "store2").await?, "a restart")?;
    let answer =
        first.emulator.aws().describe_repository().domain("acme").repository("store2").send().await?;
    let description = answer.repository().and_then(|store| store.description());
    ensure!(description == Some("two"), "its changes are not made: {description:?}");
    Ok(())
}
