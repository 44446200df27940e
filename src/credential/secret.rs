//! The desired Secret, and what to do about the observed one. Pure: decided from metadata alone.

use std::collections::{BTreeMap, BTreeSet};

use hmac::{Hmac, KeyInit, Mac};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::binding::Binding;
use super::field_ownership::{Digest, FieldOwnership, digest, without_data};
use super::record::SecretRecord;
use super::render::{RENDERER_VERSION, Registry};
use crate::api::{
    COMPONENT, CONTENT, KindName, MANAGED_BY, MANAGER, SecretAdoption, SecretSettings, SecretWrite,
};
use crate::engine::object::ObjectId;

/// The annotation in which kubectl keeps a copy of what was applied, its data included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The Secret as it should be, but for the values of its data.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Namespace of the Secret.
    pub namespace: String,
    /// Name of the Secret.
    pub name: String,
    /// The object whose login it is.
    pub user: ObjectId,
    /// The same object, as the controller of the Secret.
    pub owner: OwnerReference,
    /// Labels, ours included.
    pub labels: BTreeMap<String, String>,
    /// Annotations, ours included.
    pub annotations: BTreeMap<String, String>,
    /// The keys of its data.
    pub keys: BTreeSet<String>,
    /// What marks a Secret of this namespace and name as written by the operator.
    pub binding: Option<Binding>,
    /// Whether a Secret of somebody else may be taken over.
    pub adoption: SecretAdoption,
}

impl Wanted {
    /// The labels and annotations that a spec asks for, and ours.
    pub fn marked(settings: &SecretSettings, content: String) -> [BTreeMap<String, String>; 2] {
        let (mut labels, mut annotations) = (settings.labels.clone(), settings.annotations.clone());
        labels.insert(MANAGED_BY.into(), MANAGER.into());
        annotations.insert(CONTENT.into(), content);
        [labels, annotations]
    }

    /// The digest that the record of the Secret has when it is as wanted.
    fn state(&self) -> Digest {
        digest(&self.labels, &self.annotations, &self.keys)
    }
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it was written.
    Nothing,
    /// There is none.
    Create,
    /// The Secret is ours, and something about the Secret differs or somebody has written to the Secret since our last write.
    Apply,
    /// It belongs to another object of the same name. One of the two objects was deleted, as a rule the other one.
    Inherited,
    /// The Secret is being deleted, and a finalizer keeps the Secret from going.
    Leaving,
    /// It is somebody else's, and may be taken over: the spec and the Secret itself say so.
    TakeOver,
    /// It is somebody else's.
    Refuse,
}

/// What to do about the Secret of that name. `last` is our last write to it.
pub fn judge(seen: Option<&SecretRecord>, wanted: &Wanted, last: Option<&SecretWrite>) -> Verdict {
    let Some(seen) = seen else { return Verdict::Create };
    if seen.deleting {
        return Verdict::Leaving;
    }
    if is_ours(seen, &wanted.owner.uid, last) {
        let owned = seen.is_controlled_by(&wanted.owner.uid);
        let untouched = last.is_some_and(|last| last.is(seen) && last.resource_version == seen.version);
        let same = owned && untouched && !seen.marked && seen.state == Some(wanted.state());
        return if same { Verdict::Nothing } else { Verdict::Apply };
    }
    if seen.controller.is_none() && seen.binding.is_some() && seen.binding == wanted.binding {
        return Verdict::Apply;
    }
    if wanted.adoption == SecretAdoption::TakeOver && seen.allows_takeover_by(&wanted.owner.name) {
        return Verdict::TakeOver;
    }
    let namesake = seen.controller.as_ref().is_some_and(|controller| {
        let kind = controller.credential.map(KindName::as_str);
        kind == Some(&*wanted.owner.kind) && controller.name == wanted.owner.name
    });
    if namesake { Verdict::Inherited } else { Verdict::Refuse }
}

/// Whether the object with that uid controls the Secret, or wrote the Secret and nobody controls it since. A Secret that has lost its
/// owner and our label was taken from us.
pub fn is_ours(seen: &SecretRecord, uid: &str, last: Option<&SecretWrite>) -> bool {
    let let_go = seen.controller.is_none() && seen.labelled && last.is_some_and(|last| last.is(seen));
    let_go || seen.is_controlled_by(uid)
}

impl SecretWrite {
    /// Whether it was a write to that very Secret.
    fn is(&self, seen: &SecretRecord) -> bool {
        self.uid == seen.uid
    }
}

/// What server-side apply cannot take away, as a merge patch: keys that others hold or that we set in another way, and claims of others
/// to our keys. `None` when the Secret is as it should be.
pub fn leftovers(seen: &ObjectMeta, wanted: &Wanted) -> Option<Value> {
    let record = SecretRecord::of(seen);
    let copied = seen.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(LAST_APPLIED));
    if !record.marked && !copied && record.state == Some(wanted.state()) {
        return None;
    }
    let (ours, others) = (FieldOwnership::of(seen, true), FieldOwnership::of(seen, false));
    let void = |keys: BTreeSet<String>, keep: &dyn Fn(&str) -> bool| -> Map<String, Value> {
        keys.into_iter().filter(|key| !keep(key)).map(|key| (key, Value::Null)).collect()
    };
    let data = void(&ours.data | &others.data, &|key| wanted.keys.contains(key));
    let labels = void(ours.labels, &|key| wanted.labels.contains_key(key));
    let mut annotations = void(ours.annotations, &|key| wanted.annotations.contains_key(key));
    annotations.extend(copied.then(|| (LAST_APPLIED.to_owned(), Value::Null)));
    let fields: Vec<_> = seen.managed_fields.iter().flatten().filter_map(without_data).collect();
    Some(json!({
        "metadata": {
            "uid": seen.uid, "resourceVersion": seen.resource_version,
            "labels": labels, "annotations": annotations, "managedFields": fields,
        },
        "data": data,
    }))
}

/// Merge patch that removes our component label from a tenant's Secret; `None` without the label. While the label is there, the
/// admission policy refuses every other write.
pub fn false_marks(seen: &SecretRecord) -> Option<Value> {
    seen.marked.then(|| json!({"metadata": {"uid": seen.uid, "labels": {COMPONENT: null}}}))
}

/// A keyed id of what is in the Secret. Nobody who does not know the tokens' ids can tell from it whether two Secrets hold the same.
/// The results of the owner's templates are a part of it, so that a change of a template that changes no result writes nothing.
pub fn content_id<'a>(
    token_ids: &[&str],
    registries: &[Registry],
    chosen: impl Iterator<Item = (&'a String, &'a SecretString)>,
) -> String {
    let spec = json!([RENDERER_VERSION, registries]).to_string();
    // HMAC takes keys of any length, so that there is no error to tell of.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(token_ids.join(" ").as_bytes()) else {
        return String::new();
    };
    mac.update(spec.as_bytes());
    for (key, text) in chosen {
        let text = text.expose_secret();
        mac.update(json!([key, text.len()]).to_string().as_bytes());
        mac.update(text.as_bytes());
    }
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests;
