//! From the spec and the objects beside it to AWS names and controls. Reads caches, calls nothing.

use std::collections::HashSet;

use kube::ResourceExt;

use super::PackagePolicyKind;
use super::state::{PolicyState, Rival};
use crate::api::{AwsAccount, AwsResource, Identity, KindName, Mode, PackageName, PackagePolicy};
use crate::engine::object::ObjectKey;
use crate::engine::pipeline::grants::Access;
use crate::engine::pipeline::kind::Scope;
use crate::engine::pipeline::standing;
use crate::engine::watching::caches::Caches;
use crate::engine::watching::resolve::{Follower, refuse_lost, refuse_other_region};
use crate::error::{Error, Result};

/// What AWS calls the repository. Waits for the Repository that the policy refers to.
pub(super) fn identify(policy: &PackagePolicy, account: &AwsAccount, caches: &Caches) -> Result<Identity> {
    let own = &account.spec;
    match (&policy.spec.repository_ref, &policy.spec.repository) {
        (Some(reference), _) => {
            let namespace = policy.namespace().unwrap_or_default();
            let key = ObjectKey::named(reference, &namespace);
            let follower = Follower { account, caches, namespace: &namespace };
            let (repository, its) = follower.repository(reference, |named| {
                caches.check_grants(account, &namespace, &[Access::Use(named.grant_name())]).is_ok()
            })?;
            refuse_lost(repository.as_ref(), &key)?;
            refuse_other_region(account, KindName::Repository, &key, &its)?;
            Ok(Identity { account: own.account_id.clone(), ..its })
        }
        (None, Some(named)) => Ok(Identity {
            account: own.account_id.clone(),
            region: own.region.clone(),
            owner: named.owner.clone().unwrap_or_else(|| own.account_id.clone()),
            domain: named.domain.clone(),
            resource: AwsResource::Repository(named.name.clone()),
        }),
        (None, None) => Err(Error::invalid(
            "spec.repositoryRef",
            "missing",
            "name the repository by repositoryRef or repository",
        )),
    }
}

/// Refuses a package that is listed twice.
pub(super) fn refuse_twins(packages: &[PackageName]) -> Result<()> {
    let mut seen = HashSet::new();
    match packages.iter().position(|package| !seen.insert(package)) {
        None => Ok(()),
        Some(index) => Err(Error::invalid(
            format!("spec.packages[{index}]"),
            packages.get(index).map(ToString::to_string).unwrap_or_default(),
            "the package is listed twice; remove one of the two",
        )),
    }
}

/// The declared state, with what other policies say about the same packages.
pub(super) fn declare(policy: &PackagePolicy, identity: &Identity, scope: &Scope<'_>) -> PolicyState {
    let own = ObjectKey::new(scope.namespace, scope.name);
    let mut rivals: Vec<_> = scope
        .caches
        .policies
        .all()
        .iter()
        .filter(|other| ObjectKey::of(other.as_ref()) != own && counts(other, identity, scope.caches))
        .map(|other| Rival {
            name: named(other, policy),
            origin: other.spec.origin,
            packages: other.spec.packages.clone(),
        })
        .collect();
    rivals.sort_by(|one, other| one.name.cmp(&other.name));
    PolicyState::declared(&policy.spec.packages, policy.spec.origin, &rivals)
}

/// How a policy is told of another one. Whoever only observes a repository may have no right to know what other namespaces hold.
fn named(other: &PackagePolicy, policy: &PackagePolicy) -> String {
    if policy.spec.mode == Mode::Observe && other.namespace() != policy.namespace() {
        return "a PackagePolicy of another namespace".into();
    }
    format!("PackagePolicy {}", ObjectKey::of(other))
}

