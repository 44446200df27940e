//! Domains.

use super::domain_key::DomainKey;
use super::group::{Group, Groups, arn_path};
use super::permissions::Permissions;
use super::repository::Repository;
use super::tags::Tags;
use super::{Settings, State};
use crate::error::{Error, ResourceType, Result};
use crate::wire::timestamp;
use imbl::OrdMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A domain with all that is in it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Domain {
    pub(crate) key: DomainKey,
    pub(crate) arn: String,
    /// The lowest that no other domain had when it was made; it decides the domain's own address.
    pub(crate) number: u32,
    pub(crate) tags: Tags,
    pub(crate) policy: Option<Permissions>,
    pub(crate) repositories: OrdMap<String, Arc<Repository>>,
    pub(crate) groups: Groups,
    encryption_key: String,
    created: Timestamp,
}

impl Domain {
    /// A new domain. The encryption key is an ARN, however it was named.
    pub(crate) fn new(settings: &Settings, key: DomainKey, encryption_key: String, now: Timestamp) -> Self {
        Self {
            arn: settings.arn(&key.owner, &format!("domain/{}", key.name)),
            number: 0,
            encryption_key,
            key,
            tags: Tags::default(),
            policy: None,
            repositories: OrdMap::new(),
            groups: Groups::new(now),
            created: now,
        }
    }

    /// The ARN of the key that its assets are encrypted with.
    pub(super) fn encryption_key(&self) -> &str {
        &self.encryption_key
    }

    /// A `DomainSummary`.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "name": self.key.name,
            "owner": self.key.owner,
            "arn": self.arn,
            "status": "Active",
            "createdTime": timestamp(self.created),
            "encryptionKey": self.encryption_key,
        })
    }

    /// A `DomainDescription`.
    pub(crate) fn description(&self, settings: &Settings) -> Value {
        let mut description = self.summary();
        description["repositoryCount"] = self.repositories.len().into();
        description["assetSizeBytes"] = self.asset_size_bytes().into();
        // The bucket belongs to the service's own account, one for each Region.
        description["s3BucketArn"] = format!("arn:aws:s3:::assets-193858265520-{}", settings.region).into();
        description
    }

    /// The repository of that name.
    pub(crate) fn repository(&self, name: &str) -> Result<&Repository> {
        self.repositories.get(name).map(AsRef::as_ref).ok_or_else(|| self.no_repository(name))
    }

    /// The repository of that name, to change it.
    pub(crate) fn repository_mut(&mut self, name: &str) -> Result<&mut Repository> {
        let missing = self.no_repository(name);
        self.repositories.get_mut(name).map(Arc::make_mut).ok_or(missing)
    }

    /// The package group with that pattern.
    pub(crate) fn group(&self, pattern: &str) -> Result<&Group> {
        self.groups.get(pattern).ok_or_else(|| self.no_group(pattern))
    }

    /// The package group with that pattern, to change it.
    pub(crate) fn group_mut(&mut self, pattern: &str) -> Result<&mut Group> {
        let missing = self.no_group(pattern);
        self.groups.get_mut(pattern).ok_or(missing)
    }

    /// The ARN of a package group, whether it exists or not.
    pub(crate) fn group_arn(&self, pattern: &str, settings: &Settings) -> String {
        settings.arn(&self.key.owner, &arn_path(&self.key.name, pattern))
    }

    fn no_group(&self, pattern: &str) -> Error {
        let DomainKey { owner, name: domain } = &self.key;
        let message = format!(
            "Package group not found. Package group '{pattern}' in domain '{domain}' owned by account \
             '{owner}' does not exist"
        );
        Error::not_found(ResourceType::PackageGroup, pattern, message)
    }

    fn no_repository(&self, name: &str) -> Error {
        let DomainKey { owner, name: domain } = &self.key;
        let message = format!(
            "Repository not found. Repository '{name}' in domain '{domain}' owned by account \
             '{owner}' does not exist"
        );
        Error::not_found(ResourceType::Repository, name, message)
    }

    /// The size of all assets; one that several repositories hold counts once.
    fn asset_size_bytes(&self) -> u64 {
        let assets: BTreeMap<_, _> = self.repositories.values().flat_map(|one| one.assets()).collect();
        assets.values().sum()
    }
}

impl State {
    /// The lowest number that no domain has.
    pub(crate) fn free_number(&self) -> u32 {
        let taken: BTreeSet<_> = self.domain_numbers().collect();
        (0..=u32::MAX).find(|number| !taken.contains(number)).unwrap_or_default()
    }

    /// The numbers that domains have.
    pub(crate) fn domain_numbers(&self) -> impl Iterator<Item = u32> {
        self.domains.values().map(|domain| domain.number)
    }

    /// The domain with that key.
    pub(crate) fn domain(&self, key: &DomainKey) -> Result<&Domain> {
        self.domains.get(key).map(AsRef::as_ref).ok_or_else(|| no_domain(key))
    }

    /// The domain with that key, to change it.
    pub(crate) fn domain_mut(&mut self, key: &DomainKey) -> Result<&mut Domain> {
        self.domains.get_mut(key).map(Arc::make_mut).ok_or_else(|| no_domain(key))
    }
}

fn no_domain(key: &DomainKey) -> Error {
    let message = format!("Domain not found. Domain {key} does not exist");
    Error::not_found(ResourceType::Domain, &key.name, message)
}
