//! An object of our kinds as the API server sends it, without what users may make large.

use std::borrow::Cow;
use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::api::{RECONCILE_AT, RENEW_AT};
use crate::engine::object::ObjectKey;
use crate::engine::watching::watch::Incoming;

/// The longest value, in bytes, of an annotation that asks for something. Of a longer one only a digest is kept and reported.
const LONGEST_MARK: usize = 128;

/// An object, or why it does not parse. Labels, managed fields and all annotations but two are skipped while the object is
/// parsed, so that a page of large objects is never in memory as objects.
#[derive(Clone, Debug)]
pub struct Seen<K> {
    meta: ObjectMeta,
    object: Result<K, String>,
}

/// What is read of the metadata.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    #[serde(skip_serializing_if = "Value::is_null")]
    name: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    namespace: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    uid: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    resource_version: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    generation: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    creation_timestamp: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    deletion_timestamp: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    finalizers: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Marks>,
}

/// The annotations that ask for something.
#[derive(Serialize)]
struct Marks(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Few;
        impl<'de> Visitor<'de> for Few {
            type Value = Marks;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("annotations")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Marks, A::Error> {
                let mut marks = BTreeMap::new();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    if [RECONCILE_AT, RENEW_AT].contains(&key.as_ref()) {
                        marks.insert(key.into_owned(), shortened(map.next_value()?));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Marks(marks))
            }
        }
        deserializer.deserialize_map(Few)
    }
}

/// A digest in the place of a long value: status repeats the value, and only whether the value is new matters.
fn shortened(value: String) -> String {
    if value.len() <= LONGEST_MARK {
        return value;
    }
    format!("sha256:{}", hex::encode(Sha256::digest(&value)))
}

/// The same of an object that came as the answer to a write.
pub(in crate::engine) fn slim(meta: &mut ObjectMeta) {
    meta.managed_fields = None;
    meta.labels = None;
    let annotations = meta.annotations.take().unwrap_or_default();
    let marks = annotations.into_iter().filter(|(key, _)| [RECONCILE_AT, RENEW_AT].contains(&key.as_str()));
    let marks: BTreeMap<_, _> = marks.map(|(key, value)| (key, shortened(value))).collect();
    meta.annotations = Some(marks).filter(|marks| !marks.is_empty());
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Seen<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Whole {
            #[serde(default)]
            api_version: Value,
            #[serde(default)]
            kind: Value,
            #[serde(default)]
            metadata: Metadata,
            spec: Option<Value>,
            status: Option<Value>,
        }
        let Whole { api_version, kind, metadata, spec, status } = Whole::deserialize(deserializer)?;
        let metadata = serde_json::to_value(metadata).map_err(serde::de::Error::custom)?;
        let meta = ObjectMeta::deserialize(&metadata).map_err(serde::de::Error::custom)?;
        let mut whole = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
        for (field, value) in [("spec", spec), ("status", status)] {
            if let Some(value) = value {
                whole[field] = value;
            }
        }
        Ok(Self { meta, object: serde_json::from_value(whole).map_err(|error| error.to_string()) })
    }
}

impl<K: Resource<DynamicType = ()>> Resource for Seen<K> {
    type DynamicType = ();
    type Scope = K::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        K::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        K::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        K::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        K::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

impl<K> Incoming for Seen<K>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static,
{
    type Kept = K;

    fn accept(self) -> Result<K, (ObjectKey, String)> {
        self.object.map_err(|error| (ObjectKey::of_meta(&self.meta), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Domain;

    fn object(spec: &Value) -> Value {
        let large = "x".repeat(200_000);
        json!({
            "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Domain", "spec": spec,
            "metadata": {"namespace": "team", "name": "acme", "uid": "1", "resourceVersion": "7", "generation": 3,
                "labels": {"team": large}, "managedFields": [{"manager": large}], "finalizers": ["x/y"],
                "annotations": {RECONCILE_AT: "1", RENEW_AT: large, "note": large}},
        })
    }

    #[test]
    fn what_users_may_make_large_is_not_kept() {
        let text = object(&json!({})).to_string();
        let seen: Seen<Domain> = serde_json::from_str(&text).unwrap();
        assert!(format!("{seen:?}").len() < 4_000, "{}", format!("{seen:?}").len());
        let meta = seen.accept().unwrap().metadata;
        let annotations: Vec<_> = meta.annotations.unwrap().into_iter().collect();
        assert_eq!(annotations[0], (RECONCILE_AT.to_owned(), "1".to_owned()));
        let (key, digest) = &annotations[1];
        assert_eq!((key.as_str(), digest.len(), annotations.len()), (RENEW_AT, 71, 2), "{digest}");
        assert!(digest.starts_with("sha256:"));
        assert_eq!((meta.labels, meta.managed_fields), (None, None));
        assert_eq!((meta.finalizers.unwrap(), meta.generation), (vec!["x/y".to_owned()], Some(3)));
    }

    #[test]
    fn what_does_not_parse_is_known_by_its_name() {
        let text = object(&json!({"interval": 7})).to_string();
        let seen: Seen<Domain> = serde_json::from_str(&text).unwrap();
        assert_eq!(seen.meta().resource_version.as_deref(), Some("7"));
        let (key, why) = seen.accept().unwrap_err();
        assert_eq!(key, ObjectKey::new("team", "acme"));
        assert!(
            why.contains("interval") || why.contains("duration") || why.contains("invalid type"),
            "{why}"
        );
    }
}
