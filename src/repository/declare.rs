//! From the spec and the objects that it refers to, to AWS names. Reads caches, calls nothing.

use std::collections::{BTreeMap, HashMap};

use kube::{Resource, ResourceExt};

use super::cycle::cycle_through;
use super::state::{RepositoryState, UpstreamState};
use crate::api::{AwsAccount, Identity, ObjectRef, Repository, Upstream};
use crate::engine::context::Caches;
use crate::engine::{ObjectKey, Scope, resolve};
use crate::error::{Error, Outlook, Reason, Result};

/// What AWS calls the repository. Waits for the Domain that it refers to.
pub(super) fn identify(repository: &Repository, account: &AwsAccount, caches: &Caches) -> Result<Identity> {
    let spec = &repository.spec;
    let own = &account.spec;
    let namespace = repository.namespace().unwrap_or_default();
    let (owner, domain) = match (&spec.domain_ref, &spec.domain) {
        (Some(reference), _) => {
            let key = ObjectKey::named(reference, &namespace);
            let (_, domain) = resolve::domain(caches, &key)?;
            if domain.region != own.region {
                return Err(Error::invalid(
                    "spec.accountRef.name",
                    account.name_any(),
                    format!(
                        "it works in {} and Domain {key} lies in {}; name the AwsAccount that the Domain names",
                        own.region, domain.region
                    ),
                ));
            }
            (domain.owner, domain.domain)
        }
        (None, Some(domain)) => {
            (domain.owner.clone().unwrap_or_else(|| own.account_id.clone()), domain.name.clone())
        }
        (None, None) => {
            return Err(Error::invalid(
                "spec.domainRef",
                "missing",
                "name the domain by domainRef or domain",
            ));
        }
    };
    Ok(Identity {
        account: own.account_id.clone(),
        region: own.region.clone(),
        owner,
        domain,
        repository: Some(spec.name.clone().unwrap_or_else(|| repository.name_any())),
    })
}

/// The declared state. What can never come about is told before what is waited for.
pub(super) fn declare(
    repository: &Repository,
    identity: &Identity,
    scope: &Scope<'_>,
) -> Result<RepositoryState> {
    refuse_cycle(repository, identity, scope)?;
    let upstreams = repository.spec.upstreams.iter().enumerate();
    let mut resolved: Vec<_> =
        upstreams.map(|(index, upstream)| resolve_upstream(index, upstream, identity, scope)).collect();
    let hopeless = |result: &Result<UpstreamState>| {
        result.as_ref().is_err_and(|error| error.outlook() == Outlook::Stalled)
    };
    if let Some(index) = resolved.iter().position(hopeless) {
        resolved.swap_remove(index)?;
    }
    refuse_duplicates(&resolved)?;
    let upstreams = resolved.into_iter().collect::<Result<_>>()?;
    Ok(RepositoryState::declared(&repository.spec, upstreams, scope.tags(&repository.spec.tags)))
}

fn resolve_upstream(
    index: usize,
    upstream: &Upstream,
    identity: &Identity,
    scope: &Scope<'_>,
) -> Result<UpstreamState> {
    let field = |member: &str| format!("spec.upstreams[{index}].{member}");
    let (field, named) = match (&upstream.repository_ref, &upstream.name) {
        (Some(reference), _) => {
            let field = field("repositoryRef");
            let named = referred(&field, reference, identity, scope)?;
            (field, named)
        }
        (None, Some(name)) => (field("name"), UpstreamState { name: name.clone(), created: None }),
        (None, None) => {
            return Err(Error::invalid(
                field("name"),
                "missing",
                "name the upstream by repositoryRef or name",
            ));
        }
    };
    if Some(&named.name) == identity.repository.as_ref() {
        return Err(Error::invalid(
            field,
            named.name,
            "a repository cannot be its own upstream; remove it from the list",
        ));
    }
    Ok(named)
}

