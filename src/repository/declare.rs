//! From the spec and the objects that it refers to, to AWS names. Reads caches, calls nothing.

use std::collections::BTreeMap;

use kube::ResourceExt;

use super::graph::refuse_cycle;
use super::state::{RepositoryState, UpstreamState};
use crate::api::{AwsAccount, AwsResource, Identity, KindName, Mode, ObjectRef, Repository, Upstream};
use crate::engine::object::ObjectKey;
use crate::engine::pipeline::grants::Access;
use crate::engine::pipeline::kind::Scope;
use crate::engine::pipeline::standing;
use crate::engine::watching::caches::Caches;
use crate::engine::watching::resolve::{Follower, refuse_other_region};
use crate::error::{Error, Result};
use crate::reason::{Outlook, Reason};

/// What AWS calls the repository. Waits for the Domain that it refers to.
pub(super) fn identify(repository: &Repository, account: &AwsAccount, caches: &Caches) -> Result<Identity> {
    let spec = &repository.spec;
    let own = &account.spec;
    let namespace = repository.namespace().unwrap_or_default();
    let name = spec.name.clone().unwrap_or_else(|| repository.name_any());
    let (owner, domain) = match (&spec.domain_ref, &spec.domain) {
        (Some(reference), _) => {
            let key = ObjectKey::named(reference, &namespace);
            let follower = Follower { account, caches, namespace: &namespace };
            let (_, domain) = follower.domain(reference, |domain| {
                let within = domain.repository_named(name.clone());
                let granted = |claim| caches.check_grants(account, &namespace, &[claim]).is_ok();
                granted(Access::Use(domain.grant_name())) || granted(Access::Use(within.grant_name()))
            })?;
            refuse_other_region(account, KindName::Domain, &key, &domain)?;
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
        resource: AwsResource::Repository(name),
    })
}

/// The declared state. What can never come about is told before what is waited for.
pub(super) fn declare(
    repository: &Repository,
    identity: &Identity,
    scope: &Scope<'_>,
) -> Result<RepositoryState> {
    let enforced = repository.spec.management.mode == Mode::Enforce;
    let upstreams = repository.spec.upstreams.iter().enumerate();
    let mut resolved: Vec<_> = upstreams
        .map(|(index, upstream)| {
            let named = resolve_upstream(index, upstream, identity, scope)
                .map_err(|error| grant_of_recorded(error, index, repository, identity, scope))?;
            if enforced {
                scope.refuse_unless_granted(Access::Use(format!(
                    "{}/{}",
                    identity.domain_grant_name(),
                    named.name
                )))?;
            }
            Ok(named)
        })
        .collect();
    let hopeless = |result: &Result<UpstreamState>| {
        result.as_ref().is_err_and(|error| error.outlook() == Outlook::Stalled)
    };
    if let Some(index) = resolved.iter().position(hopeless) {
        resolved.swap_remove(index)?;
    }
    if enforced {
        refuse_cycle(repository, identity, scope)?;
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
            let key = ObjectKey::named(reference, scope.namespace);
            if key == ObjectKey::new(scope.namespace, scope.name) {
                return Err(own_upstream(field, key.to_string()));
            }
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
    if Some(named.name.as_str()) == identity.repository() {
        return Err(own_upstream(field, named.name));
    }
    Ok(named)
}

/// Names the grant that has gone, if the operator has already set this upstream for this generation of the spec. Otherwise the error stays
/// as it is. The name of the upstream comes from the object's own status, so that the error tells nothing about the other object.
fn grant_of_recorded(
    error: Error,
    index: usize,
    repository: &Repository,
    identity: &Identity,
    scope: &Scope<'_>,
) -> Error {
    let status = repository.status.as_ref().filter(|status| {
        let carried_out = status.carried_out_generation;
        error.reason() == Reason::DependencyNotReady
            && carried_out.is_some()
            && carried_out == repository.metadata.generation
    });
    let recorded = status.and_then(|status| status.upstreams.get(index));
    let needed =
        recorded.map(|upstream| Access::Use(format!("{}/{}", identity.domain_grant_name(), upstream.name)));
    needed.and_then(|needed| scope.refuse_unless_granted(needed).err()).unwrap_or(error)
}

fn own_upstream(field: String, value: String) -> Error {
    Error::invalid(
        field,
        value,
        "a repository cannot be its own upstream; remove this upstream from the list",
    )
}

/// The upstream that another object stands for, which must be in the same domain.
fn referred(
    field: &str,
    reference: &ObjectRef,
    identity: &Identity,
    scope: &Scope<'_>,
) -> Result<UpstreamState> {
    let key = ObjectKey::named(reference, scope.namespace);
    let Scope { account, caches, namespace, .. } = *scope;
    let follower = Follower { account, caches, namespace };
    let (object, its) = follower.repository(reference, |named| {
        scope.refuse_unless_granted(Access::Use(named.grant_name())).is_ok()
    })?;
    if (&its.owner, &its.domain, &its.region) != (&identity.owner, &identity.domain, &identity.region) {
        return Err(Error::invalid(
            field,
            key.to_string(),
            format!(
                "it stands for {}, and an upstream must be in the same domain, {}; name a repository of that domain",
                its,
                identity.domain_grant_name()
            ),
        ));
    }
    // Of an object that was refused what it names, AWS is asked, as it is of an upstream by AWS name.
    let status = object.status.as_ref().filter(|_| standing::owns(object.as_ref()));
    let created = status.and_then(|status| status.created_time);
    Ok(UpstreamState { name: its.repository().unwrap_or_default().to_owned(), created })
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

#[cfg(test)]
mod tests;
