//! Paths of Maven's repository layout: `group/with/slashes/artifact/version/file`.

use super::checksum::Algorithm;
use crate::state::package::PackageKey;
use crate::state::snapshot;

/// The name of the file that lists an artifact's versions, and of the one that tells a snapshot's
/// newest build.
pub(super) const METADATA: &str = "maven-metadata.xml";

/// The longest text that the API takes for a version and for an asset's name.
const LONGEST: usize = 255;

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) wanted: Wanted,
    /// Of what is wanted only this.
    pub(super) checksum: Option<Algorithm>,
}

/// What is at a path, or the checksum beside it is of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Metadata(PackageKey),
    /// The metadata in the folder of a snapshot, which is the version.
    Snapshot {
        key: PackageKey,
        version: String,
    },
    /// A file in the folder of a snapshot is of the build that its name tells.
    File {
        key: PackageKey,
        version: String,
        name: String,
    },
}

impl Wanted {
    pub(super) fn key(&self) -> &PackageKey {
        match self {
            Self::Metadata(key) | Self::Snapshot { key, .. } | Self::File { key, .. } => key,
        }
    }

    pub(super) fn version(&self) -> Option<&str> {
        match self {
            Self::Metadata(_) => None,
            Self::Snapshot { version, .. } | Self::File { version, .. } => Some(version),
        }
    }
}

impl Path {
    /// A path after the repository's name.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let (name, folders) = segments.split_last()?;
        let (name, checksum) = Algorithm::split(name);
        let (last, parents) = folders.split_last()?;
        let wanted = if name != METADATA {
            let key = package(parents)?;
            let version = build(name, &key.name, last).unwrap_or_else(|| (*last).into());
            if !is_version(&version) || !is_file_of(name, &key.name, &version) {
                return None;
            }
            Wanted::File { key, version, name: name.into() }
        } else if snapshot::base(last).is_some() && is_version(last) {
            Wanted::Snapshot { key: package(parents)?, version: (*last).into() }
        } else {
            Wanted::Metadata(package(folders)?)
        };
        Some(Self { wanted, checksum })
    }
}

/// `org/acme/widgets` is the artifact `widgets` of the group `org.acme`.
fn package(folders: &[&str]) -> Option<PackageKey> {
    let (artifact, group) = folders.split_last()?;
    // A dot in a folder's name would make two paths of one package.
    if group.iter().any(|folder| folder.contains('.')) {
        return None;
    }
    PackageKey::from_maven_coordinates(&group.join("."), artifact)
}

/// The build that a file in the folder of a snapshot is of: `1.0-20210728.194552-1` where
/// `1.0-SNAPSHOT` has `widgets-1.0-20210728.194552-1.jar`.
fn build(name: &str, artifact: &str, folder: &str) -> Option<String> {
    let base = snapshot::base(folder)?;
    let rest = name.strip_prefix(artifact)?.strip_prefix('-')?.strip_prefix(base)?.strip_prefix('-')?;
    Some(format!("{base}-{}", snapshot::build_at_start(rest)?))
}

/// Whether Maven would take it for a version.
pub(crate) fn is_version(version: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+~".contains(&byte);
    !version.is_empty()
        && version.len() <= LONGEST
        && !version.starts_with('.')
        && version.bytes().all(is_legal)
}

