//! What an install leaves as evidence: metrics, events, our objects, and Secrets without what they hold.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Event, Secret};
use kube::api::{DynamicObject, ListParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource};
use serde::Serialize;

use crate::control_plane::ControlPlane;
use crate::evidence::Evidence;
use crate::install::Install;
use crate::objects::GROUP;
use crate::process::report;
use crate::wait::wait_for;

/// A stopped API server must not hold up the end of a test for long.
const SETTLING: Duration = Duration::from_secs(5);

/// Collects on a thread and runtime of its own: a drop cannot wait, and the test's own runtime may be ending.
pub(super) fn on_drop(install: &Install) {
    if std::thread::panicking() {
        report(&format!("the operator's log ends:\n{}", install.operator.log_tail()));
    }
    let collected = std::thread::scope(|scope| {
        let work = || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                install.operator.collect_metrics().await;
                let own = install.namespaces.iter().chain([&install.operator_namespace]);
                let own = own.map(|name| Some(name.as_str()));
                let scopes = if install.namespaces.is_empty() { vec![None] } else { own.collect() };
                objects(&install.control_plane, &install.evidence, &scopes).await
            })
        };
        scope.spawn(work).join().unwrap_or_else(|_| Err(anyhow::anyhow!("collecting panicked")))
    });
    if let Err(error) = collected {
        // The test may have stopped the API server on purpose: what could be had is there.
        report(&format!("not all is collected: {error:#}"));
    }
}

/// Keeps our objects, and the events and Secrets of these namespaces, or of all.
pub(crate) async fn objects(
    control_plane: &ControlPlane,
    evidence: &Evidence,
    scopes: &[Option<&str>],
) -> Result<()> {
    let client = control_plane.client()?;
    let all = ListParams::default();
    for &scope in scopes {
        let name = scope.unwrap_or("all");
        let events: Api<Event> = scoped(&client, scope);
        keep(evidence, &format!("events-{name}"), &settled(|| events.list(&all)).await?.items)?;
        let secrets: Api<Secret> = scoped(&client, scope);
        keep(evidence, &format!("secrets-{name}"), &settled(|| secrets.list_metadata(&all)).await?.items)?;
    }
    let group = kube::discovery::group(&client, GROUP).await.context("our kinds")?;
    for (resource, _) in group.recommended_resources() {
        let objects: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
        keep(evidence, &resource.plural, &settled(|| objects.list(&all)).await?.items)?;
    }
    Ok(())
}

/// An API server that has just started, or just learnt of a kind, answers lists with 429 for a moment.
async fn settled<T, F>(mut list: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = kube::Result<T>>,
{
    wait_for("the list is served", SETTLING, async || Ok(list().await?)).await
}

fn scoped<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    match namespace {
        Some(name) => Api::namespaced(client.clone(), name),
        None => Api::all(client.clone()),
    }
}

fn keep(evidence: &Evidence, name: &str, items: &impl Serialize) -> Result<()> {
    Ok(std::fs::write(evidence.fresh(name, "json")?, serde_json::to_string_pretty(items)?)?)
}
