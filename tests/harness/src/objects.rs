//! Objects of any kind: apply, read, and wait for their conditions.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use kube::api::{DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::core::discovery::Scope;
use kube::discovery::oneshot;
use kube::{Api, Client};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control_plane::ControlPlane;
use crate::wait::{PATIENCE, wait_for};

/// The API group of the operator's kinds.
pub const GROUP: &str = "codeartifact-operator.dev";
const VERSION: &str = "v1alpha1";
/// How many requests are under way while many objects are made.
const AT_ONCE: usize = 16;

/// One entry of `status.conditions`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Such as `Ready`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word.
    #[serde(default)]
    pub reason: String,
    /// For people.
    #[serde(default)]
    pub message: String,
}

/// The conditions of an object; none when it has no status yet.
pub fn conditions(object: &DynamicObject) -> Vec<Condition> {
    let list = object.data.pointer("/status/conditions").cloned().unwrap_or_default();
    serde_json::from_value(list).unwrap_or_default()
}

/// Whether the status speaks of the present spec.
pub fn observed(object: &DynamicObject) -> bool {
    let observed = object.data.pointer("/status/observedGeneration").and_then(Value::as_i64);
    observed == object.metadata.generation
}

/// Whether a condition of an object is True.
pub fn holds(object: &DynamicObject, condition: &str) -> bool {
    conditions(object).iter().any(|seen| seen.kind == condition && seen.status == "True")
}

/// The manifest of an object of ours.
pub fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": format!("{GROUP}/{VERSION}"), "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// A kind by its name: core kinds as they are, all others are ours.
fn group_version_kind(kind: &str) -> GroupVersionKind {
    match kind {
        "ResourceQuota" | "Secret" | "Namespace" | "ConfigMap" | "Event" | "ServiceAccount" | "Pod"
        | "Node" => GroupVersionKind::gvk("", "v1", kind),
        "Lease" => GroupVersionKind::gvk("coordination.k8s.io", "v1", kind),
        "ValidatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding" => {
            GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", kind)
        }
        _ => GroupVersionKind::gvk(GROUP, VERSION, kind),
    }
}

async fn api(client: Client, kind: &GroupVersionKind, namespace: &str) -> Result<Api<DynamicObject>> {
    let (resource, capabilities) = oneshot::pinned_kind(&client, kind).await.context(kind.kind.clone())?;
    Ok(match capabilities.scope {
        Scope::Cluster => Api::all_with(client, &resource),
        Scope::Namespaced => Api::namespaced_with(client, namespace, &resource),
    })
}

impl ControlPlane {
    /// Access to a kind by its name, as the administrator. The namespace is ignored for cluster-scoped kinds.
    pub async fn api(&self, kind: &str, namespace: &str) -> Result<Api<DynamicObject>> {
        api(self.client()?, &group_version_kind(kind), namespace).await
    }

    /// Applies every document of a manifest, in order, as an administrator's `kubectl apply --server-side` does.
    /// The namespace holds for documents that name none.
    pub async fn apply(&self, namespace: &str, manifest: &str) -> Result<Vec<DynamicObject>> {
        let documents: Vec<Value> = serde_saphyr::from_multiple(manifest).context("manifest")?;
        let mut applied = Vec::new();
        for document in documents {
            let object: DynamicObject = serde_json::from_value(document)?;
            let types = object.types.clone().context("no apiVersion and kind")?;
            let kind = GroupVersionKind::try_from(&types)?;
            let namespace = object.metadata.namespace.clone().unwrap_or_else(|| namespace.to_owned());
            let name = object.metadata.name.clone().context("no name")?;
            let api = api(self.client()?, &kind, &namespace).await?;
            let parameters = PatchParams::apply("kubectl").force();
            let answer = api.patch(&name, &parameters, &Patch::Apply(&object)).await;
            applied.push(answer.with_context(|| format!("{} {name}", types.kind))?);
        }
        Ok(applied)
    }

    /// Makes many objects of a kind, some of them at once.
    pub async fn create_many(&self, kind: &str, namespace: &str, objects: Vec<Value>) -> Result<()> {
        let api = self.api(kind, namespace).await?;
        let parameters = PostParams::default();
        let made = objects.into_iter().map(async |object| {
            let object: DynamicObject = serde_json::from_value(object)?;
            api.create(&parameters, &object)
                .await
                .with_context(|| format!("{kind} {:?}", object.metadata.name))
        });
        stream::iter(made).buffer_unordered(AT_ONCE).map_ok(drop).try_collect().await
    }

    /// Reads an object.
    pub async fn get(&self, kind: &str, namespace: &str, name: &str) -> Result<DynamicObject> {
        Ok(self.api(kind, namespace).await?.get(name).await?)
    }

    /// Waits until the object satisfies a test; the failure shows the object as it was seen last.
    pub async fn until(
        &self,
        what: &str,
        (kind, namespace, name): (&str, &str, &str),
        mut test: impl FnMut(&DynamicObject) -> bool,
    ) -> Result<DynamicObject> {
        let api = self.api(kind, namespace).await?;
        wait_for(&format!("{kind} {namespace}/{name}: {what}"), PATIENCE, async || {
            let object = api.get(name).await?;
            ensure!(test(&object), "it is:\n{}", shown(&object));
            Ok(object)
        })
        .await
    }

    /// Waits until a condition has a status that speaks of the present spec, and returns the condition.
    pub async fn condition(
        &self,
        object: (&str, &str, &str),
        condition: &str,
        status: &str,
    ) -> Result<Condition> {
        let holds = |seen: &DynamicObject| {
            observed(seen) && conditions(seen).iter().any(|c| c.kind == condition && c.status == status)
        };
        let seen = self.until(&format!("{condition} is {status}"), object, holds).await?;
        conditions(&seen).into_iter().find(|c| c.kind == condition).context("the condition is gone")
    }

    /// Waits until an object is Ready.
    pub async fn ready(&self, kind: &str, namespace: &str, name: &str) -> Result<Condition> {
        self.condition((kind, namespace, name), "Ready", "True").await
    }

    /// Waits until an object is gone.
    pub async fn gone(&self, kind: &str, namespace: &str, name: &str) -> Result<()> {
        self.gone_within(kind, namespace, name, PATIENCE).await
    }

    /// Waits that long until an object is gone.
    pub async fn gone_within(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
        patience: Duration,
    ) -> Result<()> {
        let api = self.api(kind, namespace).await?;
        wait_for(&format!("{kind} {namespace}/{name} is gone"), patience, async || {
            match api.get_opt(name).await? {
                None => Ok(()),
                Some(object) => bail!("it is:\n{}", shown(&object)),
            }
        })
        .await
    }
}

/// An object as a failure shows it: without managed fields and without what a Secret holds.
fn shown(object: &DynamicObject) -> String {
    let mut copy = object.clone();
    copy.metadata.managed_fields = None;
    if let Some(Value::Object(data)) = copy.data.get_mut("data") {
        data.values_mut().for_each(|value| *value = Value::from("(hidden)"));
    }
    serde_json::to_string_pretty(&copy).unwrap_or_else(|error| error.to_string())
}
