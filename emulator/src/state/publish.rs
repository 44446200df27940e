//! How versions get into a repository: by publishing, or retained from elsewhere.

use super::package::{OriginConfiguration, Package, PackageKey, Restriction};
use super::repository::Repository;
use super::resolution::{Place, search};
use super::snapshot;
use super::version::{Asset, Details, Origin, Status, Version};
use super::{DomainKey, State};
use crate::error::{Error, ResourceType, Result};
use crate::options::Quotas;
use jiff::Timestamp;
use std::sync::Arc;

/// The most characters of names of packages, namespaces, versions and assets, as in the model.
const LONGEST_NAME: usize = 255;

/// What a client publishes: one file of a version.
pub(crate) struct Publication {
    pub(crate) key: PackageKey,
    pub(crate) version: String,
    pub(crate) asset: Asset,
    /// What the file says of the version, if it says anything.
    pub(crate) details: Option<Details>,
    /// npm's distribution tags that shall point to the version.
    pub(crate) tags: Vec<String>,
    pub(crate) growth: Growth,
    /// Whether more files are to come before the version is published.
    pub(crate) unfinished: bool,
}

/// Which files a version takes once it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    /// It came whole, and not even the same file can come again.
    Whole,
    /// Files of other names, at any time.
    Any,
    /// Files of other names, as long as it is unfinished.
    WhileUnfinished,
    /// Any file at any time, in the place of the one of its name.
    Replacing,
}

/// What a publication does to a version that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Add,
    /// The very file is there already.
    Nothing,
}

impl Publication {
    /// Whether a version that is there takes the file, and how.
    fn effect_on(&self, known: &Version, quotas: &Quotas) -> Result<Effect> {
        let (version, name) = (&self.version, self.key.full_name());
        let file = &self.asset.name;
        let conflict = |kind, id, message: String| Err(Error::conflict(kind, id, message));
        if self.growth == Growth::Whole || !known.status.is_publishable() {
            return Err(self.key.version_exists(version, known.status));
        }
        match known.asset(file) {
            Some(same) if same.sha256() == self.asset.sha256() => Ok(Effect::Nothing),
            Some(_) if self.growth == Growth::Replacing => Ok(Effect::Add),
            Some(_) => conflict(
                ResourceType::Asset,
                file,
                format!("Asset '{file}' of version '{version}' of package '{name}' has other content"),
            ),
            None if self.growth == Growth::WhileUnfinished && known.status != Status::Unfinished => conflict(
                ResourceType::PackageVersion,
                version,
                format!(
                    "Version '{version}' of package '{name}' already exists and takes no more assets: \
                     its status is {}",
                    known.status.name()
                ),
            ),
            None if known.assets.len() >= quotas.assets_per_package_version => {
                let limit = quotas.assets_per_package_version;
                let message = format!("A package version can have at most {limit} assets");
                Err(Error::quota(ResourceType::PackageVersion, version, message))
            }
            None => Ok(Effect::Add),
        }
    }

    fn added_to(self, known: &Version, quotas: &Quotas, now: Timestamp) -> Result<Version> {
        let effect = self.effect_on(known, quotas)?;
        let mut version = known.clone();
        if version.status == Status::Unfinished {
            version.move_to(self.status(), now);
        }
        if effect == Effect::Add {
            version.put_asset(self.asset, now);
            self.details.into_iter().for_each(|details| version.add_details(details));
        }
        Ok(version)
    }

    fn into_version(self, origin: Origin, now: Timestamp) -> Version {
        let status = self.status();
        let details = self.details.unwrap_or_default();
        Version { status, ..Version::new(&self.version, origin, self.asset, details, now) }
    }

    fn status(&self) -> Status {
        if self.unfinished { Status::Unfinished } else { Status::Published }
    }

    fn check_size(&self, quotas: &Quotas) -> Result<()> {
        if self.asset.content().len() <= quotas.asset_size_bytes {
            return Ok(());
        }
        let message = format!("An asset can have at most {} bytes", quotas.asset_size_bytes);
        Err(Error::quota(ResourceType::Asset, &self.asset.name, message))
    }
}

