//! The calls that write a tenant's Secret.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Api;
use kube::api::{DeleteParams, PartialObjectMeta, Patch, PatchParams, PostParams, Preconditions};
use kube::core::{PartialObjectMetaExt, Status};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::api::{ClusterRegistryCredential, KindName, MANAGER, RegistryCredential};
use crate::credential::record::SecretRecord;
use crate::credential::render::Files;
use crate::credential::secret::{Wanted, false_marks, leftovers};
use crate::engine::context::Context;
use crate::engine::object::ObjectKey;
use crate::engine::queue::urgent_writes::UrgentWrite;
use crate::error::{Error, Result};
use crate::kubernetes::kube_call;

/// What removing a Secret came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::credential) enum Removal {
    /// There was none.
    Absent,
    /// It is gone.
    Gone,
    /// A finalizer keeps it.
    HeldByFinalizer,
}

/// What the API server has, not what was seen last.
pub(super) async fn read(context: &Context, key: &ObjectKey) -> Result<Option<SecretRecord>> {
    let api = api(context, &key.namespace);
    let seen = kube_call(api.get_metadata_opt(&key.name)).await?;
    Ok(seen.map(|seen| SecretRecord::of(&seen.metadata)))
}

/// Whether the API server has the very object whose login it is, and not another one of the same name.
pub(super) async fn is_current(context: &Context, wanted: &Wanted) -> Result<bool> {
    let ObjectKey { namespace, name } = &wanted.user.key;
    let client = context.client.0.clone();
    let uid = if wanted.user.kind == KindName::Delivery {
        let api = Api::<ClusterRegistryCredential>::all(client);
        kube_call(api.get_metadata_opt(name)).await?.and_then(|now| now.metadata.uid)
    } else {
        let api = Api::<RegistryCredential>::namespaced(client, namespace);
        kube_call(api.get_metadata_opt(name)).await?.and_then(|now| now.metadata.uid)
    };
    Ok(uid.as_deref() == Some(&*wanted.owner.uid))
}

pub(super) async fn create(
    context: &Context,
    wanted: &Wanted,
    files: &Files,
) -> Result<PartialObjectMeta<Secret>> {
    let params = PostParams { field_manager: Some(MANAGER.into()), ..PostParams::default() };
    let secret = body(wanted, files, None);
    let _urgent = urgent_write(context);
    let created = kube_call(api(context, &wanted.namespace).create(&params, &secret)).await?;
    Ok(created.metadata.into_request_partial())
}

pub(super) async fn apply(
    context: &Context,
    seen: &SecretRecord,
    wanted: &Wanted,
    files: &Files,
) -> Result<PartialObjectMeta<Secret>> {
    let api = api(context, &wanted.namespace);
    if let Some(marks) = false_marks(seen) {
        let _urgent = urgent_write(context);
        kube_call(api.patch_metadata(&wanted.name, &edit(), &Patch::Merge(marks))).await?;
    }
    let secret = Patch::Apply(body(wanted, files, Some(seen)));
    let _urgent = urgent_write(context);
    let applied =
        kube_call(api.patch_metadata(&wanted.name, &PatchParams::apply(MANAGER).force(), &secret)).await?;
    let Some(rest) = leftovers(&applied.metadata, wanted) else { return Ok(applied) };
    let _urgent = urgent_write(context);
    kube_call(api.patch_metadata(&wanted.name, &edit(), &Patch::Merge(rest))).await
}

/// Unlike an apply, an edit takes away what others have put there.
fn edit() -> PatchParams {
    PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() }
}

/// Removes exactly the version that was seen: a later writer may have taken the Secret over.
pub(super) async fn delete(
    context: &Context,
    namespace: &str,
    name: &str,
    seen: Option<&SecretRecord>,
) -> Result<Removal> {
    let preconditions = seen.map(|seen| Preconditions {
        uid: Some(seen.uid.clone()),
        resource_version: Some(seen.version.clone()),
    });
    let params = DeleteParams { preconditions, ..DeleteParams::default() };
    let _urgent = urgent_write(context);
    let removal = match kube_call(api(context, namespace).delete(name, &params)).await {
        // The watch tells when it goes.
        Ok(answer) if answer.is_left() => return Ok(Removal::HeldByFinalizer),
        Ok(_) => Removal::Gone,
        Err(error) if says(&error, Status::is_not_found) => Removal::Absent,
        Err(error) => return Err(error),
    };
    context.caches.secrets.remove(&ObjectKey::new(namespace, name));
    Ok(removal)
}

/// Takes the data out of a Secret that a finalizer keeps from going.
pub(super) async fn empty(context: &Context, seen: &SecretRecord) -> Result<()> {
    let nothing = Patch::Merge(json!({"metadata": {"uid": seen.uid}, "data": null}));
    let _urgent = urgent_write(context);
    kube_call(api(context, &seen.key.namespace).patch_metadata(&seen.key.name, &edit(), &nothing)).await?;
    Ok(())
}

fn body(wanted: &Wanted, files: &Files, seen: Option<&SecretRecord>) -> Secret {
    // A Secret without a controller is written only at the version that was judged: its annotation `allow-takeover` may have been
    // removed since.
    let exactly = seen.filter(|seen| seen.controller.is_none());
    let data: BTreeMap<_, _> = files
        .iter()
        .map(|(key, text)| (key.clone(), ByteString(text.expose_secret().as_bytes().to_vec())))
        .collect();
    Secret {
        metadata: ObjectMeta {
            name: Some(wanted.name.clone()),
            namespace: Some(wanted.namespace.clone()),
            uid: seen.map(|seen| seen.uid.clone()),
            resource_version: exactly.map(|seen| seen.version.clone()),
            labels: Some(wanted.labels.clone()),
            annotations: Some(wanted.annotations.clone()),
            owner_references: Some(vec![wanted.owner.clone()]),
            ..ObjectMeta::default()
        },
        data: Some(data),
        type_: Some("Opaque".into()),
        ..Secret::default()
    }
}

/// Counts a write of a Secret. While the guard lives, final statuses give way to this write.
fn urgent_write(context: &Context) -> UrgentWrite {
    context.metrics.kubernetes_write("Secret");
    context.urgent_writes.begin()
}

pub(super) fn says(error: &Error, what: impl Fn(&Status) -> bool) -> bool {
    matches!(error, Error::Kube(error) if matches!(error.as_ref(), kube::Error::Api(status) if what(status)))
}

fn api(context: &Context, namespace: &str) -> Api<Secret> {
    Api::namespaced(context.client.0.clone(), namespace)
}
