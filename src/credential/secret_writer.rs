//! Writes and removes the Secrets of tenants. What is read of them is metadata only.

mod calls;
mod refusal;

use std::sync::Arc;

use kube::core::Status;

use crate::api::SecretWrite;
use crate::credential::record::{Foreign, SecretRecord};
use crate::credential::render::Files;
use crate::credential::secret::{Verdict, Wanted, is_ours, judge};
use crate::engine::context::Context;
use crate::engine::object::ObjectKey;
use crate::error::{Error, Result};
use crate::kubernetes::is_gone;
use crate::reason::Reason;
pub(super) use calls::Removal;
use calls::{apply, create, delete, empty, is_current, read, says};
use refusal::{cannot_be_changed, has_other_type, not_current, refusal, unchangeable};

/// What writing a Secret came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It was as it should be.
    Already,
    /// It was not there.
    Created,
    /// It differed.
    Changed,
    /// It was somebody else's, and the annotation of the Secret allowed to take the Secret over. Says who wrote to it last.
    TakenOver(String),
}

/// How often what is there may change under our hands before the reconcile begins anew.
const ATTEMPTS: usize = 4;

/// Refuses before a token is minted for a Secret that is known to be somebody else's.
pub(super) fn check(context: &Context, wanted: &Wanted, last: Option<&SecretWrite>) -> Result<()> {
    let seen = context.caches.secrets.get(&key(wanted));
    admitted(context, judge(seen.as_deref(), wanted, last), seen.as_deref(), wanted)
}

/// Refuses what may not be written, and has the object woken as soon as the Secret in the way changes.
fn admitted(context: &Context, verdict: Verdict, seen: Option<&SecretRecord>, wanted: &Wanted) -> Result<()> {
    let refused = refusal(verdict, seen, wanted);
    if refused.is_err() {
        watch(context, seen, wanted);
    }
    refused
}

fn watch(context: &Context, seen: Option<&SecretRecord>, wanted: &Wanted) {
    let known = seen.map(|seen| seen.version.clone());
    context.secret_watches.wake_on_change(&key(wanted), known, wanted.user.clone());
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
    let mut replaced = false;
    for _ in 0..ATTEMPTS {
        let verdict = judge(seen.as_ref(), wanted, last);
        if verdict == Verdict::Inherited {
            seen = cleared(context, wanted, seen.as_ref()).await?;
            continue;
        }
        admitted(context, verdict, seen.as_ref(), wanted)?;
        let since = secrets.removals();
        let mut own = context.own_writes.begin(&wanted.user, &context.references);
        let tried = match (verdict, &seen) {
            (Verdict::Create, _) => create(context, wanted, files).await,
            (Verdict::Apply | Verdict::TakeOver, Some(seen)) => apply(context, seen, wanted, files).await,
            (_, Some(seen)) => return Ok((Written::Already, write_of(seen))),
            (_, None) => break,
        };
        match tried {
            Ok(meta) => {
                let now = SecretRecord::of(&meta.metadata);
                own.answered(&now.version);
                let written = if replaced { Written::Changed } else { change(verdict, seen.as_ref(), &now) };
                let write = write_of(&now);
                secrets.apply_written(now, since);
                return Ok((written, write));
            }
            Err(error) if verdict == Verdict::TakeOver && says(&error, cannot_be_changed) => {
                watch(context, seen.as_ref(), wanted);
                return Err(unchangeable(wanted, says(&error, has_other_type)));
            }
            Err(error) if verdict == Verdict::Apply && says(&error, cannot_be_changed) => {
                seen = removed(context, wanted, seen.as_ref()).await?;
                replaced |= seen.is_none();
            }
            Err(error) if says(&error, Status::is_not_found) && verdict == Verdict::Create => {
                return Err(error);
            }
            Err(error) if changed_meanwhile(&error) => seen = read(context, &key(wanted)).await?,
            Err(error) => return Err(error),
        }
    }
    Err(keeps_changing(&wanted.name))
}