/// Whether a version's folder holds a file of that name: `widgets-1.0.jar`, `widgets-1.0-sources.jar`.
pub(crate) fn is_file_of(name: &str, artifact: &str, version: &str) -> bool {
    let rest = name.strip_prefix(artifact).and_then(|rest| rest.strip_prefix('-'));
    let rest = rest.and_then(|rest| rest.strip_prefix(version)).unwrap_or_default();
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+~".contains(&byte);
    name.len() <= LONGEST && rest.len() > 1 && rest.starts_with(['-', '.']) && rest.bytes().all(is_legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(group: &str, artifact: &str) -> PackageKey {
        PackageKey::from_maven_coordinates(group, artifact).unwrap()
    }

    #[test]
    fn files_are_found_by_their_coordinates() {
        for (path, name, checksum) in [
            ("org/acme/widgets/1.0/widgets-1.0.jar", "widgets-1.0.jar", None),
            ("org/acme/widgets/1.0/widgets-1.0-sources.jar", "widgets-1.0-sources.jar", None),
            ("org/acme/widgets/1.0/widgets-1.0.pom.sha1", "widgets-1.0.pom", Some(Algorithm::Sha1)),
        ] {
            let wanted =
                Wanted::File { key: key("org.acme", "widgets"), version: "1.0".into(), name: name.into() };
            assert_eq!(Path::parse(path), Some(Path { wanted, checksum }));
        }
        let metadata = |group, artifact| Some(Wanted::Metadata(key(group, artifact)));
        let found = |path| Path::parse(path).map(|path| path.wanted);
        assert_eq!(found("junit/junit/maven-metadata.xml"), metadata("junit", "junit"));
        assert_eq!(found("org/acme/a.b/maven-metadata.xml.md5"), metadata("org.acme", "a.b"));
    }

    #[test]
    fn files_of_a_snapshot_are_of_the_build_that_they_name() {
        for (folder, file, version) in [
            ("1.0-SNAPSHOT", "widgets-1.0-20210728.194552-1.jar", "1.0-20210728.194552-1"),
            ("1.0-SNAPSHOT", "widgets-1.0-20210728.194552-12-sources.jar", "1.0-20210728.194552-12"),
            ("1.0-20210728.194552-1", "widgets-1.0-20210728.194552-1.jar", "1.0-20210728.194552-1"),
            ("1.0-SNAPSHOT", "widgets-1.0-SNAPSHOT.jar", "1.0-SNAPSHOT"),
        ] {
            let wanted =
                Wanted::File { key: key("org.acme", "widgets"), version: version.into(), name: file.into() };
            let path = format!("org/acme/widgets/{folder}/{file}");
            assert_eq!(Path::parse(&path).map(|path| path.wanted), Some(wanted), "{path}");
        }
        let path = "org/acme/widgets/1.0-SNAPSHOT/maven-metadata.xml.sha1";
        let version = "1.0-SNAPSHOT".into();
        let wanted = Wanted::Snapshot { key: key("org.acme", "widgets"), version };
        assert_eq!(Path::parse(path), Some(Path { wanted, checksum: Some(Algorithm::Sha1) }));
    }

    #[test]
    fn what_is_not_laid_out_so_is_nothing() {
        let long = "1".repeat(256);
        for path in [
            "",
            "maven-metadata.xml",
            "junit/maven-metadata.xml",
            "junit/4.0/junit-4.0.jar",
            "org/acme/widgets/1.0/",
            "org/acme/widgets/1.0/other-1.0.jar",
            "org/acme/widgets/1.0/widgets-1.1.jar",
            "org/acme/widgets/1.0/widgets-1.0",
            "org/acme/widgets/1.0/widgets-1.0.",
            "org/acme/widgets/1.0/widgets-1.00.jar",
            "org/acme/widgets/1.0/widgets-1.0.jar<",
            "org.acme/widgets/1.0/widgets-1.0.jar",
            "1.0-SNAPSHOT/maven-metadata.xml",
            "widgets/1.0-SNAPSHOT/maven-metadata.xml",
            "org/acme/widgets/1.0-SNAPSHOT/widgets-1.1-20210728.194552-1.jar",
            "org/acme/widgets/1.0-SNAPSHOT/widgets-1.0-20210728.194552.jar",
            "org/acme/widgets/1.0-SNAPSHOT/widgets-1.0-20210728.194552-1",
            "org/acme/widgets/1.0-SNAPSHOT/widgets-1.0-20210728.194552-1a.jar",
            "org/../widgets/1.0/widgets-1.0.jar",
            "org/acme/../1.0/..-1.0.jar",
            "org/acme/wid gets/1.0/wid gets-1.0.jar",
            "org/acme/widgets/1#0/widgets-1#0.jar",
            &format!("org/acme/widgets/{long}/widgets-{long}.jar"),
        ] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }
}
