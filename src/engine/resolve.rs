//! From a reference to the object that it names, and to what AWS calls it.

use std::sync::Arc;

use super::summary;
use super::{Controlled, KindName, ObjectKey, cache::Cache, context::Caches};
use crate::api::{Domain, Identity, ObjectRef, Repository};
use crate::error::{Error, Reason, Result};

impl ObjectKey {
    /// The object that a reference in `namespace` names.
    pub fn named(reference: &ObjectRef, namespace: &str) -> Self {
        Self::new(reference.namespace.as_deref().unwrap_or(namespace), &reference.name)
    }
}

/// The Domain of that key and what AWS calls it; an error that waits until it exists in AWS.
pub fn domain(caches: &Caches, key: &ObjectKey) -> Result<(Arc<Domain>, Identity)> {
    let domain = existing(&caches.domains, key)?;
    let status = domain.status.as_ref();
    let identity = status.filter(|status| status.arn.is_some()).and_then(|status| status.identity.clone());
    let identity = identity.ok_or_else(|| not_in_aws(domain.as_ref(), key))?;
    Ok((domain, identity))
}

/// The Repository of that key and what AWS calls it; an error that waits until it exists in AWS.
pub fn repository(caches: &Caches, key: &ObjectKey) -> Result<(Arc<Repository>, Identity)> {
    let repository = existing(&caches.repositories, key)?;
    let status = repository.status.as_ref();
    let identity = status.filter(|status| status.arn.is_some()).and_then(|status| status.identity.clone());
    let identity = identity.ok_or_else(|| not_in_aws(repository.as_ref(), key))?;
    Ok((repository, identity))
}

/// The answer to a reference into another namespace that no grant covers. It is the same whether the object exists or not, or else
/// anybody could learn what other namespaces have. `needed` names the grant.
pub fn out_of_reach(kind: KindName, key: &ObjectKey, needed: &str) -> Error {
    let kind = kind.as_str();
    Error::waiting(
        Reason::DependencyNotReady,
        format!(
            "{kind} {key} cannot be used from here: it is not there or not in AWS yet, or there is no {needed}; ask whoever owns the \
             {kind}, or a cluster administrator for the grant"
        ),
    )
}

fn existing<K: Controlled>(cache: &Cache<K>, key: &ObjectKey) -> Result<Arc<K>> {
    cache.get(key).ok_or_else(|| {
        Error::waiting(Reason::DependencyNotReady, format!("{} {key} does not exist", K::KIND.as_str()))
    })
}

/// The referenced object's own condition says why it cannot be used yet; whether it exists in AWS may not be known.
fn not_in_aws<K: Controlled>(object: &K, key: &ObjectKey) -> Error {
    let ready = object.status().and_then(|status| summary::ready(K::common(status)));
    let named = format!("{} {key}", K::KIND.as_str());
    let message = match ready {
        Some(ready) if ready.status != "True" => {
            format!("{named} is not ready ({}); its Ready condition says why", ready.reason)
        }
        _ => format!("{named} has not been reconciled yet"),
    };
    Error::waiting(Reason::DependencyNotReady, message)
}
