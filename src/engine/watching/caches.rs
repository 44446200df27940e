//! The objects of every kind, as last seen.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use kube::Resource;
use kube::core::PartialObjectMeta;

use crate::api::{
    AwsAccount, ClusterRegistryCredential, CredentialGrant, Domain, KindName, ObjectStatus, PackagePolicy,
    RegistryCredential, Repository,
};
use crate::credential::record::SecretRecord;
use crate::engine::object::{Controlled, ObjectId, ObjectKey};
use crate::engine::pipeline::downstreams::Downstreams;
use crate::engine::pipeline::grants;
use crate::engine::pipeline::grants::{Access, Requester};
use crate::engine::watching::cache::{Cache, Stored};
use crate::engine::watching::service_accounts::ServiceAccounts;
use crate::error::{Error, Result};
use crate::reason::Reason;

/// The objects of every kind, as last seen.
#[derive(Clone, Debug, Default)]
pub struct Caches {
    /// `AwsAccount`s.
    pub accounts: Cache<AwsAccount>,
    /// `Domain`s.
    pub domains: Cache<Domain>,
    /// `Repository` objects.
    pub repositories: Cache<Repository>,
    /// `PackagePolicy` objects.
    pub policies: Cache<PackagePolicy>,
    /// `RegistryCredential`s.
    pub credentials: Cache<RegistryCredential>,
    /// `ClusterRegistryCredential`s.
    pub cluster_credentials: Cache<ClusterRegistryCredential>,
    /// Namespaces, for their labels.
    pub namespaces: Cache<PartialObjectMeta<Namespace>>,
    /// The Secrets that a RegistryCredential or a ClusterRegistryCredential controls or controlled, as small records.
    pub secrets: Cache<SecretRecord>,
    /// The ServiceAccounts that logins may be minted as.
    pub service_accounts: ServiceAccounts,
    /// Which repositories use which as upstream, as AWS showed them.
    pub downstreams: Downstreams,
}

/// Asks the cache of the target's kind. The kinds of Kubernetes itself have no status of ours and are not waited for.
macro_rules! of_kind {
    ($caches:ident, $target:ident, $ask:ident) => {
        match $target.kind {
            KindName::AwsAccount => $ask(&$caches.accounts, &$target.key),
            KindName::Domain => $ask(&$caches.domains, &$target.key),
            KindName::Repository => $ask(&$caches.repositories, &$target.key),
            KindName::PackagePolicy => $ask(&$caches.policies, &$target.key),
            KindName::RegistryCredential => $ask(&$caches.credentials, &$target.key),
            KindName::ClusterRegistryCredential => $ask(&$caches.cluster_credentials, &$target.key),
            KindName::Delivery => {
                $ask(&$caches.cluster_credentials, &ObjectKey::new("", $target.key.name.as_str()))
            }
            KindName::Namespace | KindName::Secret | KindName::ServiceAccount => Default::default(),
        }
    };
}

impl Caches {
    /// The AwsAccount of that name; an error that waits when there is none.
    pub fn known_account(&self, name: &str) -> Result<std::sync::Arc<AwsAccount>> {
        let key = ObjectKey::new("", name);
        self.accounts.get(&key).ok_or_else(|| {
            let why = if self.accounts.is_unreadable(&key) {
                "cannot be read; correct it as its Ready condition says"
            } else {
                "does not exist; make it, or correct the accountRef"
            };
            Error::waiting(Reason::AccountNotReady, format!("AwsAccount {name} {why}"))
        })
    }

    /// The AwsAccount of that name; an error that waits when there is none or it is suspended.
    pub fn account(&self, name: &str) -> Result<std::sync::Arc<AwsAccount>> {
        let account = self.known_account(name)?;
        if account.spec.suspend {
            return Err(Error::waiting(
                Reason::Suspended,
                format!("AwsAccount {name} is suspended, because its spec.suspend is true"),
            ));
        }
        Ok(account)
    }

    /// Refuses the first claim that no grant of the account gives to the namespace.
    pub fn check_grants(&self, account: &AwsAccount, namespace: &str, claims: &[Access]) -> Result<()> {
        let labels = self.labels(namespace);
        grants::check(account, Requester { namespace, labels: labels.as_ref() }, claims)
    }

    /// Whether some grant of the account lets the namespace use or manage anything at all.
    pub fn may_use_anything(&self, account: &AwsAccount, namespace: &str) -> bool {
        let labels = self.labels(namespace);
        grants::any_use(account, Requester { namespace, labels: labels.as_ref() })
    }

    /// Whether some grant of the account gives the namespace tokens of any domain at all.
    pub fn may_have_tokens(&self, account: &AwsAccount, namespace: &str) -> bool {
        let labels = self.labels(namespace);
        grants::any_credentials(account, Requester { namespace, labels: labels.as_ref() })
    }

    /// The grant under which the namespace may have tokens of a domain (as [`crate::api::Identity::domain_grant_name`] writes it).
    pub fn credential_grant(
        &self,
        account: &AwsAccount,
        namespace: &str,
        domain: &str,
    ) -> Result<CredentialGrant> {
        let labels = self.labels(namespace);
        grants::credential(account, Requester { namespace, labels: labels.as_ref() }, domain).cloned()
    }

    /// Whether an object manages something in AWS or holds a token. An object that never had a grant does neither.
    pub fn uses_aws(&self, target: &ObjectId) -> bool {
        fn uses<K: Controlled>(cache: &Cache<K>, key: &ObjectKey) -> bool {
            cache.get(key).is_some_and(|object| object.status().is_some_and(ObjectStatus::uses_aws))
        }
        // The object behind a delivery refers to the same AwsAccounts.
        target.kind != KindName::Delivery && of_kind!(self, target, uses)
    }

    /// Whether an object is known.
    pub fn exists(&self, object: &ObjectId) -> bool {
        fn known<K: Stored>(cache: &Cache<K>, key: &ObjectKey) -> bool {
            cache.get(key).is_some()
        }
        of_kind!(self, object, known)
    }

    /// The uid of an object; `None` when there is no such object.
    pub fn uid_of(&self, object: &ObjectId) -> Option<String> {
        fn uid<K: Stored>(cache: &Cache<K>, key: &ObjectKey) -> Option<String> {
            cache.get(key)?.uid().map(str::to_owned)
        }
        of_kind!(self, object, uid)
    }

    /// Whether an object is being deleted.
    pub fn is_deleted(&self, target: &ObjectId) -> bool {
        fn deleted<K: Resource>(cache: &Cache<K>, key: &ObjectKey) -> bool {
            cache.get(key).is_some_and(|object| object.meta().deletion_timestamp.is_some())
        }
        of_kind!(self, target, deleted)
    }

    /// The labels of a namespace; `None` while it has not been seen.
    pub fn labels(&self, namespace: &str) -> Option<BTreeMap<String, String>> {
        let namespace = self.namespaces.get(&ObjectKey::new("", namespace))?;
        Some(namespace.metadata.labels.clone().unwrap_or_default())
    }
}
