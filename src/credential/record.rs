//! What is kept in memory of a Secret: a record of small and fixed size, however large its metadata is.

mod foreign;
mod seen;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use super::binding::Binding;
use super::field_ownership::{Digest, FieldOwnership, digest, is_marked};
use crate::api::{CONTENT, GROUP, KindName, MANAGED_BY, MANAGER};
use crate::engine::object::{ObjectId, ObjectKey};
use crate::engine::watching::cache::Stored;

pub use foreign::Foreign;
pub use seen::SeenSecret;

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
    /// Of a Secret that no RegistryCredential or ClusterRegistryCredential controls: whose it is.
    pub foreign: Option<Box<Foreign>>,
}

/// The object that controls a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretController {
    /// uid of the object.
    pub uid: String,
    /// Name of the object.
    pub name: String,
    /// The kind of the object, if it is a RegistryCredential or a ClusterRegistryCredential.
    pub credential: Option<KindName>,
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

    /// Whether nobody controls the Secret, and its annotation allows the object of that name to take the Secret over.
    pub fn allows_takeover_by(&self, credential: &str) -> bool {
        let foreign = self.foreign.as_ref().filter(|_| self.controller.is_none());
        foreign.is_some_and(|foreign| foreign.allows.as_deref() == Some(credential))
    }

    /// Whose login the Secret holds: a RegistryCredential, or the delivery of a ClusterRegistryCredential to this namespace.
    pub fn user(&self) -> Option<ObjectId> {
        let controller = self.controller.as_ref()?;
        let kind = match controller.credential? {
            KindName::ClusterRegistryCredential => KindName::Delivery,
            kind => kind,
        };
        Some(ObjectId::new(kind, ObjectKey::new(self.key.namespace.clone(), controller.name.clone())))
    }
}

impl SecretController {
    fn of(owner: &OwnerReference) -> Self {
        let group = owner.api_version.split('/').next().unwrap_or_default();
        let mut kinds = [KindName::RegistryCredential, KindName::ClusterRegistryCredential].into_iter();
        Self {
            uid: owner.uid.clone(),
            name: owner.name.clone(),
            credential: kinds.find(|kind| group == GROUP && owner.kind == kind.as_str()),
        }
    }
}

fn annotation<'a>(seen: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    seen.annotations.as_ref()?.get(key).map(String::as_str)
}

fn state(seen: &ObjectMeta) -> Option<Digest> {
    let (ours, others) = (FieldOwnership::of(seen, true), FieldOwnership::of(seen, false));
    let labels = values_of(seen.labels.as_ref(), &ours.labels)?;
    let annotations = values_of(seen.annotations.as_ref(), &ours.annotations)?;
    others.data.is_empty().then(|| digest(&labels, &annotations, &ours.data))
}

/// The labels or annotations that are claimed; `None` when one of them is not there.
fn values_of(
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
