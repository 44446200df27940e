//! The public registries behind external connections: what was seeded, and nothing else.

use super::package::{OriginConfiguration, Package, PackageKey};
use super::version::{Asset, Origin, Version};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the public registries hold, by the connection that leads there.
#[derive(Clone, Default)]
pub(crate) struct PublicRegistries(BTreeMap<&'static str, BTreeMap<PackageKey, Package>>);

impl PublicRegistries {
    /// The package of that identity behind a connection.
    pub(crate) fn package(&self, connection: &str, key: &PackageKey) -> Option<&Package> {
        self.0.get(connection)?.get(key)
    }

    /// Add an asset to a version, which comes to be with its first. An asset of the same name is
    /// replaced, so that seeding twice is seeding once.
    pub(crate) fn seed(
        &mut self,
        connection: &'static str,
        key: PackageKey,
        (version, asset, metadata): (&str, Asset, Value),
        now: Timestamp,
    ) {
        let packages = self.0.entry(connection).or_default();
        let package = packages
            .entry(key.clone())
            .or_insert_with(|| Package::new(key, OriginConfiguration::of_first_version(true)));
        if let Some(known) = package.versions.get_mut(version) {
            known.put_asset(asset);
            known.metadata = metadata;
        } else {
            let made = Version::new(version, Origin::External(connection), asset, metadata, now);
            package.versions.insert(version.into(), made);
        }
    }
}
