//! `maven-metadata.xml` in the folder of a snapshot: which build is the newest, in the words of who
//! published it. It is no asset of the snapshot, which has the very assets of that build.

use super::super::Target;
use super::path::METADATA;
use super::publish::own;
use super::{metadata, no_asset, verify};
use crate::error::{Error, Result};
use crate::state::State;
use crate::state::package::PackageKey;
use crate::state::snapshot::{self, Newest};
use crate::state::version::{Asset, Version};
use axum::body::Bytes;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// The members of a snapshot's document: its own metadata, and the list of versions that came last.
const NEWEST: &str = "newest";
const LIST: &str = "list";

/// The document, as far as it is about a snapshot.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    group_id: String,
    artifact_id: String,
    version: String,
    versioning: Versioning,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versioning {
    snapshot: Build,
    #[serde(default)]
    snapshot_versions: Files,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Build {
    timestamp: String,
    build_number: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Files {
    #[serde(default)]
    snapshot_version: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    classifier: Option<String>,
    extension: String,
    value: String,
}

impl File {
    /// As the file is called beside the metadata.
    fn name(&self, artifact: &str) -> String {
        let Self { classifier, extension, value } = self;
        let classifier = classifier.as_deref().map(|classifier| format!("-{classifier}"));
        format!("{artifact}-{value}{}.{extension}", classifier.unwrap_or_default())
    }
}

impl Metadata {
    /// What was uploaded, which must be about that snapshot, and the number of its newest build.
    fn parse(key: &PackageKey, version: &str, body: &[u8]) -> Result<(Self, String)> {
        let metadata: Self = metadata::read(body)?;
        metadata::check_is_of(key, &metadata.group_id, &metadata.artifact_id)?;
        let Build { timestamp, build_number } = &metadata.versioning.snapshot;
        let build = format!("{}-{timestamp}-{build_number}", snapshot::base(version).unwrap_or_default());
        if metadata.version != version || snapshot::of_build(key, &build).as_deref() != Some(version) {
            return Err(Error::invalid(format!("{METADATA} tells no build of '{version}'")));
        }
        Ok((metadata, build))
    }

    /// Whether it lists a file of the newest build that is there.
    fn lists_one_of(&self, build: &Version) -> bool {
        let mut files = self.versioning.snapshot_versions.snapshot_version.iter();
        files.any(|file| file.value == build.number && build.asset(&file.name(&self.artifact_id)).is_some())
    }
}

/// The snapshot is published with what the newest build has, and the build is unlisted.
pub(super) fn publish(
    state: &mut State,
    target: &Target,
    (key, version): (&PackageKey, &str),
    content: &Bytes,
    now: Timestamp,
) -> Result<Response> {
    let (metadata, build) = Metadata::parse(key, version, content)?;
    let found = own(state, target, key)?.versions.get(&build);
    let Some(found) = found.filter(|found| metadata.lists_one_of(found)) else {
        let message = format!("{METADATA} lists no file of build '{build}' that this repository has");
        return Err(Error::invalid(message));
    };
    verify::check(found)?;
    let document = json!({ NEWEST: String::from_utf8_lossy(content) });
    let newest = Newest { key, snapshot: version, build: &build, document };
    state.renew_snapshot(&target.domain, &target.repository, newest, now)?;
    Ok(Response::default())
}

/// Keep the list of versions that came after a snapshot.
pub(super) fn keep_list(
    state: &mut State,
    target: &Target,
    (key, version): (&PackageKey, &str),
    content: &Bytes,
) -> Result<()> {
    let found = own(state, target, key)?.versions.get(version);
    let mut document = found.ok_or_else(|| key.version_not_found(version))?.details.document.clone();
    document[LIST] = Value::String(String::from_utf8_lossy(content).into());
    state.put_document(&target.domain, &target.repository, (key, version), document)
}

/// The list of versions that came last after a snapshot.
pub(super) fn list(version: &Version) -> Option<Asset> {
    written(version, LIST)
}

/// The metadata of a snapshot as it came.
pub(super) fn newest(version: &Version) -> Option<Asset> {
    written(version, NEWEST)
}

fn written(version: &Version, member: &str) -> Option<Asset> {
    let text = version.details.document.get(member)?.as_str()?;
    Some(Asset::new(METADATA, text.to_owned().into()))
}

/// The metadata of a snapshot for those who read, from the nearest place that has the snapshot.
pub(super) fn of(state: &State, target: &Target, key: &PackageKey, version: &str) -> Result<Asset> {
    let places = state.places(&target.domain, &target.repository, key)?;
    let found = places.iter().find_map(|place| place.package.versions.get(version));
    let found = found.ok_or_else(|| key.version_not_found(version))?;
    if !found.status.is_downloadable() {
        return Err(key.version_not_served(version, found.status));
    }
    newest(found).ok_or_else(|| no_asset(key, version, METADATA))
}

/// A file of a build of which there is no record any more, from a snapshot that still has it.
pub(super) fn stand_in(
    state: &State,
    target: &Target,
    (key, build, name): (&PackageKey, &str, &str),
) -> Result<Option<Asset>> {
    let Some(number) = snapshot::of_build(key, build) else { return Ok(None) };
    let places = state.places(&target.domain, &target.repository, key)?;
    let has = |number: &str| places.iter().find_map(|place| place.package.versions.get(number));
    let found = has(&number).filter(|found| has(build).is_none() && found.status.is_downloadable());
    let asset = found.and_then(|found| found.asset(name));
    asset.map(|asset| state.check_readable(&target.domain).map(|()| asset.clone())).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::version::{Details, Origin};

    const BUILD: &str = "1.0-20210728.194552-1";

    fn key() -> PackageKey {
        PackageKey::from_maven_coordinates("org.acme", "widgets").unwrap()
    }

    fn written(version: &str, newest: &str, files: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata modelVersion=\"1.1.0\">\n\
             <groupId>org.acme</groupId><artifactId>widgets</artifactId><version>{version}</version>\n\
             <versioning>{newest}<lastUpdated>20210728194552</lastUpdated>\n\
             <snapshotVersions>{files}</snapshotVersions></versioning></metadata>"
        )
    }

    const NEWEST: &str =
        "<snapshot><timestamp>20210728.194552</timestamp><buildNumber>1</buildNumber></snapshot>";

    #[test]
    fn the_newest_build_is_read() {
        let made = |name: &str| {
            let origin = Origin::Internal("team".into());
            let asset = Asset::new(name, Bytes::new());
            Version::new(BUILD, origin, asset, Details::default(), Timestamp::UNIX_EPOCH)
        };
        let file = |more: &str, value: &str| {
            format!("<snapshotVersion>{more}<value>{value}</value><updated>1</updated></snapshotVersion>")
        };
        let jar = "<extension>jar</extension>";
        let sources = "<classifier>sources</classifier><extension>jar</extension>";
        for (files, asset, lists_it) in [
            (file(jar, BUILD), "widgets-1.0-20210728.194552-1.jar", true),
            (file(jar, BUILD), "widgets-1.0-20210728.194552-1.pom", false),
            (file(sources, BUILD), "widgets-1.0-20210728.194552-1-sources.jar", true),
            (file(sources, BUILD), "widgets-1.0-20210728.194552-1.jar", false),
            (file(jar, "1.0-20210727.000000-0"), "widgets-1.0-20210727.000000-0.jar", false),
            (String::new(), "widgets-1.0-20210728.194552-1.jar", false),
        ] {
            let text = written("1.0-SNAPSHOT", NEWEST, &files);
            let (metadata, build) = Metadata::parse(&key(), "1.0-SNAPSHOT", text.as_bytes()).unwrap();
            assert_eq!(build, BUILD);
            assert_eq!(metadata.lists_one_of(&made(asset)), lists_it, "{files} {asset}");
        }
    }

    #[test]
    fn what_tells_no_build_of_the_snapshot_is_refused() {
        let stamped = |stamp: &str, count: &str| {
            format!("<snapshot><timestamp>{stamp}</timestamp><buildNumber>{count}</buildNumber></snapshot>")
        };
        for text in [
            String::new(),
            "<metadata/>".into(),
            written("1.1-SNAPSHOT", NEWEST, ""),
            written("1.0-SNAPSHOT", "", ""),
            written("1.0-SNAPSHOT", "<snapshot><localCopy>true</localCopy></snapshot>", ""),
            written("1.0-SNAPSHOT", &stamped("rc", "1"), ""),
            written("1.0-SNAPSHOT", &stamped("20210728194552", "1"), ""),
            written("1.0-SNAPSHOT", &stamped("20210728.194552", ""), ""),
            written("1.0-SNAPSHOT", &stamped("1-20210728.194552", "1"), ""),
            written("1.0-SNAPSHOT", NEWEST, "").replace("widgets", "others"),
        ] {
            assert!(Metadata::parse(&key(), "1.0-SNAPSHOT", text.as_bytes()).is_err(), "{text}");
        }
    }
}
