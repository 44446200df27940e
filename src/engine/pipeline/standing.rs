//! Whether an object counts when other objects are judged: in cycles, as another policy, in look-ups by AWS name. An object
//! counts only if the grants let it act, its mode is Enforce, and it owns the AWS name. This file reads caches only.

use kube::{Resource, ResourceExt};

use crate::api::{CommonStatus, Identity, Mode, ObjectStatus};
use crate::engine::object::{Controlled, ObjectKey};
use crate::engine::pipeline::kind::Kind;
use crate::engine::status::summary::{self, STALLED};
use crate::engine::watching::caches::Caches;
use crate::reason::Reason;

/// Why an object's own spec or place keeps it from acting, until somebody decides.
const VERDICTS: [Reason; 5] = [
    Reason::InvalidSpec,
    Reason::IdentityChanged,
    Reason::OwnedByOther,
    Reason::AdoptionRefused,
    Reason::GrantMissing,
];

/// Whether an object enforces `identity`, its namespace may, and nobody else was found to own it.
pub fn has_say<K: Kind>(object: &K::Object, identity: &Identity, caches: &Caches) -> bool {
    let settings = K::settings(object);
    let namespace = object.namespace().unwrap_or_default();
    // What it did stays as it is while its account is suspended.
    let account = caches.accounts.get(&ObjectKey::new("", &settings.account));
    settings.mode == Mode::Enforce
        && object.meta().deletion_timestamp.is_none()
        && (!K::OWNED || owns(object))
        && account.is_some_and(|account| {
            caches.check_grants(&account, &namespace, &K::required_grants(identity, settings.mode)).is_ok()
        })
}

/// Whether the object owns its AWS name, as far as is known.
pub fn owns<K: Controlled>(object: &K) -> bool {
    let status = object.status().map(ObjectStatus::common);
    let refused = status.and_then(verdict).filter(|verdict| *verdict != Reason::InvalidSpec);
    // What was found last is hidden while the object is suspended.
    refused.is_none() && (!object.suspended() || status.is_some_and(summary::is_ready))
}

/// The decision that an object waits for, if it waits for one about itself and not about access to AWS.
pub fn verdict(status: &CommonStatus) -> Option<Reason> {
    let stalled = status.conditions.iter().find(|seen| seen.type_ == STALLED && seen.status == "True")?;
    VERDICTS.into_iter().find(|reason| reason.as_str() == stalled.reason)
}
