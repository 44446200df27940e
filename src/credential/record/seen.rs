//! A Secret as a watch shows it.

use std::borrow::Cow;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Deserializer};

use super::SecretRecord;
use crate::engine::object::ObjectKey;
use crate::engine::watching::watch::Incoming;

/// A Secret as a watch shows it. It becomes a record while it is parsed, so that a page of large Secrets is never in memory as objects.
#[derive(Clone, Debug)]
pub struct SeenSecret {
    meta: ObjectMeta,
    record: SecretRecord,
}

impl SeenSecret {
    fn of(seen: &ObjectMeta) -> Self {
        let record = SecretRecord::of(seen);
        let meta = ObjectMeta {
            name: seen.name.clone(),
            namespace: seen.namespace.clone(),
            uid: seen.uid.clone(),
            resource_version: seen.resource_version.clone(),
            ..ObjectMeta::default()
        };
        Self { meta, record }
    }
}

impl<'de> Deserialize<'de> for SeenSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Whole {
            #[serde(default)]
            metadata: ObjectMeta,
        }
        Whole::deserialize(deserializer).map(|whole| Self::of(&whole.metadata))
    }
}

impl Resource for SeenSecret {
    type DynamicType = ();
    type Scope = <Secret as Resource>::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        Secret::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        Secret::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        <Secret as Resource>::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        Secret::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }

    /// Data never reaches this process.
    fn metadata_api() -> bool {
        true
    }
}

impl Incoming for SeenSecret {
    type Kept = SecretRecord;

    fn accept(self) -> Result<SecretRecord, (ObjectKey, String)> {
        Ok(self.record)
    }

    /// Anybody may put our label on a Secret, so a Secret that no object of ours controls is not kept.
    fn matters(kept: &SecretRecord) -> bool {
        kept.user().is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use kube::runtime::watcher::Event;
    use serde_json::{Value, json};

    use super::*;
    use crate::api::KindName;
    use crate::engine::object::ObjectId;
    use crate::engine::watching::cache::Cache;
    use crate::engine::watching::watch::take;

    fn secret(name: &str, owner: Option<Value>, padding: usize) -> SeenSecret {
        let keys = (0..padding).fold(String::new(), |mut keys, at| {
            write!(keys, r#","f:{at:0240}":{{}}"#).unwrap();
            keys
        });
        let fields: Value =
            serde_json::from_str(&format!(r#"{{"f:data":{{"f:token":{{}}{keys}}}}}"#)).unwrap();
        let metadata = json!({
            "namespace": "team", "name": name, "uid": format!("uid-{name}"), "resourceVersion": "7",
            "annotations": {"note": "x".repeat(padding * 100)},
            "ownerReferences": owner.into_iter().collect::<Vec<_>>(),
            "managedFields": [{"manager": "kubectl", "operation": "Update", "fieldsV1": fields}],
        });
        serde_json::from_value(json!({"kind": "PartialObjectMetadata", "metadata": metadata})).unwrap()
    }

    fn owner(api_version: &str, kind: &str) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "name": "login", "uid": "uid-1", "controller": true})
    }

    #[test]
    fn a_large_secret_leaves_a_small_record() {
        let seen =
            secret("large", Some(owner("codeartifact-operator.dev/v1alpha1", "RegistryCredential")), 2_500);
        assert!(format!("{seen:?}").len() < 1_500, "{}", format!("{seen:?}").len());
    }

    #[test]
    fn only_secrets_of_credentials_are_kept() {
        let ours = Some(owner("codeartifact-operator.dev/v1alpha1", "RegistryCredential"));
        let table = [
            ("controlled by a RegistryCredential", ours.clone(), true),
            (
                "controlled by a ClusterRegistryCredential",
                Some(owner("codeartifact-operator.dev/v1alpha1", "ClusterRegistryCredential")),
                true,
            ),
            ("controlled by nobody", None, false),
            (
                "controlled by another kind",
                Some(owner("codeartifact-operator.dev/v1alpha1", "Domain")),
                false,
            ),
            (
                "controlled by a namesake of another group",
                Some(owner("example.com/v1", "RegistryCredential")),
                false,
            ),
        ];
        for (sentence, owner, expected) in table {
            let cache = Cache::default();
            take(Event::Apply(secret("a", owner, 1)), &cache, &|_| {});
            assert_eq!(cache.len(), usize::from(expected), "{sentence}");
        }
        let cache = Cache::default();
        take(Event::Apply(secret("a", ours, 1)), &cache, &|_| {});
        let mut orphan = secret("a", None, 1);
        orphan.record.version = "8".into();
        take(Event::Apply(orphan), &cache, &|_| {});
        let known = cache.get(&ObjectKey::new("team", "a")).unwrap();
        assert_eq!(known.controller, None, "the change of a Secret that was ours is taken in");
    }

    #[test]
    fn a_deletion_wakes_by_the_deleted_object_when_nothing_was_known() {
        let ours = Some(owner("codeartifact-operator.dev/v1alpha1", "RegistryCredential"));
        let told = std::sync::Mutex::new(Vec::new());
        take(Event::Delete(secret("a", ours, 1)), &Cache::default(), &|change| {
            if let crate::engine::watching::watch::Change::Removed(_, Some(known)) = change {
                told.lock().unwrap().extend(known.user());
            }
        });
        let login = ObjectId::new(KindName::RegistryCredential, ObjectKey::new("team", "login"));
        assert_eq!(told.into_inner().unwrap(), [login]);
    }
}
