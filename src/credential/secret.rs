//! The Secret as it should be, and what to do about the one that is there. Pure: decided from metadata alone.

use std::collections::{BTreeMap, BTreeSet};

use hmac::{Hmac, KeyInit, Mac};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    FieldsV1, ManagedFieldsEntry, ObjectMeta, OwnerReference,
};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::binding::Binding;
use super::record::SecretRecord;
use super::render::{RENDERER_VERSION, Registry};
use crate::api::{COMPONENT, CONTENT, MANAGED_BY, MANAGER, SecretAdoption, SecretSettings, SecretWrite};

/// The annotation in which kubectl keeps a copy of what was applied, its data included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// SHA-256.
pub type Digest = [u8; 32];

/// The Secret as it should be, but for the values of its data.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Namespace of the Secret.
    pub namespace: String,
    /// Name of the Secret.
    pub name: String,
    /// The RegistryCredential that controls it.
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
    /// It belongs to an object of the same name that was deleted, and goes with it.
    Await,
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
    let namesake = seen
        .controller
        .as_ref()
        .is_some_and(|controller| controller.is_credential && controller.name == wanted.owner.name);
    if namesake { Verdict::Await } else { Verdict::Refuse }
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
    let (ours, others) = (Claims::of(seen, true), Claims::of(seen, false));
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

/// The mark of the operator's own Secrets, which the admission policy lets no other Secret have, as a merge patch that takes it away.
/// While it is there every other write is refused.
pub fn false_marks(seen: &SecretRecord) -> Option<Value> {
    seen.marked.then(|| json!({"metadata": {"uid": seen.uid, "labels": {COMPONENT: null}}}))
}

pub(super) fn is_marked(seen: &ObjectMeta) -> bool {
    seen.labels.as_ref().is_some_and(|labels| labels.contains_key(COMPONENT))
}

/// A keyed id of what is in the Secret. Nobody who does not know the tokens' ids can tell from it whether two Secrets hold the same.
pub fn content_id(token_ids: &[&str], registries: &[Registry]) -> String {
    let spec = json!([RENDERER_VERSION, registries]).to_string();
    // HMAC takes keys of any length, so that there is no error to tell of.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(token_ids.join(" ").as_bytes()) else {
        return String::new();
    };
    mac.update(spec.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Digest of labels, annotations and data keys.
pub(super) fn digest(
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
    keys: &BTreeSet<String>,
) -> Digest {
    Sha256::digest(json!([labels, annotations, keys]).to_string()).into()
}

/// The keys that some field managers hold.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) data: BTreeSet<String>,
    pub(super) labels: BTreeSet<String>,
    pub(super) annotations: BTreeSet<String>,
}

impl Claims {
    /// What we hold, whether by create or by apply; or what everybody else holds.
    pub(super) fn of(seen: &ObjectMeta, ours: bool) -> Self {
        let mut claims = Self::default();
        for entry in seen.managed_fields.iter().flatten() {
            let (true, Some(FieldsV1(fields))) =
                ((entry.manager.as_deref() == Some(MANAGER)) == ours, &entry.fields_v1)
            else {
                continue;
            };
            // What is applied as stringData changes data and leaves no other trace.
            claims.data.extend(keys(fields, "/f:data").chain(keys(fields, "/f:stringData")));
            claims.labels.extend(keys(fields, "/f:metadata/f:labels"));
            claims.annotations.extend(keys(fields, "/f:metadata/f:annotations"));
        }
        claims
    }
}

fn keys<'a>(fields: &'a Value, at: &str) -> impl Iterator<Item = String> + 'a {
    let map = fields.pointer(at).and_then(Value::as_object);
    map.into_iter().flat_map(Map::keys).filter_map(|key| key.strip_prefix("f:")).map(Into::into)
}

/// The entry without what it says of data, unless it is ours; `None` when nothing is left of it.
fn without_data(entry: &ManagedFieldsEntry) -> Option<ManagedFieldsEntry> {
    let mut entry = entry.clone();
    if entry.manager.as_deref() != Some(MANAGER)
        && let Some(FieldsV1(Value::Object(fields))) = &mut entry.fields_v1
    {
        fields.remove("f:data");
        fields.remove("f:stringData");
        if fields.is_empty() {
            return None;
        }
    }
    Some(entry)
}

#[cfg(test)]
mod tests;
