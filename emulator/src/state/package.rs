//! Packages in a repository: their identity, origin configuration, and versions.

mod key;
mod origin;

pub(crate) use key::PackageKey;
pub(crate) use origin::{OriginConfiguration, Restriction};

use super::version::{Status, Version};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::ops::Bound;
use std::sync::Arc;

/// A package of a repository. It can exist without versions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Package {
    pub(crate) key: PackageKey,
    pub(crate) origin: OriginConfiguration,
    pub(crate) versions: OrdMap<String, Arc<Version>>,
    /// npm's distribution tags, set in this very repository.
    pub(crate) tags: OrdMap<String, String>,
}

impl Package {
    /// A package without versions.
    pub(crate) fn new(key: PackageKey, origin: OriginConfiguration) -> Self {
        Self { key, origin, versions: OrdMap::new(), tags: OrdMap::new() }
    }

    /// The version of that number, to change it.
    pub(crate) fn version_mut(&mut self, number: &str) -> Option<&mut Version> {
        self.versions.get_mut(number).map(Arc::make_mut)
    }

    /// npm's distribution tags that mean the version.
    pub(crate) fn tags_of(&self, version: &str) -> Vec<String> {
        let of_version = self.tags.iter().filter(|(_, to)| *to == version);
        of_version.map(|(tag, _)| tag.clone()).collect()
    }

    /// The version that consoles show: npm's `latest`, else the one published last. What is still
    /// unfinished was not published.
    pub(crate) fn default_display_version(&self) -> Option<&str> {
        let latest = self.tags.get("latest").filter(|version| self.versions.contains_key(*version));
        let is_published = |version: &&Arc<Version>| version.status != Status::Unfinished;
        let newest = || self.versions.values().filter(is_published).max_by_key(|version| version.published);
        latest.or_else(|| newest().map(|version| &version.number)).map(String::as_str)
    }

    /// A `PackageSummary`.
    pub(crate) fn summary(&self) -> Value {
        self.describe_as("package")
    }

    /// A `PackageDescription`.
    pub(crate) fn description(&self) -> Value {
        self.describe_as("name")
    }

    fn describe_as(&self, name: &str) -> Value {
        let mut description = json!({ "format": self.key.format.name() });
        if let Some(namespace) = &self.key.namespace {
            description["namespace"] = namespace.as_str().into();
        }
        description[name] = self.key.name.as_str().into();
        description["originConfiguration"] = self.origin.describe();
        description
    }
}

/// A repository's packages.
pub(crate) type Packages = OrdMap<PackageKey, Arc<Package>>;

/// The packages after a page key, in the order of page keys.
pub(crate) fn packages_from<'a>(
    packages: &'a Packages,
    from: Bound<&str>,
) -> impl Iterator<Item = &'a Arc<Package>> {
    let from = from.map(PackageKey::from_page_key);
    let from = match from {
        Bound::Excluded(Some(key)) => Bound::Excluded(key),
        _ => Bound::Unbounded,
    };
    packages.range((from, Bound::Unbounded)).map(|(_, package)| package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Format;

    #[test]
    fn a_page_begins_where_the_one_before_ended() {
        let key = |name: &str| PackageKey::new(Format::Npm, None, name).unwrap();
        let origin = OriginConfiguration::of_first_version(true);
        let package = |name| (key(name), Arc::new(Package::new(key(name), origin)));
        let packages: Packages = ["a", "b", "c"].map(package).into_iter().collect();
        for (from, expected) in [
            (Bound::Unbounded, &["a", "b", "c"][..]),
            (Bound::Excluded("npm  a"), &["b", "c"]),
            // The package of that key was deleted between two pages.
            (Bound::Excluded("npm  aa"), &["b", "c"]),
            (Bound::Excluded("npm  c"), &[]),
            (Bound::Excluded("maven org z"), &["a", "b", "c"]),
        ] {
            let names = packages_from(&packages, from).map(|package| package.key.name.as_str());
            assert_eq!(names.collect::<Vec<_>>(), expected, "{from:?}");
        }
    }
}
