//! What is kept in memory of a Secret: a record of small and fixed size, however large its metadata is.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::Resource;
use serde::{Deserialize, Deserializer};

use super::binding::Binding;
use super::secret::{Claims, Digest, digest, is_marked};
use crate::api::{ALLOW_TAKEOVER, CONTENT, MANAGED_BY, MANAGER, RegistryCredential};
use crate::engine::cache::Stored;
use crate::engine::watch::Incoming;
use crate::engine::{KindName, ObjectKey, Target};

/// The longest name that an object of Kubernetes can have.
const NAME: usize = 253;

/// What decisions need to know of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRecord {
    /// Namespace and name.
    pub key: ObjectKey,
    /// metadata.uid.
    pub uid: String,
    /// metadata.resourceVersion.
    pub version: String,
    /// The object that controls the Secret.
    pub controller: Option<SecretController>,
    /// Whether the Secret is being deleted.
    pub deleting: bool,
    /// Whether the label says that the Secret is managed by us: without it and without an owner of ours we may not write it.
    pub labelled: bool,
    /// Whether the Secret has the mark of the operator's own Secrets.
    pub marked: bool,
    /// Digest of the labels, annotations and data keys that we hold; `None` while somebody else holds a data key.
    pub state: Option<Digest>,
    /// What the content annotation says of the namespace and name for which the operator wrote the Secret.
    pub binding: Option<Binding>,
    /// Of a Secret that no RegistryCredential controls: whose it is.
    pub foreign: Option<Box<Foreign>>,
}

/// Whose a Secret is that no RegistryCredential controls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreign {
    /// Kind and name of the object that controls the Secret.
    pub controller: Option<String>,
    /// The RegistryCredential that the annotation `allow-takeover` names.
    pub allows: Option<String>,
    /// Who wrote to the Secret last, and when.
    pub writer: Option<(String, Option<Timestamp>)>,
}

/// The object that controls a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretController {
    /// uid of the object.
    pub uid: String,
    /// Name of the object.
    pub name: String,
    /// Whether the object is a RegistryCredential.
    pub is_credential: bool,
}

impl SecretRecord {
    /// The record of a Secret with that metadata.
    pub fn of(seen: &ObjectMeta) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let controller = seen.owner_references.iter().flatten().find(|owner| owner.controller == Some(true));
        Self {
            key: ObjectKey::new(text(&seen.namespace), text(&seen.name)),
            uid: text(&seen.uid),
            version: text(&seen.resource_version),
            controller: controller.map(SecretController::of),
            deleting: seen.deletion_timestamp.is_some(),
            labelled: seen
                .labels
                .as_ref()
                .and_then(|labels| labels.get(MANAGED_BY))
                .is_some_and(|by| by == MANAGER),
            marked: is_marked(seen),
            state: state(seen),
            binding: annotation(seen, CONTENT).and_then(Binding::of),
            foreign: Foreign::of(seen).map(Box::new),
        }
    }

    /// Whether the object with that uid controls the Secret.
    pub fn is_controlled_by(&self, uid: &str) -> bool {
        self.controller.as_ref().is_some_and(|controller| controller.uid == uid)
    }

    /// Whether nobody controls the Secret, and its annotation allows the RegistryCredential of that name to take the Secret over.
    pub fn allows_takeover_by(&self, credential: &str) -> bool {
        let foreign = self.foreign.as_ref().filter(|_| self.controller.is_none());
        foreign.is_some_and(|foreign| foreign.allows.as_deref() == Some(credential))
    }

    /// The RegistryCredential that controls the Secret.
    pub fn credential(&self) -> Option<Target> {
        let controller = self.controller.as_ref().filter(|controller| controller.is_credential)?;
        let key = ObjectKey::new(self.key.namespace.clone(), controller.name.clone());
        Some(Target::new(KindName::RegistryCredential, key))
    }
}

impl SecretController {
    fn of(owner: &OwnerReference) -> Self {
        let group = owner.api_version.split('/').next().unwrap_or_default();
        Self {
            uid: owner.uid.clone(),
            name: owner.name.clone(),
            is_credential: owner.kind == KindName::RegistryCredential.as_str()
                && group == RegistryCredential::group(&()),
        }
    }
}

impl Foreign {
    fn of(seen: &ObjectMeta) -> Option<Self> {
        let controller = seen.owner_references.iter().flatten().find(|owner| owner.controller == Some(true));
        if controller.is_some_and(|owner| SecretController::of(owner).is_credential) {
            return None;
        }
        let entries = seen.managed_fields.iter().flatten();
        let last = entries.max_by_key(|entry| entry.time.as_ref().map(|time| time.0));
        Some(Self {
            controller: controller.map(|owner| format!("{} {}", owner.kind, owner.name)),
            allows: annotation(seen, ALLOW_TAKEOVER).filter(|name| name.len() <= NAME).map(Into::into),
            writer: last.and_then(|entry| Some((entry.manager.clone()?, entry.time.as_ref()?.0.into()))),
        })
    }

    /// Who wrote to the Secret last, as a part of a sentence.
    pub(super) fn last_written(&self) -> Option<String> {
        let (manager, time) = self.writer.as_ref()?;
        let at = time.map(|time| format!(" at {time}")).unwrap_or_default();
        Some(format!(" (written last by {manager}{at})"))
    }
}

fn annotation<'a>(seen: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    seen.annotations.as_ref()?.get(key).map(String::as_str)
}

fn state(seen: &ObjectMeta) -> Option<Digest> {
    let (ours, others) = (Claims::of(seen, true), Claims::of(seen, false));
    let labels = held(seen.labels.as_ref(), &ours.labels)?;
    let annotations = held(seen.annotations.as_ref(), &ours.annotations)?;
    others.data.is_empty().then(|| digest(&labels, &annotations, &ours.data))
}

/// The labels or annotations that are claimed; `None` when one of them is not there.
fn held(
    all: Option<&BTreeMap<String, String>>,
    claimed: &BTreeSet<String>,
) -> Option<BTreeMap<String, String>> {
    claimed.iter().map(|key| Some((key.clone(), all?.get(key)?.clone()))).collect()
}

impl Stored for SecretRecord {
    fn key(&self) -> ObjectKey {
        self.key.clone()
    }

    fn uid(&self) -> Option<&str> {
        Some(&self.uid)
    }

    fn version(&self) -> Option<&str> {
        Some(&self.version)
    }
}

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

    /// Anybody may put our label on a Secret, so a Secret that no RegistryCredential controls is not kept.
    fn matters(kept: &SecretRecord) -> bool {
        kept.credential().is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use kube::runtime::watcher::Event;
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::cache::Cache;
    use crate::engine::watch::take;

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
            if let crate::engine::watch::Change::Removed(_, Some(known)) = change {
                told.lock().unwrap().extend(known.credential());
            }
        });
        let login = Target::new(KindName::RegistryCredential, ObjectKey::new("team", "login"));
        assert_eq!(told.into_inner().unwrap(), [login]);
    }
}