/// The upstream that another object stands for, which must be in the same domain.
fn referred(
    field: &str,
    reference: &ObjectRef,
    identity: &Identity,
    scope: &Scope<'_>,
) -> Result<UpstreamState> {
    let key = ObjectKey::named(reference, scope.namespace);
    let (object, its) = resolve::repository(scope.caches, &key)?;
    if (&its.owner, &its.domain, &its.region) != (&identity.owner, &identity.domain, &identity.region) {
        return Err(Error::invalid(
            field,
            key.to_string(),
            format!(
                "it stands for {}, and an upstream must be in the same domain, {}; name a repository of that domain",
                its.resource(),
                identity.domain_resource()
            ),
        ));
    }
    let created = object.status.as_ref().and_then(|status| status.created_time);
    Ok(UpstreamState { name: its.repository.unwrap_or_default(), created })
}

fn refuse_duplicates(upstreams: &[Result<UpstreamState>]) -> Result<()> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, upstream) in upstreams.iter().enumerate() {
        let Ok(UpstreamState { name, .. }) = upstream else { continue };
        if let Some(first) = seen.insert(name, index) {
            return Err(Error::invalid(
                format!("spec.upstreams[{index}]"),
                name,
                format!("the same repository is spec.upstreams[{first}]; remove one of them"),
            ));
        }
    }
    Ok(())
}

/// Objects that wait for each other would wait for ever.
fn refuse_cycle(repository: &Repository, identity: &Identity, scope: &Scope<'_>) -> Result<()> {
    if repository.spec.upstreams.is_empty() {
        return Ok(());
    }
    let own = ObjectKey::new(scope.namespace, scope.name);
    let by_name = objects_by_name(scope.caches);
    let mut edges = BTreeMap::new();
    edges.insert(own.clone(), successors(repository, Some(identity), &by_name));
    let mut open: Vec<_> = edges[&own].clone();
    while let Some(key) = open.pop() {
        let Some(object) = scope.caches.repositories.get(&key).filter(|_| !edges.contains_key(&key)) else {
            continue;
        };
        let next = successors(&object, identity_of(&object, scope.caches).as_ref(), &by_name);
        open.extend(next.iter().cloned());
        edges.insert(key, next);
    }
    match cycle_through(&own, &edges) {
        Some(members) if members.len() > 1 => {
            let path = members.iter().chain(members.first()).map(ToString::to_string).collect::<Vec<_>>();
            Err(Error::stalled(
                Reason::InvalidSpec,
                format!("spec.upstreams make a cycle: {}; remove one of these upstreams", path.join(" → ")),
            ))
        }
        // One that names only itself is told with its field.
        _ => Ok(()),
    }
}

/// The declared objects that a repository has as upstreams.
fn successors(
    repository: &Repository,
    identity: Option<&Identity>,
    by_name: &HashMap<Identity, ObjectKey>,
) -> Vec<ObjectKey> {
    if repository.meta().deletion_timestamp.is_some() {
        return vec![];
    }
    let namespace = repository.namespace().unwrap_or_default();
    let upstreams = repository.spec.upstreams.iter();
    upstreams
        .filter_map(|upstream| match (&upstream.repository_ref, &upstream.name) {
            (Some(reference), _) => Some(ObjectKey::named(reference, &namespace)),
            (None, Some(name)) => {
                let named = Identity { repository: Some(name.clone()), ..identity?.clone() };
                by_name.get(&named).cloned()
            }
            (None, None) => None,
        })
        .collect()
}

/// The declared objects by what they stand for in AWS.
fn objects_by_name(caches: &Caches) -> HashMap<Identity, ObjectKey> {
    let objects = caches.repositories.all();
    let named = objects
        .iter()
        .filter_map(|object| Some((identity_of(object, caches)?, ObjectKey::of(object.as_ref()))));
    named.collect()
}

fn identity_of(repository: &Repository, caches: &Caches) -> Option<Identity> {
    let pinned = repository.status.as_ref().and_then(|status| status.identity.clone());
    pinned.or_else(|| {
        let account = caches.account(&repository.spec.management.account_ref.name).ok()?;
        identify(repository, &account, caches).ok()
    })
}

#[cfg(test)]
mod tests;
