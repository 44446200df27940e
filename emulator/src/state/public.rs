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

    /// Change what a registry has.
    pub(crate) fn apply(&mut self, edit: &Edit) {
        let Edit { connection, key, change } = edit;
        let packages = self.0.entry(*connection).or_default();
        match change {
            Change::Put { number, asset, details, at } => {
                let package = packages.entry(key.clone()).or_insert_with(|| {
                    Arc::new(Package::new(key.clone(), OriginConfiguration::of_first_version(true)))
                });
                let file = (number.as_str(), asset.clone(), details.clone());
                put(Arc::make_mut(package), *connection, file, *at);
            }
            Change::Release { number, file, published, yanked } => {
                let version =
                    packages.get_mut(key).map(Arc::make_mut).and_then(|one| one.version_mut(number));
                let assets = version.into_iter().flat_map(|version| &mut version.assets);
                for asset in assets.filter(|asset| file.as_ref().is_none_or(|file| *file == asset.name)) {
                    asset.release.published = published.or(asset.release.published);
                    if let Some(yanked) = yanked {
                        asset.release.yanked = yanked.reason().map(str::to_owned);
                    }
                }
            }
            Change::Remove { number, file } => remove(packages, key, (number.as_deref(), file.as_deref())),
        }
    }

    /// Whether a registry has a package, a version or a file.
    pub(crate) fn has(&self, connection: Connection, key: &PackageKey, which: Which<'_>) -> bool {
        let Some(package) = self.package(connection, key) else { return false };
        let Some(number) = which.0 else { return true };
        let Some(version) = package.versions.get(number) else { return false };
        which.1.is_none_or(|file| version.asset(file).is_some())
    }
}

/// The version and the file that are meant. Without a file the whole version is meant, and without a version the
/// whole package.
type Which<'a> = (Option<&'a str>, Option<&'a str>);

/// A change of what a public registry has of a package.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Edit {
    pub(crate) connection: Connection,
    pub(crate) key: PackageKey,
    pub(crate) change: Change,
}

/// What is changed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Change {
    /// A file is added to a version, which comes to be with its first. A file of the same name is replaced, so
    /// that seeding twice is seeding once.
    Put { number: String, asset: Asset, details: Box<Details>, at: Timestamp },
    /// The registry changes what it says of a file, or of all files of the version.
    Release { number: String, file: Option<String>, published: Option<Timestamp>, yanked: Option<Yank> },
    /// A file goes, or the version, or the package; with the last of its files a version goes, too.
    Remove { number: Option<String>, file: Option<String> },
}

/// What a registry says of a yank: that it is none, or the reason, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Yank {
    TakenBack,
    Because(String),
}

impl Yank {
    /// Why a file is yanked, if it is.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::TakenBack => None,
            Self::Because(reason) => Some(reason),
        }
    }
}

fn put(package: &mut Package, connection: Connection, file: (&str, Asset, Box<Details>), at: Timestamp) {
    let (number, asset, details) = file;
    if let Some(known) = package.version_mut(number) {
        known.put_asset(asset, at);
        // There may be other files, which said something too.
        if known.assets.len() == 1 {
            known.put_details(*details);
        } else {
            known.add_details(*details);
        }
    } else {
        let made = Version::new(number, Origin::External(connection), asset, *details, at);
        package.versions.insert(number.into(), Arc::new(made));
    }
}

fn remove(packages: &mut Packages, key: &PackageKey, which: Which<'_>) {
    let (Some(number), file) = which else { return drop(packages.remove(key)) };
    let Some(package) = packages.get_mut(key).map(Arc::make_mut) else { return };
    if let (Some(file), Some(version)) = (file, package.version_mut(number)) {
        version.assets.retain(|asset| asset.name != file);
    }
    if file.is_none() || package.versions.get(number).is_some_and(|version| version.assets.is_empty()) {
        package.versions.remove(number);
    }
    if package.versions.is_empty() {
        packages.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn edit(change: Change) -> Edit {
        let connection = Connection::parse("public:pypi").unwrap();
        Edit { connection, key: PackageKey::from_python_name("widgets"), change }
    }

    fn put(number: &str, file: &str) -> Edit {
        let asset = Asset::new(file, "x".into());
        edit(Change::Put { number: number.into(), asset, details: Box::default(), at: AT })
    }

    fn remove(number: Option<&str>, file: Option<&str>) -> Edit {
        edit(Change::Remove { number: number.map(Into::into), file: file.map(Into::into) })
    }

    fn yank(file: Option<&str>, yanked: Option<&str>) -> Edit {
        let (number, file) = ("1".into(), file.map(Into::into));
        let yanked = yanked.map_or(Yank::TakenBack, |reason| Yank::Because(reason.into()));
        edit(Change::Release { number, file, published: None, yanked: Some(yanked) })
    }

    /// Versions with their files; an exclamation mark is after those that are yanked.
    fn told(edits: &[Edit]) -> Vec<String> {
        let mut registries = PublicRegistries::default();
        for edit in edits {
            registries.apply(edit);
        }
        let Edit { connection, key, .. } = &edits[0];
        let Some(package) = registries.package(*connection, key) else { return vec!["gone".into()] };
        let told = package.versions.values().flat_map(|version| {
            version.assets.iter().map(|asset| {
                let mark = if asset.release.yanked.is_some() { "!" } else { "" };
                format!("{} {}{mark}", version.number, asset.name)
            })
        });
        told.collect()
    }

    #[test]
    fn files_come_go_and_are_yanked() {
        let all = || vec![put("1", "a"), put("1", "b"), put("2", "c")];
        for (edits, expected) in [
            (vec![], &["1 a", "1 b", "2 c"][..]),
            (vec![remove(Some("1"), Some("a"))], &["1 b", "2 c"]),
            (vec![remove(Some("1"), Some("a")), remove(Some("1"), Some("b"))], &["2 c"]),
            (vec![remove(Some("1"), None)], &["2 c"]),
            (vec![remove(Some("1"), None), remove(Some("2"), Some("c"))], &["gone"]),
            (vec![remove(None, None)], &["gone"]),
            (vec![remove(Some("3"), None), remove(Some("1"), Some("z"))], &["1 a", "1 b", "2 c"]),
            (vec![yank(None, Some(""))], &["1 a!", "1 b!", "2 c"]),
            (vec![yank(Some("b"), Some("bad"))], &["1 a", "1 b!", "2 c"]),
            (vec![yank(None, Some("bad")), yank(Some("a"), None)], &["1 a", "1 b!", "2 c"]),
        ] {
            assert_eq!(told(&[all(), edits].concat()), expected);
        }
    }
}