/// Whether another policy has a say about the same repository. What it guards stays guarded while its account is suspended
/// or its Repository object is away.
fn counts(other: &PackagePolicy, identity: &Identity, caches: &Caches) -> bool {
    let pinned = other.status.as_ref().and_then(|status| status.identity.clone());
    let named = || {
        let account = caches.accounts.get(&ObjectKey::new("", &other.spec.account_ref.name))?;
        identify(other, &account, caches).ok()
    };
    pinned.or_else(named).is_some_and(|its| {
        its.canonical() == identity.canonical() && standing::has_say::<PackagePolicyKind>(other, &its, caches)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Permission::{Allow, Block};
    use serde_json::json;

    fn policy(namespace: &str, name: &str, mode: &str, repository: &str, upstream: &str) -> PackagePolicy {
        serde_json::from_value(json!({
            "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "PackagePolicy",
            "metadata": {"namespace": namespace, "name": name, "uid": name},
            "spec": {
                "mode": mode, "repository": {"domain": "acme", "name": repository},
                "packages": [{"format": "pypi", "name": "a"}], "origin": {"publish": "Allow", "upstream": upstream}
            }
        }))
        .unwrap()
    }

    #[test]
    fn a_package_that_is_listed_twice_is_refused_with_its_place() {
        let mut packages = policy("team", "a", "Enforce", "npm", "Allow").spec.packages;
        assert!(refuse_twins(&packages).is_ok());
        packages.push(PackageName { name: "b".into(), ..packages[0].clone() });
        packages.push(packages[0].clone());
        let error = refuse_twins(&packages).unwrap_err().to_string();
        assert_eq!(error, "spec.packages[2] is pypi/a: the package is listed twice; remove one of the two");
    }

    #[test]
    fn only_policies_that_may_and_do_enforce_have_a_say() {
        let account: AwsAccount = serde_json::from_value(json!({
            "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": "default"},
            "spec": {"region": "us-east-1", "accountId": "123456789012",
                     "grants": [{"namespaces": {"names": ["team"]}, "manage": ["*/*"], "use": ["acme"]},
                                {"namespaces": {"names": ["half"]}, "manage": ["*/*"]}]}
        }))
        .unwrap();
        let table = [
            ("one that enforces", policy("team", "b", "Enforce", "npm", "Block"), Block, 1),
            ("one that only observes", policy("team", "b", "Observe", "npm", "Block"), Allow, 0),
            ("one of another repository", policy("team", "b", "Enforce", "other", "Block"), Allow, 0),
            (
                "one whose namespace has no grant",
                policy("stranger", "b", "Enforce", "npm", "Block"),
                Allow,
                0,
            ),
            (
                "one whose namespace may manage the repository but not use its domain",
                policy("half", "b", "Enforce", "npm", "Block"),
                Allow,
                0,
            ),
            ("itself", policy("team", "a", "Enforce", "npm", "Block"), Allow, 0),
        ];
        for (sentence, other, upstream, disputes) in table {
            let caches = Caches::default();
            caches.accounts.apply(account.clone());
            caches.policies.apply(other);
            let own = policy("team", "a", "Enforce", "npm", "Allow");
            let scope =
                Scope { account: &account, caches: &caches, owner_tag: "", namespace: "team", name: "a" };
            let identity = identify(&own, &account, &caches).unwrap();
            let state = declare(&own, &identity, &scope);
            let controls = state.packages.values().next().copied().flatten().unwrap();
            assert_eq!((controls.publish, controls.upstream), (Allow, upstream), "{sentence}");
            assert_eq!(state.disputes.0.len(), disputes, "{sentence}");
        }
    }

    #[test]
    fn an_observer_learns_no_names_of_other_namespaces() {
        let own = policy("team", "a", "Observe", "npm", "Allow");
        let others = [("team", "PackagePolicy team/b"), ("platform", "a PackagePolicy of another namespace")];
        for (namespace, expected) in others {
            assert_eq!(named(&policy(namespace, "b", "Enforce", "npm", "Block"), &own), expected);
        }
        let own = policy("team", "a", "Enforce", "npm", "Allow");
        assert_eq!(
            named(&policy("platform", "b", "Enforce", "npm", "Block"), &own),
            "PackagePolicy platform/b"
        );
    }
}
