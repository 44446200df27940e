//! What the metadata of a Secret tells of its data: which field manager owns which keys. Pure.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, ManagedFieldsEntry, ObjectMeta};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::api::{COMPONENT, MANAGER};

/// SHA-256.
pub(super) type Digest = [u8; 32];

/// Whether the Secret has the label of the operator's own Secrets.
pub(super) fn is_marked(seen: &ObjectMeta) -> bool {
    seen.labels.as_ref().is_some_and(|labels| labels.contains_key(COMPONENT))
}

/// Digest of labels, annotations and data keys.
pub(super) fn digest(
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
    keys: &BTreeSet<String>,
) -> Digest {
    Sha256::digest(json!([labels, annotations, keys]).to_string()).into()
}

/// The keys that some field managers own.
#[derive(Debug, Default)]
pub(super) struct FieldOwnership {
    pub(super) data: BTreeSet<String>,
    pub(super) labels: BTreeSet<String>,
    pub(super) annotations: BTreeSet<String>,
}

impl FieldOwnership {
    /// The keys that the operator owns, by create or by apply; or the keys that all other managers own.
    pub(super) fn of(seen: &ObjectMeta, ours: bool) -> Self {
        let mut owned = Self::default();
        for entry in seen.managed_fields.iter().flatten() {
            let (true, Some(FieldsV1(fields))) =
                ((entry.manager.as_deref() == Some(MANAGER)) == ours, &entry.fields_v1)
            else {
                continue;
            };
            // What is applied as stringData changes data and leaves no other trace.
            owned.data.extend(keys(fields, "/f:data").chain(keys(fields, "/f:stringData")));
            owned.labels.extend(keys(fields, "/f:metadata/f:labels"));
            owned.annotations.extend(keys(fields, "/f:metadata/f:annotations"));
        }
        owned
    }
}

fn keys<'a>(fields: &'a Value, at: &str) -> impl Iterator<Item = String> + 'a {
    let map = fields.pointer(at).and_then(Value::as_object);
    map.into_iter().flat_map(Map::keys).filter_map(|key| key.strip_prefix("f:")).map(Into::into)
}

/// The entry without what it says of data, unless it is ours; `None` when nothing is left of it.
pub(super) fn without_data(entry: &ManagedFieldsEntry) -> Option<ManagedFieldsEntry> {
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