/// What is longer could be told by the API, and not asked for.
pub(crate) fn check_lengths(key: &PackageKey, version: &str, file: &str) -> Result<()> {
    let namespace = key.namespace.as_deref().unwrap_or_default();
    let names = [("namespace", namespace), ("name", &key.name), ("version", version), ("file", file)];
    match names.iter().find(|(_, text)| text.chars().count() > LONGEST_NAME) {
        Some((what, _)) => Err(Error::invalid(format!("The {what} has more than {LONGEST_NAME} characters"))),
        None => Ok(()),
    }
}

impl State {
    /// Publish, unless the package group, the origin configuration or a version that is there stands
    /// against it. The version as it is then comes back.
    pub(crate) fn publish(
        &mut self,
        domain: &DomainKey,
        repository: &str,
        publication: Publication,
        now: Timestamp,
    ) -> Result<Arc<Version>> {
        check_lengths(&publication.key, &publication.version, &publication.asset.name)?;
        publication.check_size(&self.settings.quotas)?;
        self.check_origin(domain, repository, (&publication.key, &publication.version))?;
        let settings = self.settings.clone();
        let domain = self.domain_mut(domain)?;
        let defaults = domain.groups.ruling(&publication.key).first_origin(true);
        let repository = domain.repository_mut(repository)?;
        let origin = Origin::Internal(repository.name.clone());
        let package = repository.package_or_insert(&publication.key, defaults);
        package.publish(publication, origin, &settings.quotas, now)
    }

    /// Whether versions may be published there at all, and this one is nowhere else. A build of a
    /// snapshot needs the snapshot to be nowhere else, too.
    pub(super) fn check_origin(
        &self,
        domain: &DomainKey,
        repository: &str,
        (key, version): (&PackageKey, &str),
    ) -> Result<()> {
        let snapshot = snapshot::of_build(key, version);
        let domain = self.domain(domain)?;
        let repository = domain.repository(repository)?;
        let places = search(domain, &self.public, repository, key, &self.settings.quotas)?;
        domain.groups.ruling(key).check_publish(key, &repository.name)?;
        let own = repository.packages.get(key);
        if own.is_some_and(|package| package.origin.publish == Restriction::Block) {
            return Err(Error::access_denied(format!(
                "The origin configuration of package '{}' in repository '{}' blocks publishing",
                key.full_name(),
                repository.name
            )));
        }
        // When upstreams are blocked, the search has not gone there.
        let is_elsewhere = |place: &&Place<'_>| {
            (place.is_public || place.repository.id != repository.id)
                && [Some(version), snapshot.as_deref()]
                    .into_iter()
                    .flatten()
                    .any(|number| place.package.versions.contains_key(number))
        };
        let Some(place) = places.iter().find(is_elsewhere) else { return Ok(()) };
        let message = format!(
            "Version '{version}' of package '{}' is reachable through '{}', and the origin \
             configuration of the package allows upstreams",
            key.full_name(),
            place.repository.name
        );
        Err(Error::conflict(ResourceType::PackageVersion, version, message))
    }
}

impl Package {
    /// Put the file where it belongs. The version as it is then comes back.
    pub(crate) fn publish(
        &mut self,
        mut publication: Publication,
        origin: Origin,
        quotas: &Quotas,
        now: Timestamp,
    ) -> Result<Arc<Version>> {
        let number = publication.version.clone();
        let tags = std::mem::take(&mut publication.tags);
        let version = Arc::new(match self.versions.get(&number) {
            Some(known) => publication.added_to(known, quotas, now)?,
            None => publication.into_version(origin, now),
        });
        self.tags.extend(tags.into_iter().map(|tag| (tag, number.clone())));
        self.versions.insert(number, version.clone());
        Ok(version)
    }
}

impl Repository {
    /// Keep a version that was found elsewhere; of a Python version that came from the same registry, the files
    /// that it has not. A record that is not there yet is made with that origin configuration.
    pub(crate) fn retain(&mut self, key: &PackageKey, version: &Arc<Version>, origin: OriginConfiguration) {
        let package = self.package_or_insert(key, origin);
        match package.version_mut(&version.number) {
            None => drop(package.versions.insert(version.number.clone(), version.clone())),
            Some(held) if held.can_gain(key, version) => held.gain(version),
            Some(_) => {}
        }
    }

    /// The package, to change it.
    pub(crate) fn package_mut(&mut self, key: &PackageKey) -> Result<&mut Package> {
        self.packages.get_mut(key).map(Arc::make_mut).ok_or_else(|| key.not_found())
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
