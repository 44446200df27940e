//! Files of versions: their bytes and their hashes.

use super::content;
use axum::body::Bytes;
use jiff::Timestamp;
use md5::Md5;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use std::fmt;
use std::sync::Arc;

/// A file of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub(crate) struct Asset {
    pub(crate) name: String,
    /// Assets that are equal share it.
    content: Arc<Content>,
    pub(crate) release: Release,
}

/// The bytes of an asset, and their hashes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) bytes: Bytes,
    md5: Checksum<16>,
    sha1: Checksum<20>,
    pub(super) sha256: Checksum<32>,
    sha512: Checksum<64>,
}

impl Content {
    /// The content with these bytes, whose SHA-256 the caller has computed.
    pub(super) fn new(bytes: Bytes, sha256: Checksum<32>) -> Self {
        Self {
            md5: Checksum(Md5::digest(&bytes).into()),
            sha1: Checksum(Sha1::digest(&bytes).into()),
            sha256,
            sha512: Checksum(Sha512::digest(&bytes).into()),
            bytes,
        }
    }
}

/// What is told of a file besides its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Release {
    /// When it was published: in its public registry, where it comes from one. Without a time it came
    /// with its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) published: Option<Timestamp>,
    /// Why its public registry yanked it, which may be without a reason; none where it is not yanked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) yanked: Option<String>,
}

impl Asset {
    /// Equal contents are kept once, whatever the assets are called.
    pub(crate) fn new(name: impl Into<String>, content: Bytes) -> Self {
        let sha256 = Checksum(Sha256::digest(&content).into());
        Self { name: name.into(), content: content::shared(content, sha256), release: Release::default() }
    }

    pub(crate) fn content(&self) -> &Bytes {
        &self.content.bytes
    }

    pub(crate) fn md5(&self) -> Checksum<16> {
        self.content.md5
    }

    pub(crate) fn sha1(&self) -> Checksum<20> {
        self.content.sha1
    }

    pub(crate) fn sha256(&self) -> Checksum<32> {
        self.content.sha256
    }

    pub(crate) fn sha512(&self) -> Checksum<64> {
        self.content.sha512
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> u64 {
        self.content().len() as u64
    }

    /// An `AssetSummary`.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "name": self.name,
            "size": self.size(),
            "hashes": {
                "MD5": self.md5().to_string(),
                "SHA-1": self.sha1().to_string(),
                "SHA-256": self.sha256().to_string(),
                "SHA-512": self.sha512().to_string(),
            },
        })
    }
}

/// A hash; as text it is lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Checksum<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> fmt::Display for Checksum<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl<const N: usize> fmt::Debug for Checksum<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// What is written of an asset; its hashes are made anew from the content.
#[derive(Serialize, Deserialize)]
struct Written {
    name: String,
    #[serde(with = "content::base64")]
    content: Bytes,
    #[serde(flatten)]
    release: Release,
}

impl From<Written> for Asset {
    fn from(Written { name, content, release }: Written) -> Self {
        Self { release, ..Self::new(name, content) }
    }
}

impl From<Asset> for Written {
    fn from(Asset { name, content, release, .. }: Asset) -> Self {
        Self { name, content: content.bytes.clone(), release }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_content() {
        let asset = Asset::new("empty", Bytes::new());
        assert_eq!(asset.md5().to_string(), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(asset.sha1().to_string(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert!(asset.sha256().to_string().starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
        assert!(
            asset.sha512().to_string().starts_with("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4")
        );
    }

    #[test]
    fn an_asset_reads_back_as_it_was_written() {
        let asset = Asset::new("a.bin", Bytes::from_static(&[0, 159, 146, 150]));
        let written = serde_json::to_value(&asset).unwrap();
        assert_eq!(written, json!({ "name": "a.bin", "content": "AJ+Slg==" }));
        assert_eq!(serde_json::from_value::<Asset>(written).unwrap(), asset);
        let release = Release { published: Some(Timestamp::UNIX_EPOCH), yanked: Some(String::new()) };
        let released = Asset { release, ..asset };
        let written = serde_json::to_value(&released).unwrap();
        assert_eq!(serde_json::from_value::<Asset>(written).unwrap(), released);
        assert!(serde_json::from_value::<Asset>(json!({ "name": "a", "content": "?" })).is_err());
    }
}