/// Removes the Secret of an earlier object of the same name. Kubernetes' garbage collector does so, too, but not when it has missed the
/// deletion of that object. Nothing is removed for an object that is itself gone by now.
async fn cleared(
    context: &Context,
    wanted: &Wanted,
    seen: Option<&SecretRecord>,
) -> Result<Option<SecretRecord>> {
    if !is_current(context, wanted).await? {
        return Err(not_current(&wanted.owner));
    }
    removed(context, wanted, seen).await
}

/// Removes exactly what was seen. Returns what is there now.
async fn removed(
    context: &Context,
    wanted: &Wanted,
    seen: Option<&SecretRecord>,
) -> Result<Option<SecretRecord>> {
    match delete(context, &wanted.namespace, &wanted.name, seen).await {
        Ok(_) => Ok(None),
        Err(error) if changed_meanwhile(&error) => read(context, &key(wanted)).await,
        Err(error) => Err(error),
    }
}

/// The API server gives a new version only to what differs.
fn change(verdict: Verdict, before: Option<&SecretRecord>, now: &SecretRecord) -> Written {
    if verdict == Verdict::TakeOver {
        let foreign = before.and_then(|before| before.foreign.as_deref());
        return Written::TakenOver(foreign.and_then(Foreign::last_written).unwrap_or_default());
    }
    match before.filter(|before| before.uid == now.uid) {
        None => Written::Created,
        Some(before) if before.version == now.version => Written::Already,
        Some(_) => Written::Changed,
    }
}

fn write_of(record: &SecretRecord) -> SecretWrite {
    SecretWrite { uid: record.uid.clone(), resource_version: record.version.clone() }
}

/// Removes a Secret if the object with that uid owns the Secret. A Secret that a finalizer keeps loses its data.
pub(super) async fn remove(
    context: &Context,
    namespace: &str,
    name: &str,
    uid: &str,
    last: Option<&SecretWrite>,
) -> Result<Removal> {
    let key = ObjectKey::new(namespace, name);
    let mut seen = match context.caches.secrets.get(&key) {
        Some(known) => Some(Arc::unwrap_or_clone(known)),
        None => read(context, &key).await?,
    };
    for _ in 0..ATTEMPTS {
        let Some(found) = seen.filter(|found| is_ours(found, uid, last)) else { return Ok(Removal::Absent) };
        if found.deleting {
            emptied(context, &found).await?;
            return Ok(Removal::Absent);
        }
        match delete(context, namespace, name, Some(&found)).await {
            Ok(Removal::HeldByFinalizer) => {
                emptied(context, &found).await?;
                return Ok(Removal::HeldByFinalizer);
            }
            Err(error) if changed_meanwhile(&error) => seen = read(context, &key).await?,
            other => return other,
        }
    }
    Err(keeps_changing(name))
}

/// Takes the data out of a Secret that a finalizer keeps. Nobody can take the data out of an immutable Secret.
async fn emptied(context: &Context, found: &SecretRecord) -> Result<()> {
    let name = &found.key.name;
    empty(context, found).await.map_err(|error| {
        if !says(&error, cannot_be_changed) {
            return error;
        }
        Error::waiting(
            Reason::SecretDeleting,
            format!(
                "Secret {name} is to be removed; a finalizer keeps the Secret, and the Secret is immutable, so that the token stays in \
                 the Secret: remove the finalizer"
            ),
        )
    })
}

fn keeps_changing(name: &str) -> Error {
    Error::waiting(
        Reason::Conflict,
        format!(
            "somebody else keeps writing to Secret {name}; metadata.managedFields of the Secret says who: stop that, or set another \
             spec.secret.name"
        ),
    )
}

/// Whether what is there is not what was believed: it exists, it is gone, or it is another one.
fn changed_meanwhile(error: &Error) -> bool {
    is_gone(error) || says(error, |status| status.is_already_exists() || status.is_conflict())
}

fn key(wanted: &Wanted) -> ObjectKey {
    ObjectKey::new(&wanted.namespace, &wanted.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

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
            assert_eq!(change(Verdict::Apply, before.as_ref(), &now), expected, "{before:?}");
        }
    }
}
