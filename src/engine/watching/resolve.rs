//! From a reference to the object that it names, and to what AWS calls it.

use std::sync::Arc;

use kube::ResourceExt;

use crate::api::ObjectStatus as _;
use crate::api::{AwsAccount, Domain, Identity, KindName, ObjectRef, Repository};
use crate::engine::object::{Controlled, ObjectKey};
use crate::engine::pipeline::standing;
use crate::engine::status::summary;
use crate::engine::watching::cache::Cache;
use crate::engine::watching::caches::Caches;
use crate::error::{Error, Result};
use crate::reason::Reason;

impl ObjectKey {
    /// The object that a reference in `namespace` names.
    pub fn named(reference: &ObjectRef, namespace: &str) -> Self {
        Self::new(reference.namespace.as_deref().unwrap_or(namespace), &reference.name)
    }
}

/// Who follows a reference.
#[derive(Clone, Copy, Debug)]
pub struct Follower<'a> {
    /// The AwsAccount whose grants decide.
    pub account: &'a AwsAccount,
    /// The objects that references may name.
    pub caches: &'a Caches,
    /// The namespace of the object that holds the reference.
    pub namespace: &'a str,
}

impl Follower<'_> {
    /// The Domain that a reference names and what AWS calls it; an error that waits until it exists in AWS. About an object of
    /// another namespace only those learn anything who are `allowed` what it stands for, as their own account names it.
    pub fn domain(
        &self,
        reference: &ObjectRef,
        allowed: impl FnOnce(&Identity) -> bool,
    ) -> Result<(Arc<Domain>, Identity)> {
        let key = ObjectKey::named(reference, self.namespace);
        let object = self.caches.domains.get(&key);
        let pinned = object.as_ref().and_then(|object| object.status.as_ref()?.identity.as_ref());
        self.admit::<Domain>(&key, pinned, allowed)?;
        let (domain, identity) = domain(self.caches, &key)?;
        refuse_lost(domain.as_ref(), &key)?;
        Ok((domain, identity))
    }

    /// The Repository that a reference names; otherwise as [`Self::domain`].
    pub fn repository(
        &self,
        reference: &ObjectRef,
        allowed: impl FnOnce(&Identity) -> bool,
    ) -> Result<(Arc<Repository>, Identity)> {
        let key = ObjectKey::named(reference, self.namespace);
        let object = self.caches.repositories.get(&key);
        let pinned = object.as_ref().and_then(|object| object.status.as_ref()?.identity.as_ref());
        self.admit::<Repository>(&key, pinned, allowed)?;
        repository(self.caches, &key)
    }

    /// One answer for what is absent, for what is not in AWS yet, and for what is not granted.
    fn admit<K: Controlled>(
        &self,
        key: &ObjectKey,
        pinned: Option<&Identity>,
        allowed: impl FnOnce(&Identity) -> bool,
    ) -> Result<()> {
        let seen = pinned.map(|pinned| pinned.seen_from(&self.account.spec.account_id));
        if key.namespace == self.namespace || seen.as_ref().is_some_and(allowed) {
            return Ok(());
        }
        let (namespace, account) = (self.namespace, self.account.name_any());
        Err(if self.caches.may_use_anything(self.account, namespace) {
            let needed = format!("no grant of AwsAccount {account} lets namespace {namespace} `use` it");
            out_of_reach(K::KIND, key, &needed)
        } else {
            Error::stalled(
                Reason::GrantMissing,
                format!(
                    "no grant of AwsAccount {account} lets namespace {namespace} `use` what {kind} {key} stands for; a cluster \
                     administrator can add the name in AWS of that {kind} to spec.grants[].use",
                    kind = K::KIND.as_str()
                ),
            )
        })
    }
}

