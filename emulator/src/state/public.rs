//! The public registries behind external connections: what was seeded, and nothing else.

use super::Connection;
use super::package::{OriginConfiguration, Package, PackageKey, Packages};
use super::version::{Asset, Details, Origin, Version};
use imbl::OrdMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the public registries hold, by the connection that leads there.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PublicRegistries(OrdMap<Connection, Packages>);

impl PublicRegistries {
    /// The package of that identity behind a connection.
    pub(crate) fn package(&self, connection: Connection, key: &PackageKey) -> Option<&Package> {
        self.0.get(&connection)?.get(key).map(AsRef::as_ref)
    }

    /// Every package behind any connection.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &PackageKey> {
        self.0.values().flat_map(|packages| packages.keys())
    }

    /// All registries that ever had a package.
    pub(super) fn registries(&self) -> impl Iterator<Item = (&Connection, &Packages)> {
        self.0.iter()
    }

    /// What one of them has.
    pub(super) fn registry(&self, connection: Connection) -> Packages {
        self.0.get(&connection).cloned().unwrap_or_default()
    }

    /// What one of them has, to change it.
    pub(super) fn registry_mut(&mut self, connection: Connection) -> &mut Packages {
        self.0.entry(connection).or_default()
    }

    /// Add an asset to a version, which comes to be with its first. An asset of the same name is
    /// replaced, so that seeding twice is seeding once.
    pub(crate) fn seed(
        &mut self,
        connection: Connection,
        key: PackageKey,
        (version, asset, details): (&str, Asset, Details),
        now: Timestamp,
    ) {
        let packages = self.0.entry(connection).or_default();
        let package = packages
            .entry(key.clone())
            .or_insert_with(|| Arc::new(Package::new(key, OriginConfiguration::of_first_version(true))));
        let package = Arc::make_mut(package);
        if let Some(known) = package.version_mut(version) {
            known.put_asset(asset, now);
            // There may be other files, which said something too.
            if known.assets.len() == 1 {
                known.put_details(details);
            } else {
                known.add_details(details);
            }
        } else {
            let made = Version::new(version, Origin::External(connection), asset, details, now);
            package.versions.insert(version.into(), Arc::new(made));
        }
    }
}
