//! Writes and removes the Secrets of tenants. What is read of them is metadata only.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Api;
use kube::api::{DeleteParams, PartialObjectMeta, Patch, PatchParams, PostParams, Preconditions};
use kube::core::{PartialObjectMetaExt, Status};
use secrecy::ExposeSecret;

use super::record::SecretRecord;
use super::render::Files;
use super::secret::{Verdict, Wanted, false_marks, is_ours, judge, leftovers};
use crate::api::{MANAGER, SecretWrite};
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
pub(super) fn check(context: &Context, wanted: &Wanted, last: Option<&SecretWrite>) -> Result<()> {
    let seen = context.caches.secrets.get(&key(wanted));
    refusal(judge(seen.as_deref(), wanted, last), wanted)
}

/// Makes the Secret as it should be. `last` is our last write to it; with `fresh` the API server is asked, whatever was seen before.
pub(super) async fn ensure(
    context: &Context,
    wanted: &Wanted,
    files: &Files,
    last: Option<&SecretWrite>,
    fresh: bool,
) -> Result<(Written, SecretWrite)> {
    let secrets = &context.caches.secrets;
    let mut seen = match secrets.get(&key(wanted)) {
        known if !fresh => known.map(Arc::unwrap_or_clone),
        _ => read(context, &key(wanted)).await?,
    };
    for _ in 0..ATTEMPTS {
        let verdict = judge(seen.as_ref(), wanted, last);
        refusal(verdict, wanted)?;
        let tried = match (verdict, &seen) {
            (Verdict::Create, _) => create(context, wanted, files).await,
            (Verdict::Apply, _) => apply(context, seen.as_ref(), wanted, files).await,
            (_, Some(seen)) => return Ok((Written::Already, write_of(seen))),
            (_, None) => break,
        };
        match tried {
            Ok(meta) => {
                let now = SecretRecord::of(&meta.metadata);
                let (written, write) = (change(seen.as_ref(), &now), write_of(&now));
                secrets.apply(now);
                return Ok((written, write));
            }
            Err(error) if verdict == Verdict::Apply && says(&error, cannot_be_changed) => {
                match delete(context, &wanted.namespace, &wanted.name, seen.as_ref()).await {
                    Ok(_) => seen = None,
                    Err(error) if changed_meanwhile(&error) => seen = read(context, &key(wanted)).await?,
                    Err(error) => return Err(error),
                }
            }
            Err(error) if says(&error, Status::is_not_found) && verdict == Verdict::Create => {
                return Err(error);
            }
            Err(error) if changed_meanwhile(&error) => seen = read(context, &key(wanted)).await?,
            Err(error) => return Err(error),
        }
    }
    Err(Error::waiting(Reason::Conflict, format!("Secret {} keeps changing", wanted.name)))
}

/// The API server gives a new version only to what differs.
fn change(before: Option<&SecretRecord>, now: &SecretRecord) -> Written {
    match before.filter(|before| before.uid == now.uid) {
        None => Written::Created,
        Some(before) if before.version == now.version => Written::Already,
        Some(_) => Written::Changed,
    }
}

fn write_of(record: &SecretRecord) -> SecretWrite {
    SecretWrite { uid: record.uid.clone(), resource_version: record.version.clone() }
}

/// Removes a Secret if it is the object's with that uid. Returns whether there was one that was not being deleted yet.
pub(super) async fn remove(
    context: &Context,
    namespace: &str,
    name: &str,
    uid: &str,
    last: Option<&SecretWrite>,
) -> Result<bool> {
    let key = ObjectKey::new(namespace, name);
    let mut seen = match context.caches.secrets.get(&key) {
        Some(known) => Some(Arc::unwrap_or_clone(known)),
        None => read(context, &key).await?,
    };
    for _ in 0..ATTEMPTS {
        let ours = seen.filter(|found| is_ours(found, uid, last) && !found.deleting);
        let Some(found) = ours else { return Ok(false) };
        match delete(context, namespace, name, Some(&found)).await {
            Err(error) if changed_meanwhile(&error) => seen = read(context, &key).await?,
            other => return other,
        }
    }
    Err(Error::waiting(Reason::Conflict, format!("Secret {name} keeps changing")))
}

