//! How versions get into a repository: by publishing, or retained from elsewhere.

use super::package::{OriginConfiguration, Package, PackageKey, Restriction};
use super::repository::Repository;
use super::resolution::{Place, search};
use super::version::{Asset, Origin, Version};
use super::{DomainKey, State};
use crate::error::{Error, ResourceType, Result};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// What a client publishes: one file of a version.
pub(crate) struct Publication {
    pub(crate) key: PackageKey,
    pub(crate) version: String,
    pub(crate) asset: Asset,
    pub(crate) metadata: Value,
    /// npm's distribution tags that shall point to the version.
    pub(crate) tags: Vec<String>,
    /// Whether a version that is there may get one more file.
    pub(crate) may_extend: bool,
}

impl State {
    /// Publish, unless the origin configuration or a version that is there stands against it.
    pub(crate) fn publish(
        &mut self,
        domain: &DomainKey,
        repository: &str,
        publication: Publication,
        now: Timestamp,
    ) -> Result<()> {
        self.check_publication(domain, repository, &publication)?;
        let Publication { key, version, asset, metadata, tags, .. } = publication;
        let repository = self.domain_mut(domain)?.repository_mut(repository)?;
        let origin = Origin::Internal(repository.name.clone());
        let package = repository.package_for_first_version(&key, true);
        if let Some(known) = package.version_mut(&version) {
            known.put_asset(asset);
        } else {
            let made = Version::new(&version, origin, asset, metadata, now);
            package.versions.insert(version.clone(), Arc::new(made));
        }
        package.tags.extend(tags.into_iter().map(|tag| (tag, version.clone())));
        Ok(())
    }

    fn check_publication(
        &self,
        domain: &DomainKey,
        repository: &str,
        publication: &Publication,
    ) -> Result<()> {
        let Publication { key, version, asset, may_extend, .. } = publication;
        let domain = self.domain(domain)?;
        let repository = domain.repository(repository)?;
        let places = search(domain, &self.public, repository, key)?;
        let own = repository.packages.get(key);
        if own.is_some_and(|package| package.origin.publish == Restriction::Block) {
            return Err(Error::access_denied(format!(
                "The origin configuration of package '{}' in repository '{}' blocks publishing",
                key.full_name(),
                repository.name
            )));
        }
        let conflict = |message: String| Err(Error::conflict(ResourceType::PackageVersion, version, message));
        let name = key.full_name();
        // When upstreams are blocked, the search has not gone there.
        let is_elsewhere = |place: &&Place<'_>| {
            (place.is_public || place.repository.id != repository.id)
                && place.package.versions.contains_key(version)
        };
        if let Some(place) = places.iter().find(is_elsewhere) {
            return conflict(format!(
                "Version '{version}' of package '{name}' is reachable through '{}', and the origin \
                 configuration of the package allows upstreams",
                place.repository.name
            ));
        }
        match own.and_then(|package| package.versions.get(version)) {
            Some(_) if !may_extend => {
                conflict(format!("Version '{version}' of package '{name}' already exists"))
            }
            Some(known) if known.asset(&asset.name).is_some() => conflict(format!(
                "Asset '{}' of version '{version}' of package '{name}' already exists",
                asset.name
            )),
            _ => Ok(()),
        }
    }
}

impl Repository {
    /// Keep a version that was found elsewhere.
    pub(crate) fn retain(&mut self, key: &PackageKey, version: Arc<Version>) {
        let package = self.package_for_first_version(key, false);
        package.versions.entry(version.number.clone()).or_insert(version);
    }

    /// The package; a record that is not there yet is made with the defaults for its first version.
    fn package_for_first_version(&mut self, key: &PackageKey, published_here: bool) -> &mut Package {
        let origin = OriginConfiguration::of_first_version(published_here);
        self.package_or_insert(key, origin)
    }

    /// The package; a record that is not there yet is made with that origin configuration.
    pub(crate) fn package_or_insert(
        &mut self,
        key: &PackageKey,
        origin: OriginConfiguration,
    ) -> &mut Package {
        let made = || Arc::new(Package::new(key.clone(), origin));
        Arc::make_mut(self.packages.entry(key.clone()).or_insert_with(made))
    }
}
