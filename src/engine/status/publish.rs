//! Writes to the Kubernetes API: status and finalizer. Nothing is written that would change nothing.

use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::{Api, Resource, ResourceExt};
use serde_json::{Value, json};

use crate::api::{FINALIZER, MANAGER};
use crate::engine::object::{Controlled, ObjectId, ObjectKey};
use crate::engine::watching::cache::Cache;
use crate::engine::watching::change::{affects_dependents, affects_siblings, needs_reconcile, targets};
use crate::engine::watching::references::References;
use crate::engine::watching::seen::slim;
use crate::error::{Error, Result};
use crate::kubernetes::{KubeClient, is_gone, kube_call};

/// Writes status and finalizers of one kind, and keeps its cache level with what was written.
#[derive(Debug)]
pub struct Publisher<K> {
    client: KubeClient,
    references: References,
    cache: Cache<K>,
}

impl<K: Controlled> Publisher<K> {
    /// A publisher for the kind of the cache.
    pub fn new(client: KubeClient, references: References, cache: Cache<K>) -> Self {
        Self { client, references, cache }
    }

    /// Writes the status if it differs from the object's. Returns whether it was written.
    pub async fn status(&self, object: &K, status: &K::Status) -> Result<bool> {
        if object.status() == Some(status) {
            return Ok(false);
        }
        let status = serde_json::to_value(status)
            .map_err(|error| Error::Internal(format!("the status cannot be written: {error}")))?;
        let uid = object.uid().unwrap_or_default();
        match replace_status(&self.api(object), &object.name_any(), &uid, &status).await? {
            Some(written) => self.keep(object, written).map(|()| true),
            None => Ok(false),
        }
    }

    /// Adds our finalizer.
    pub async fn add_finalizer(&self, object: &K) -> Result<()> {
        let mut finalizers = object.finalizers().to_vec();
        finalizers.push(FINALIZER.into());
        self.set_finalizers(object, finalizers).await
    }

    /// Removes our finalizer; an object that is gone already is fine.
    pub async fn remove_finalizer(&self, object: &K) -> Result<()> {
        let finalizers =
            object.finalizers().iter().filter(|finalizer| *finalizer != FINALIZER).cloned().collect();
        match self.set_finalizers(object, finalizers).await {
            Err(error) if is_gone(&error) => Ok(()),
            other => other,
        }
    }

    /// The resource version makes sure that nobody else's finalizer is lost.
    async fn set_finalizers(&self, object: &K, finalizers: Vec<String>) -> Result<()> {
        let patch =
            json!({"metadata": {"resourceVersion": object.resource_version(), "finalizers": finalizers}});
        let api = self.api(object);
        let written =
            kube_call(api.patch(&object.name_any(), &PatchParams::default(), &Patch::Merge(&patch))).await?;
        self.keep(object, written)
    }

    /// Takes in the answer to a write. The watch will find nothing new in it, so that everybody is told here whom the
    /// difference concerns: users of the object, and the object itself when its user was faster than we.
    fn keep(&self, before: &K, written: DynamicObject) -> Result<()> {
        let mut object: K = written
            .try_parse()
            .map_err(|error| Error::Internal(format!("the API server's answer does not parse: {error}")))?;
        slim(object.meta_mut());
        let Some(now) = self.cache.refresh(object) else { return Ok(()) };
        let target = ObjectId::new(K::KIND, ObjectKey::of(before));
        self.references.relate(&target, targets(now.as_ref()));
        if affects_dependents(Some(before), now.as_ref()) {
            self.references.changed(&target);
        }
        if let Some(shared) = affects_siblings(Some(before), now.as_ref()) {
            self.references.changed_by(&target, &shared);
        }
        if needs_reconcile(before, now.as_ref()) {
            self.references.wake(&target);
        }
        Ok(())
    }

    fn api(&self, object: &K) -> Api<DynamicObject> {
        dynamic_api::<K>(&self.client, &object.namespace().unwrap_or_default())
    }
}

/// Objects of a kind as they are, parsed or not.
pub(in crate::engine) fn dynamic_api<K: Resource<DynamicType = ()>>(
    client: &KubeClient,
    namespace: &str,
) -> Api<DynamicObject> {
    let resource = ApiResource::erase::<K>(&());
    if namespace.is_empty() {
        Api::all_with(client.0.clone(), &resource)
    } else {
        Api::namespaced_with(client.0.clone(), namespace, &resource)
    }
}

/// Replaces the status of the object with that uid. `None` when it is gone, or another one has its name: then nobody
/// is left to be told. Server-side apply would not do: the API server does not look at the uid of an applied status.
pub(in crate::engine) async fn replace_status(
    api: &Api<DynamicObject>,
    name: &str,
    uid: &str,
    status: &Value,
) -> Result<Option<DynamicObject>> {
    let patch = json!([
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "add", "path": "/status", "value": status},
    ]);
    let patch = serde_json::from_value(patch)
        .map_err(|error| Error::Internal(format!("the status cannot be written: {error}")))?;
    let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
    match kube_call(api.patch_status(name, &params, &Patch::Json::<()>(patch))).await {
        Ok(written) => Ok(Some(written)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) if is_invalid(&error) => {
            let now = kube_call(api.get_metadata_opt(name)).await?;
            if now.and_then(|now| now.uid()).as_deref() == Some(uid) { Err(error) } else { Ok(None) }
        }
        Err(error) => Err(error),
    }
}

/// Whether the API server found the request unfit, a failed test in it included.
pub(in crate::engine) fn is_invalid(error: &Error) -> bool {
    matches!(error, Error::Kube(error) if matches!(error.as_ref(), kube::Error::Api(status) if status.code == 422))
}