/// The Domain of that key and what AWS calls it; an error that waits until it exists in AWS.
fn domain(caches: &Caches, key: &ObjectKey) -> Result<(Arc<Domain>, Identity)> {
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

/// Refuses a reference to what lies in another Region than the one that the AwsAccount works in.
pub fn refuse_other_region(
    account: &AwsAccount,
    kind: KindName,
    key: &ObjectKey,
    found: &Identity,
) -> Result<()> {
    let own = &account.spec.region;
    if found.region == *own {
        return Ok(());
    }
    let kind = kind.as_str();
    Err(Error::invalid(
        "spec.accountRef.name",
        account.name_any(),
        format!(
            "AwsAccount {} works in {own}, and {kind} {key} lies in {}; name the AwsAccount that the {kind} names",
            account.name_any(),
            found.region
        ),
    ))
}

/// The answer to a reference into another namespace that no grant covers. It is the same whether the object exists or not, or else
/// anybody could learn what other namespaces have. `missing` says which grant there may not be.
pub fn out_of_reach(kind: KindName, key: &ObjectKey, missing: &str) -> Error {
    let kind = kind.as_str();
    Error::waiting(
        Reason::DependencyNotReady,
        format!(
            "{kind} {key} cannot be used from here: there is no such object, or the operator does not work in namespace {}, or the \
             {kind} is not ready, or {missing}; ask whoever owns the {kind}, or a cluster administrator",
            key.namespace
        ),
    )
}

fn existing<K: Controlled>(cache: &Cache<K>, key: &ObjectKey) -> Result<Arc<K>> {
    cache.get(key).ok_or_else(|| {
        let other = match K::KIND {
            // The domainRef of a Repository is immutable.
            KindName::Domain => "make a new object with the right domainRef",
            _ => "correct the name and the namespace of the reference",
        };
        let kind = K::KIND.as_str();
        let message = format!("{kind} {key} does not exist; create the object, or {other}");
        Error::waiting(Reason::DependencyNotReady, message)
    })
}

/// Refuses to write into what a referenced object has lost: AWS shows something under its name that somebody else made.
pub fn refuse_lost<K: Controlled>(object: &K, key: &ObjectKey) -> Result<()> {
    let verdict = object.status().and_then(|status| standing::verdict(status.common()));
    if matches!(verdict, Some(Reason::OwnedByOther | Reason::AdoptionRefused)) {
        return Err(not_in_aws(object, key));
    }
    Ok(())
}

/// The referenced object's own condition says why it cannot be used yet; whether it exists in AWS may not be known.
fn not_in_aws<K: Controlled>(object: &K, key: &ObjectKey) -> Error {
    let ready = object.status().and_then(|status| summary::ready(status.common()));
    let named = format!("{} {key}", K::KIND.as_str());
    let message = match ready {
        Some(ready) if ready.status != "True" => {
            format!("{named} is not ready ({}); its Ready condition says why", ready.reason)
        }
        _ => format!("{named} has not been reconciled yet"),
    };
    Error::waiting(Reason::DependencyNotReady, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const OWNER: &str = "123456789012";

    fn account(grants: &Value) -> AwsAccount {
        let spec = json!({"region": "us-east-1", "accountId": OWNER, "grants": grants});
        AwsAccount::new("default", serde_json::from_value(spec).unwrap())
    }

    fn caches(namespace: &str, pinned: bool, in_aws: bool) -> Caches {
        let identity = json!({"account": OWNER, "region": "us-east-1", "owner": OWNER, "domain": "acme", "repository": "npm"});
        let status = json!({"identity": pinned.then_some(identity), "arn": in_aws.then_some("arn")});
        let object = json!({
            "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Repository",
            "metadata": {"namespace": namespace, "name": "npm", "uid": "1"}, "spec": {}, "status": status
        });
        let caches = Caches::default();
        caches.repositories.apply(serde_json::from_value(object).unwrap());
        caches
    }

    /// What `team` is told about the Repository `platform/npm`.
    fn told(grants: &Value, caches: &Caches) -> Result<Identity> {
        let account = account(grants);
        let follower = Follower { account: &account, caches, namespace: "team" };
        let reference = ObjectRef { name: "npm".into(), namespace: Some("platform".into()) };
        let granted = |identity: &Identity| {
            caches
                .check_grants(
                    &account,
                    "team",
                    &[crate::engine::pipeline::grants::Access::Use(identity.grant_name())],
                )
                .is_ok()
        };
        follower.repository(&reference, granted).map(|(_, identity)| identity)
    }

    #[test]
    fn who_has_no_grant_cannot_tell_absent_from_forbidden() {
        let grant = |names: &[&str]| json!([{"namespaces": {"names": ["team"]}, "use": names}]);
        let worlds = [
            Caches::default(),
            caches("platform", false, false),
            caches("platform", true, false),
            caches("platform", true, true),
        ];
        for (sentence, grants, reason) in [
            ("no grant at all", json!([]), Reason::GrantMissing),
            ("a grant of something else", grant(&["acme/mine"]), Reason::DependencyNotReady),
        ] {
            let answers: Vec<_> = worlds.iter().map(|world| told(&grants, world).unwrap_err()).collect();
            for answer in &answers {
                assert_eq!((answer.reason(), answer.outlook()), (reason, answers[0].outlook()), "{sentence}");
                assert_eq!(answer.to_string(), answers[0].to_string(), "{sentence}");
                assert!(answer.to_string().contains("Repository platform/npm"), "{answer}");
                assert!(!answer.to_string().contains("acme"), "{answer}");
            }
        }
    }

    #[test]
    fn who_has_the_grant_is_told_the_truth() {
        let grants = json!([{"namespaces": {"names": ["team"]}, "use": ["acme/npm"]}]);
        assert_eq!(told(&grants, &caches("platform", true, true)).unwrap().to_string(), "acme/npm");
        let waiting = told(&grants, &caches("platform", true, false)).unwrap_err().to_string();
        assert_eq!(waiting, "Repository platform/npm has not been reconciled yet");
    }
}
