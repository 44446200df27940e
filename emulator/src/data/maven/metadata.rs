//! `maven-metadata.xml`: written from the versions that the repository can serve, and read from
//! those who publish.

use super::super::Target;
use super::order::rank;
use super::path::METADATA;
use crate::error::{Error, Result};
use crate::state::State;
use crate::state::package::PackageKey;
use crate::state::resolution::versions;
use crate::state::snapshot;
use crate::state::version::Asset;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The document, as far as it is about one artifact's versions.
#[derive(Serialize, Deserialize)]
#[serde(rename = "metadata", rename_all = "camelCase")]
pub(super) struct Metadata {
    group_id: String,
    artifact_id: String,
    #[serde(default)]
    versioning: Versioning,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versioning {
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<String>,
    #[serde(default)]
    versions: Versions,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_updated: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct Versions {
    #[serde(default)]
    version: Vec<String>,
}

impl Metadata {
    /// What was uploaded, which must be about that package.
    pub(super) fn parse(key: &PackageKey, body: &[u8]) -> Result<Self> {
        let metadata: Self = read(body)?;
        check_is_of(key, &metadata.group_id, &metadata.artifact_id)?;
        Ok(metadata)
    }

    /// All the versions that it lists.
    pub(super) fn versions(&self) -> &[String] {
        &self.versioning.versions.version
    }

    fn write(&self) -> Result<String> {
        let text = quick_xml::se::to_string(self).map_err(|error| Error::internal(error.to_string()))?;
        Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}\n"))
    }
}

/// What was uploaded, of whatever shape.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let text = std::str::from_utf8(body).map_err(|error| Error::unparsable(error.to_string()))?;
    quick_xml::de::from_str(text)
        .map_err(|error| Error::unparsable(format!("{METADATA} cannot be read: {error}")))
}

/// Whether what was uploaded is about the package that the path names.
pub(super) fn check_is_of(key: &PackageKey, group: &str, artifact: &str) -> Result<()> {
    if key.namespace.as_deref() == Some(group) && key.name == artifact {
        return Ok(());
    }
    Err(Error::invalid(format!("{METADATA} is of another package than its path says")))
}

/// The versions that the repository can serve, the highest last. A snapshot is no release.
pub(super) fn of(state: &State, target: &Target, key: &PackageKey) -> Result<Asset> {
    let places = state.places(&target.domain, &target.repository, key)?;
    let found = versions(&places);
    let Some(updated) = found.values().map(|version| version.published).max() else {
        return Err(key.not_found());
    };
    let mut numbers: Vec<String> = found.keys().map(|number| (*number).to_owned()).collect();
    numbers.sort_by_cached_key(|number| rank(number));
    let metadata = Metadata {
        group_id: key.namespace.clone().unwrap_or_default(),
        artifact_id: key.name.clone(),
        versioning: Versioning {
            latest: numbers.last().cloned(),
            release: numbers.iter().rfind(|number| snapshot::base(number).is_none()).cloned(),
            versions: Versions { version: numbers },
            last_updated: Some(updated.strftime("%Y%m%d%H%M%S").to_string()),
        },
    };
    Ok(Asset::new(METADATA, metadata.write()?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> PackageKey {
        PackageKey::from_maven_coordinates("org.acme", "widgets").unwrap()
    }

    #[test]
    fn what_clients_upload_is_read() {
        let written = "<?xml version=\"1.0\"?><!-- made --><metadata modelVersion=\"1.1.0\">\n\
            <groupId>org.acme</groupId><artifactId>widgets</artifactId><version>1.0</version>\n\
            <versioning><latest>1.1</latest><release>1.1</release><versions><version>1.0</version>\n\
            <version>1.1</version></versions><lastUpdated>20200731090423</lastUpdated></versioning></metadata>";
        let metadata = Metadata::parse(&key(), written.as_bytes()).unwrap();
        assert_eq!(metadata.versions(), ["1.0", "1.1"]);
        let bare = "<metadata><groupId>org.acme</groupId><artifactId>widgets</artifactId></metadata>";
        assert!(Metadata::parse(&key(), bare.as_bytes()).unwrap().versions().is_empty());
    }

    #[test]
    fn what_is_none_or_of_another_package_is_refused() {
        for written in [
            "",
            "no",
            "<metadata/>",
            "<metadata>",
            "<metadata><plugins/></metadata>",
            "<metadata><groupId>org.acme</groupId><artifactId>others</artifactId></metadata>",
            "<metadata><groupId>org</groupId><artifactId>widgets</artifactId></metadata>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><metadata><groupId>&b;</groupId><artifactId>widgets</artifactId></metadata>",
        ] {
            assert!(Metadata::parse(&key(), written.as_bytes()).is_err(), "{written}");
        }
        assert!(Metadata::parse(&key(), &[0xff]).is_err());
    }

    #[test]
    fn what_is_written_reads_back() {
        let versions = Versions { version: vec!["1.0".into(), "<&>".into()] };
        let versioning = Versioning { latest: Some("\"".into()), versions, ..Versioning::default() };
        let (group_id, artifact_id) = ("org.acme".into(), "widgets".into());
        let written = Metadata { group_id, artifact_id, versioning }.write().unwrap();
        assert!(!written.contains("<&>"), "{written}");
        assert_eq!(Metadata::parse(&key(), written.as_bytes()).unwrap().versions(), ["1.0", "<&>"]);
    }
}
