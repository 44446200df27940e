//! The declared repositories as a graph, in which only objects count that may act and do. Reads caches, calls nothing.

use std::collections::{BTreeMap, HashMap};

use kube::ResourceExt;

use super::RepositoryKind;
use super::cycle::cycle_through;
use super::declare::identify;
use crate::api::{Identity, Repository};
use crate::engine::object::ObjectKey;
use crate::engine::pipeline::grants::Access;
use crate::engine::pipeline::kind::Scope;
use crate::engine::pipeline::standing;
use crate::engine::watching::caches::Caches;
use crate::error::{Error, Result};
use crate::reason::Reason;

/// The AWS resource that objects manage, as the owner of the domain names the resource, and those objects.
type ByName = HashMap<Identity, Vec<ObjectKey>>;

/// Objects that wait for each other would wait for ever.
pub(super) fn refuse_cycle(repository: &Repository, identity: &Identity, scope: &Scope<'_>) -> Result<()> {
    if repository.spec.upstreams.is_empty() {
        return Ok(());
    }
    let own = ObjectKey::new(scope.namespace, scope.name);
    let by_name = objects_by_name(scope.caches);
    let mut edges = BTreeMap::new();
    edges.insert(own.clone(), successors(repository, identity, scope.caches, &by_name));
    let mut open: Vec<_> = edges[&own].clone();
    while let Some(key) = open.pop() {
        let Some(object) = scope.caches.repositories.get(&key).filter(|_| !edges.contains_key(&key)) else {
            continue;
        };
        let identity = identity_of(&object, scope.caches);
        let identity =
            identity.filter(|identity| standing::has_say::<RepositoryKind>(&object, identity, scope.caches));
        let next = identity.map(|identity| successors(&object, &identity, scope.caches, &by_name));
        let next = next.unwrap_or_default();
        open.extend(next.iter().cloned());
        edges.insert(key, next);
    }
    match cycle_through(&own, &edges) {
        // Who has its upstream in AWS already did not close the cycle: AWS takes no cycle.
        Some(members) if members.len() > 1 && !has_upstream(repository, &members[1], scope.caches) => {
            let path = members.iter().chain(members.first()).map(|key| named(key, &members[1], scope));
            Err(Error::stalled(
                Reason::InvalidSpec,
                format!(
                    "spec.upstreams make a cycle: {}; remove one of these upstreams",
                    path.collect::<Vec<_>>().join(" → ")
                ),
            ))
        }
        // A repository that names itself gets an error that names the field.
        _ => Ok(()),
    }
}

/// Whether AWS has the upstream already, as far as status tells.
fn has_upstream(repository: &Repository, upstream: &ObjectKey, caches: &Caches) -> bool {
    let object = caches.repositories.get(upstream);
    let identity = object.and_then(|object| identity_of(&object, caches));
    let known = repository.status.iter().flat_map(|status| &status.upstreams);
    identity
        .as_ref()
        .and_then(Identity::repository)
        .is_some_and(|name| known.into_iter().any(|known| known.name == name))
}

/// A member of a cycle for a reader of the namespace, who may have no right to know what other namespaces hold. The repository that
/// the spec itself names is told by its name in AWS.
fn named(key: &ObjectKey, upstream: &ObjectKey, scope: &Scope<'_>) -> String {
    if key.namespace == scope.namespace {
        return key.to_string();
    }
    let object = scope.caches.repositories.get(key).filter(|_| key == upstream);
    let identity = object.and_then(|object| identity_of(&object, scope.caches));
    identity.map_or_else(|| "a Repository of another namespace".to_owned(), |identity| identity.with_kind())
}

/// The declared objects that a repository has as upstreams, as far as its namespace may use them.
fn successors(
    repository: &Repository,
    identity: &Identity,
    caches: &Caches,
    by_name: &ByName,
) -> Vec<ObjectKey> {
    let namespace = repository.namespace().unwrap_or_default();
    let Ok(account) = caches.account(&repository.spec.management.account_ref.name) else { return vec![] };
    let may_use = |upstream: &Identity| {
        let claim = Access::Use(upstream.seen_from(&identity.account).grant_name());
        caches.check_grants(&account, &namespace, &[claim]).is_ok()
    };
    let upstreams = repository.spec.upstreams.iter();
    upstreams
        .flat_map(|upstream| match (&upstream.repository_ref, &upstream.name) {
            (Some(reference), _) => {
                let key = ObjectKey::named(reference, &namespace);
                let named = caches.repositories.get(&key).and_then(|object| identity_of(&object, caches));
                if named.is_some_and(|named| may_use(&named)) { vec![key] } else { vec![] }
            }
            (None, Some(name)) => {
                let named = identity.repository_named(name.clone());
                let objects = by_name.get(&named.canonical()).filter(|_| may_use(&named));
                objects.cloned().unwrap_or_default()
            }
            (None, None) => vec![],
        })
        .collect()
}

/// The declared objects by what they stand for in AWS. Where one of them has it already, the others of that name do not count.
fn objects_by_name(caches: &Caches) -> ByName {
    let mut named: HashMap<Identity, Vec<(ObjectKey, bool)>> = HashMap::new();
    for object in caches.repositories.all() {
        let Some(identity) = identity_of(&object, caches) else { continue };
        if standing::has_say::<RepositoryKind>(&object, &identity, caches) {
            let made = object.status.as_ref().is_some_and(|status| status.arn.is_some());
            named.entry(identity.canonical()).or_default().push((ObjectKey::of(object.as_ref()), made));
        }
    }
    let count = |objects: Vec<(ObjectKey, bool)>| {
        let made = objects.iter().any(|(_, made)| *made);
        objects.into_iter().filter(|(_, its)| *its == made).map(|(key, _)| key).collect()
    };
    named.into_iter().map(|(identity, objects)| (identity, count(objects))).collect()
}

fn identity_of(repository: &Repository, caches: &Caches) -> Option<Identity> {
    let pinned = repository.status.as_ref().and_then(|status| status.identity.clone());
    pinned.or_else(|| {
        let account = caches.account(&repository.spec.management.account_ref.name).ok()?;
        identify(repository, &account, caches).ok()
    })
}
