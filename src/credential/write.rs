//! Writes and removes the Secrets of tenants. What is read of them is metadata only.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Api;
use kube::api::{DeleteParams, PartialObjectMeta, Patch, PatchParams, PostParams, Preconditions};
use kube::core::{PartialObjectMetaExt, Status};
use secrecy::ExposeSecret;

use super::render::Files;
use super::secret::{Verdict, Wanted, is_controlled_by, judge, leftovers};
use crate::api::MANAGER;
use crate::engine::ObjectKey;
use crate::engine::context::{Context, kube_call};
use crate::engine::publish::is_gone;
use crate::error::{Error, Reason, Result};

/// What writing a Secret came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It was as it should be.
    Already,
    /// It was not there.
    Created,
    /// It differed.
    Changed,
}

/// How often what is there may change under our hands before the reconcile begins anew.
const ATTEMPTS: usize = 4;

/// Refuses before a token is minted for a Secret that is known to be somebody else's.
pub(super) fn check(context: &Context, wanted: &Wanted) -> Result<()> {
    let seen = context.caches.secrets.get(&key(wanted));
    refusal(judge(seen.as_ref().map(|seen| &seen.metadata), wanted), wanted)
}

/// Makes the Secret as it should be.
pub(super) async fn ensure(context: &Context, wanted: &Wanted, files: &Files) -> Result<Written> {
    let secrets = &context.caches.secrets;
    let mut seen = secrets.get(&key(wanted)).map(|seen| seen.metadata.clone());
    for _ in 0..ATTEMPTS {
        let verdict = judge(seen.as_ref(), wanted);
        refusal(verdict, wanted)?;
        let tried = match verdict {
            Verdict::Create => create(context, wanted, files).await.map(|meta| (meta, Written::Created)),
            Verdict::Apply => {
                apply(context, seen.as_ref(), wanted, files).await.map(|meta| (meta, Written::Changed))
            }
            Verdict::Nothing | Verdict::Await | Verdict::Refuse => return Ok(Written::Already),
        };
        match tried {
            Ok((meta, written)) => {
                secrets.apply(meta);
                return Ok(written);
            }
            // Somebody made it immutable, or remade it with another type: it cannot be changed, only replaced.
            Err(error) if verdict == Verdict::Apply && says(&error, Status::is_invalid) => {
                delete(context, &wanted.namespace, &wanted.name, seen.as_ref()).await?;
                seen = None;
            }
            Err(error) if is_gone(&error) && verdict == Verdict::Create => return Err(error),
            Err(error) if changed_meanwhile(&error) => {
                let api = api(context, &wanted.namespace);
                seen = kube_call(api.get_metadata_opt(&wanted.name)).await?.map(|meta| meta.metadata);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::waiting(Reason::Conflict, format!("Secret {} keeps changing", wanted.name)))
}

/// Removes a Secret if the object with that uid controls it. Returns whether there was one.
pub(super) async fn remove(context: &Context, namespace: &str, name: &str, uid: &str) -> Result<bool> {
    let known = context.caches.secrets.get(&ObjectKey::new(namespace, name));
    let seen = if let Some(known) = known {
        Some(known.metadata.clone())
    } else {
        kube_call(api(context, namespace).get_metadata_opt(name)).await?.map(|meta| meta.metadata)
    };
    match seen {
        Some(seen) if is_controlled_by(&seen, uid) => delete(context, namespace, name, Some(&seen)).await,
        _ => Ok(false),
    }
}

fn refusal(verdict: Verdict, wanted: &Wanted) -> Result<()> {
    let name = &wanted.name;
    match verdict {
        Verdict::Nothing | Verdict::Create | Verdict::Apply => Ok(()),
        Verdict::Await => Err(Error::waiting(
            Reason::SecretNotOurs,
            format!(
                "Secret {name} belongs to an earlier RegistryCredential of this name and has not been removed yet"
            ),
        )),
        Verdict::Refuse => Err(Error::stalled(
            Reason::SecretNotOurs,
            format!(
                "Secret {name} is not controlled by this RegistryCredential; delete it, or set another spec.secret.name"
            ),
        )),
    }
}

async fn create(context: &Context, wanted: &Wanted, files: &Files) -> Result<PartialObjectMeta<Secret>> {
    let params = PostParams { field_manager: Some(MANAGER.into()), ..PostParams::default() };
    let secret = body(wanted, files, None);
    context.metrics.kubernetes_write("Secret");
    let created = kube_call(api(context, &wanted.namespace).create(&params, &secret)).await?;
    Ok(created.metadata.into_request_partial())
}

async fn apply(
    context: &Context,
    seen: Option<&ObjectMeta>,
    wanted: &Wanted,
    files: &Files,
) -> Result<PartialObjectMeta<Secret>> {
    let api = api(context, &wanted.namespace);
    let secret = Patch::Apply(body(wanted, files, seen.and_then(|seen| seen.uid.clone())));
    context.metrics.kubernetes_write("Secret");
    let applied =
        kube_call(api.patch_metadata(&wanted.name, &PatchParams::apply(MANAGER).force(), &secret)).await?;
    let Some(rest) = leftovers(&applied.metadata, wanted) else { return Ok(applied) };
    let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
    context.metrics.kubernetes_write("Secret");
    kube_call(api.patch_metadata(&wanted.name, &params, &Patch::Merge(rest))).await
}

async fn delete(context: &Context, namespace: &str, name: &str, seen: Option<&ObjectMeta>) -> Result<bool> {
    let uid = seen.and_then(|seen| seen.uid.clone());
    let params = DeleteParams {
        preconditions: Some(Preconditions { uid, resource_version: None }),
        ..DeleteParams::default()
    };
    context.metrics.kubernetes_write("Secret");
    let deleted = match kube_call(api(context, namespace).delete(name, &params)).await {
        Ok(_) => true,
        Err(error) if is_gone(&error) => false,
        Err(error) => return Err(error),
    };
    context.caches.secrets.remove(&ObjectKey::new(namespace, name));
    Ok(deleted)
}

fn body(wanted: &Wanted, files: &Files, uid: Option<String>) -> Secret {
    let data: BTreeMap<_, _> = files
        .iter()
        .map(|(key, text)| (key.clone(), ByteString(text.expose_secret().as_bytes().to_vec())))
        .collect();
    Secret {
        metadata: ObjectMeta {
            name: Some(wanted.name.clone()),
            namespace: Some(wanted.namespace.clone()),
            uid,
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

/// Whether what is there is not what was believed: it exists, it is gone, or it is another one.
fn changed_meanwhile(error: &Error) -> bool {
    is_gone(error) || says(error, |status| status.is_already_exists() || status.is_conflict())
}

fn says(error: &Error, what: impl Fn(&Status) -> bool) -> bool {
    matches!(error, Error::Kube(error) if matches!(error.as_ref(), kube::Error::Api(status) if what(status)))
}

fn api(context: &Context, namespace: &str) -> Api<Secret> {
    Api::namespaced(context.client.0.clone(), namespace)
}

fn key(wanted: &Wanted) -> ObjectKey {
    ObjectKey::new(&wanted.namespace, &wanted.name)
}
