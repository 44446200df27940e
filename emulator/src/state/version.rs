//! Package versions: status, revision, origin, and assets with their hashes.

use super::Connection;
use axum::body::Bytes;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use md5::Md5;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// Where a version stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    Published,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Published => "Published",
        }
    }
}

/// By which way a version came into the domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// Published to the repository of that name.
    Internal(String),
    /// Ingested through that external connection.
    External(Connection),
}

impl Origin {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Internal(_) => "INTERNAL",
            Self::External(_) => "EXTERNAL",
        }
    }

    fn describe(&self) -> Value {
        let entry = match self {
            Self::Internal(repository) => json!({ "repositoryName": repository }),
            Self::External(connection) => json!({ "externalConnectionName": connection.name() }),
        };
        json!({ "originType": self.type_name(), "domainEntryPoint": entry })
    }
}

/// A file of a version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asset {
    pub(crate) name: String,
    #[serde(with = "base64_text")]
    pub(crate) content: Bytes,
    pub(crate) md5: String,
    pub(crate) sha1: String,
    pub(crate) sha256: String,
    pub(crate) sha512: String,
}

impl Asset {
    pub(crate) fn new(name: impl Into<String>, content: Bytes) -> Self {
        Self {
            name: name.into(),
            md5: hex::encode(Md5::digest(&content)),
            sha1: hex::encode(Sha1::digest(&content)),
            sha256: hex::encode(Sha256::digest(&content)),
            sha512: hex::encode(Sha512::digest(&content)),
            content,
        }
    }

    /// Subresource integrity, as npm has it.
    pub(crate) fn integrity(&self) -> String {
        let digest = hex::decode(&self.sha512).unwrap_or_default();
        format!("sha512-{}", BASE64_STANDARD.encode(digest))
    }
}

/// A version of a package.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Version {
    /// Such as `1.0.0`.
    pub(crate) number: String,
    /// Changes with assets and metadata.
    pub(crate) revision: String,
    pub(crate) status: Status,
    pub(crate) origin: Origin,
    pub(crate) published: Timestamp,
    pub(crate) assets: Vec<Asset>,
    /// What the package manager says of the version: for npm its `package.json`.
    pub(crate) metadata: Value,
}

impl Version {
    /// A version as it comes in, complete with its first asset.
    pub(crate) fn new(
        number: &str,
        origin: Origin,
        asset: Asset,
        metadata: Value,
        published: Timestamp,
    ) -> Self {
        Self {
            number: number.into(),
            revision: new_revision(),
            status: Status::Published,
            origin,
            published,
            assets: vec![asset],
            metadata,
        }
    }

    /// The asset of that name.
    pub(crate) fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.name == name)
    }

    /// Add an asset, or replace the one of its name.
    pub(crate) fn put_asset(&mut self, asset: Asset) {
        self.assets.retain(|known| known.name != asset.name);
        self.assets.push(asset);
        self.revision = new_revision();
    }

    /// A `PackageVersionSummary`.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "version": self.number,
            "revision": self.revision,
            "status": self.status.name(),
            "origin": self.origin.describe(),
        })
    }
}

/// Bytes in a text format.
mod base64_text {
    use super::{BASE64_STANDARD, Bytes, Engine};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(content: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(content))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)
    }
}

fn new_revision() -> String {
    let bytes: [u8; 32] = std::array::from_fn(|_| fastrand::u8(..));
    BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_content() {
        let asset = Asset::new("empty", Bytes::new());
        assert_eq!(asset.md5, "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(asset.sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert!(asset.sha256.starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
        assert!(asset.integrity().starts_with("sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg"));
    }

    #[test]
    fn a_new_asset_changes_the_revision() {
        let asset = |content: &'static str| Asset::new("a", Bytes::from(content));
        let origin = Origin::Internal("team".into());
        let mut version = Version::new("1.0.0", origin, asset("x"), Value::Null, Timestamp::UNIX_EPOCH);
        let before = version.revision.clone();
        version.put_asset(asset("y"));
        assert_ne!(version.revision, before);
        assert_eq!(version.assets.len(), 1);
    }
}