/// What the API server has, not what was seen last.
async fn read(context: &Context, key: &ObjectKey) -> Result<Option<SecretRecord>> {
    let api = api(context, &key.namespace);
    let seen = kube_call(api.get_metadata_opt(&key.name)).await?;
    Ok(seen.map(|seen| SecretRecord::of(&seen.metadata)))
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
        Verdict::Leaving => Err(Error::waiting(
            Reason::SecretDeleting,
            format!(
                "Secret {name} is being deleted and something, such as a finalizer, keeps it; the login is written again when the Secret is gone"
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
    seen: Option<&SecretRecord>,
    wanted: &Wanted,
    files: &Files,
) -> Result<PartialObjectMeta<Secret>> {
    let api = api(context, &wanted.namespace);
    if let Some(marks) = seen.and_then(false_marks) {
        context.metrics.kubernetes_write("Secret");
        kube_call(api.patch_metadata(&wanted.name, &edit(), &Patch::Merge(marks))).await?;
    }
    let secret = Patch::Apply(body(wanted, files, seen.map(|seen| seen.uid.clone())));
    context.metrics.kubernetes_write("Secret");
    let applied =
        kube_call(api.patch_metadata(&wanted.name, &PatchParams::apply(MANAGER).force(), &secret)).await?;
    let Some(rest) = leftovers(&applied.metadata, wanted) else { return Ok(applied) };
    context.metrics.kubernetes_write("Secret");
    kube_call(api.patch_metadata(&wanted.name, &edit(), &Patch::Merge(rest))).await
}

/// Unlike an apply, an edit takes away what others have put there.
fn edit() -> PatchParams {
    PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() }
}

/// Removes just what was seen: whoever has changed it since may have made it his own.
async fn delete(context: &Context, namespace: &str, name: &str, seen: Option<&SecretRecord>) -> Result<bool> {
    let preconditions = seen.map(|seen| Preconditions {
        uid: Some(seen.uid.clone()),
        resource_version: Some(seen.version.clone()),
    });
    let params = DeleteParams { preconditions, ..DeleteParams::default() };
    context.metrics.kubernetes_write("Secret");
    let deleted = match kube_call(api(context, namespace).delete(name, &params)).await {
        // A finalizer keeps the Secret: the watch tells when it goes.
        Ok(answer) if answer.is_left() => return Ok(true),
        Ok(_) => true,
        Err(error) if says(&error, Status::is_not_found) => false,
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

/// Whether somebody made it immutable, or remade it with another type: it can only be replaced. A policy's refusal names no field,
/// and what is too long or not legal would be refused of a new one too: then the old one, which works, must stay.
fn cannot_be_changed(status: &Status) -> bool {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let fixed = causes.map(|cause| {
        matches!(
            (cause.field.as_str(), cause.reason.as_str()),
            ("immutable" | "data" | "type", "FieldValueForbidden") | ("type", "FieldValueInvalid")
        )
    });
    status.is_invalid() && fixed.reduce(|all, one| all && one) == Some(true)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_write_that_changed_nothing_is_told_as_none() {
        let record = |uid: &str, version: &str| SecretRecord {
            uid: uid.into(),
            version: version.into(),
            ..SecretRecord::of(&ObjectMeta::default())
        };
        let now = record("1", "7");
        let table = [
            (None, Written::Created),
            (Some(record("0", "7")), Written::Created),
            (Some(record("1", "7")), Written::Already),
            (Some(record("1", "6")), Written::Changed),
        ];
        for (before, expected) in table {
            assert_eq!(change(before.as_ref(), &now), expected, "{before:?}");
        }
    }

    #[test]
    fn only_what_is_fixed_by_the_secret_itself_has_it_replaced() {
        let table = [
            (true, "Invalid", json!([{"reason": "FieldValueForbidden", "field": "data"}])),
            (true, "Invalid", json!([{"reason": "FieldValueForbidden", "field": "immutable"}])),
            (true, "Invalid", json!([{"reason": "FieldValueInvalid", "field": "type"}])),
            (false, "Invalid", json!([{"message": "refused by a policy"}])),
            (false, "Invalid", json!([])),
            (false, "Invalid", json!([{"reason": "FieldValueTooLong", "field": "data"}])),
            (false, "Invalid", json!([{"reason": "FieldValueInvalid", "field": "metadata.labels"}])),
            (
                false,
                "Invalid",
                json!([
                    {"reason": "FieldValueForbidden", "field": "data"},
                    {"reason": "FieldValueInvalid", "field": "metadata.labels"},
                ]),
            ),
            (false, "Forbidden", json!([{"reason": "FieldValueForbidden", "field": "data"}])),
        ];
        for (expected, reason, causes) in table {
            let code = if reason == "Invalid" { 422 } else { 403 };
            let status = json!({"status": "Failure", "message": "", "reason": reason, "code": code,
                "details": {"causes": causes}});
            let status: Status = serde_json::from_value(status.clone()).unwrap();
            assert_eq!(cannot_be_changed(&status), expected, "{status:?}");
        }
    }
}
