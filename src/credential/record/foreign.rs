//! What is known of a Secret of somebody else.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};

use super::{SecretController, annotation};
use crate::api::ALLOW_TAKEOVER;

/// The longest name that an object of Kubernetes can have.
const NAME: usize = 253;

/// Whether a field manager holds the type, the data or a part of the data of a Secret.
fn writes_data(entry: &ManagedFieldsEntry) -> bool {
    let fields = entry.fields_v1.as_ref().and_then(|fields| fields.0.as_object());
    fields.is_some_and(|fields| ["f:data", "f:type"].iter().any(|field| fields.contains_key(*field)))
}

/// Whose a Secret is that no RegistryCredential or ClusterRegistryCredential controls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreign {
    /// Kind and name of the object that controls the Secret.
    pub controller: Option<String>,
    /// The RegistryCredential or ClusterRegistryCredential that the annotation `allow-takeover` names.
    pub allows: Option<String>,
    /// Who wrote the data of the Secret last, and when.
    pub writer: Option<(String, Option<Timestamp>)>,
}

impl Foreign {
    pub(super) fn of(seen: &ObjectMeta) -> Option<Self> {
        let controller = seen.owner_references.iter().flatten().find(|owner| owner.controller == Some(true));
        if controller.is_some_and(|owner| SecretController::of(owner).credential.is_some()) {
            return None;
        }
        let entries = || seen.managed_fields.iter().flatten();
        let time = |entry: &&ManagedFieldsEntry| entry.time.as_ref().map(|time| time.0);
        // Whoever sets the annotation that consents to a takeover writes no data.
        let last = entries().filter(|entry| writes_data(entry)).max_by_key(time);
        let last = last.or_else(|| entries().max_by_key(time));
        Some(Self {
            controller: controller.map(|owner| format!("{} {}", owner.kind, owner.name)),
            allows: annotation(seen, ALLOW_TAKEOVER).filter(|name| name.len() <= NAME).map(Into::into),
            writer: last.and_then(|entry| Some((entry.manager.clone()?, entry.time.as_ref()?.0.into()))),
        })
    }

    /// Who wrote the data of the Secret last, as a part of a sentence.
    pub(in crate::credential) fn last_written(&self) -> Option<String> {
        let (manager, time) = self.writer.as_ref()?;
        let at = time.map(|time| format!(" at {time}")).unwrap_or_default();
        Some(format!(" (written last by {manager}{at})"))
    }
}
