//! What a scrape of the metrics counts: objects by health, and when logins expire.

use std::sync::Arc;

use crate::api::{ObjectStatus, RegistryCredential};
use crate::engine::object::{Controlled, ObjectKey};
use crate::engine::status::summary;
use crate::engine::watching::cache::Cache;
use crate::ops::{Expiry, Health};
use crate::reason::Reason;

/// How many objects of a kind are ready, degraded, not ready, or not looked at yet.
pub(super) fn health<K: Controlled>(cache: &Cache<K>) -> Health {
    let mut health = Health::default();
    for object in cache.all() {
        match object.status().map(ObjectStatus::common).and_then(summary::ready) {
            Some(ready) if ready.status == "True" => {
                let degraded = Reason::named(&ready.reason).is_some_and(Reason::is_degraded);
                *(if degraded { &mut health.degraded } else { &mut health.ready }) += 1;
            }
            Some(_) => health.unready += 1,
            None => health.unknown += 1,
        }
    }
    health
}

/// When each login that was given out stops to work. A login that could not be renewed in time stays among them.
pub(super) fn expiries(cache: &Cache<RegistryCredential>) -> Vec<Expiry> {
    let expiry = |object: Arc<RegistryCredential>| {
        let tokens = &object.status.as_ref()?.tokens;
        let expires = tokens.iter().map(|token| token.expires_at).min()?;
        Some(Expiry { key: ObjectKey::of(object.as_ref()), expires })
    };
    cache.all().into_iter().filter_map(expiry).collect()
}
