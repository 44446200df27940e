//! Package versions: status, revision, origin, details, and assets.

mod asset;
pub(crate) mod batch;
mod content;
mod describe;
mod details;
mod origin;
mod revision;
mod status;

pub(crate) use asset::{Asset, Checksum, Release};
pub(crate) use details::{Dependency, Details, License};
pub(crate) use origin::Origin;
pub(crate) use revision::Revision;
pub(crate) use status::{Change, Status};

use super::Format;
use super::package::PackageKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A version of a package. Copies of it share what is large.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Version {
    /// Such as `1.0.0`.
    pub(crate) number: String,
    /// Changes with assets and details.
    pub(crate) revision: Revision,
    pub(crate) status: Status,
    pub(crate) origin: Origin,
    /// When it was published; as long as it is unfinished, when its first file came.
    pub(crate) published: Timestamp,
    pub(crate) assets: Vec<Asset>,
    pub(crate) details: Arc<Details>,
    /// The checksum files that were wrong, as long as it is unfinished.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) mismatches: BTreeSet<String>,
}

impl Version {
    /// A version as it comes in, published with its first asset.
    pub(crate) fn new(
        number: &str,
        origin: Origin,
        mut asset: Asset,
        details: Details,
        published: Timestamp,
    ) -> Self {
        asset.release.published.get_or_insert(published);
        Self {
            number: number.into(),
            revision: Revision::new(),
            status: Status::Published,
            origin,
            published,
            assets: vec![asset],
            details: Arc::new(details),
            mismatches: BTreeSet::new(),
        }
    }

    /// The asset of that name.
    pub(crate) fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.name == name)
    }

    /// When a file was published, in its public registry where it comes from one. The version itself
    /// has the time at which it was ingested.
    pub(crate) fn published_of(&self, asset: &Asset) -> Timestamp {
        asset.release.published.unwrap_or(self.published)
    }

    /// When its first file was published.
    pub(crate) fn first_published(&self) -> Timestamp {
        self.assets.iter().map(|asset| self.published_of(asset)).min().unwrap_or(self.published)
    }

    /// Add an asset, or replace the one of its name. It is published now, unless it says when it was.
    pub(crate) fn put_asset(&mut self, mut asset: Asset, now: Timestamp) {
        asset.release.published.get_or_insert(now);
        self.assets.retain(|known| known.name != asset.name);
        self.assets.push(asset);
        self.revision = Revision::new();
    }

    /// A published version of that number with the same files.
    pub(crate) fn standing_for(&self, number: &str, document: Value, published: Timestamp) -> Self {
        Self {
            number: number.into(),
            revision: Revision::new(),
            status: Status::Published,
            origin: self.origin.clone(),
            published,
            assets: self.assets.clone(),
            details: Arc::new(Details { document, ..Details::clone(&self.details) }),
            mismatches: BTreeSet::new(),
        }
    }

    /// Say something else of the version.
    pub(crate) fn put_details(&mut self, details: Details) {
        if *self.details != details {
            self.details = Arc::new(details);
            self.revision = Revision::new();
        }
    }

    /// Add what a file says to what the others said.
    pub(crate) fn add_details(&mut self, details: Details) {
        self.put_details(details.after(&self.details));
    }

    /// Whether the registry that it came from has files of it that are missing here. Versions of other formats
    /// come whole.
    pub(crate) fn can_gain(&self, key: &PackageKey, other: &Self) -> bool {
        key.format == Format::Pypi
            && self.origin.is_external()
            && self.origin == other.origin
            && self.status.is_downloadable()
            && other.assets.iter().any(|asset| self.asset(&asset.name).is_none())
    }

    /// Take on the files that another record of the same version has besides, and what it says.
    pub(crate) fn gain(&mut self, other: &Self) {
        for asset in &other.assets {
            if self.asset(&asset.name).is_none() {
                self.put_asset(asset.clone(), other.published);
            }
        }
        self.add_details(Details::clone(&other.details));
        if self.has_content_of(other) {
            self.revision = other.revision;
        }
    }

    /// Take another status. What was unfinished is published now, not when its first file came.
    pub(crate) fn move_to(&mut self, status: Status, now: Timestamp) {
        if self.status == Status::Unfinished && status != Status::Unfinished {
            self.published = now;
            self.mismatches.clear();
        }
        self.status = status;
    }

    /// Let go of the files. The revision stays, as in the guide's samples of disposed versions.
    pub(crate) fn destroy_assets(&mut self) {
        self.assets.clear();
    }

    /// Whether the other has the same assets and details, wherever each is.
    pub(crate) fn has_content_of(&self, other: &Self) -> bool {
        let is_there =
            |asset: &Asset| other.asset(&asset.name).is_some_and(|it| it.sha256() == asset.sha256());
        self.assets.len() == other.assets.len()
            && self.assets.iter().all(is_there)
            && self.details == other.details
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Connection;
    use serde_json::json;

    fn version(content: &'static str) -> Version {
        let asset = Asset::new("a", content.into());
        let origin = Origin::External(Connection::parse("public:npmjs").unwrap());
        Version::new("1.0.0", origin, asset, Details::default(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn new_assets_and_details_change_the_revision() {
        let mut version = version("x");
        let mut seen = vec![version.revision];
        version.put_asset(Asset::new("a", "y".into()), Timestamp::UNIX_EPOCH);
        assert_eq!(version.assets.len(), 1);
        seen.push(version.revision);
        let details = Details { document: json!({}), ..Details::default() };
        version.put_details(details.clone());
        seen.push(version.revision);
        seen.dedup();
        assert_eq!(seen.len(), 3);
        version.put_details(details);
        assert_eq!(seen.last(), Some(&version.revision));
    }

    #[test]
    fn files_are_published_when_they_come_unless_they_say_when_they_were() {
        let [first, second, third] = [0, 1, 2].map(|second| Timestamp::from_second(second).unwrap());
        let mut version = version("x");
        version.put_asset(Asset::new("b", "y".into()), third);
        let mut old = Asset::new("c", "z".into());
        old.release.published = Some(second);
        version.put_asset(old, third);
        version.published = third;
        let times: Vec<_> = version.assets.iter().map(|asset| version.published_of(asset)).collect();
        assert_eq!((times, version.first_published()), (vec![first, third, second], first));
        version.put_asset(Asset::new("a", "w".into()), third);
        assert_eq!(version.first_published(), second);
        version.destroy_assets();
        assert_eq!(version.first_published(), third);
    }

    #[test]
    fn contents_are_compared_by_assets_and_details() {
        let (one, mut other) = (version("x"), version("x"));
        assert!(one.has_content_of(&other));
        assert!(!one.has_content_of(&version("y")));
        other.put_details(Details { document: json!({}), ..Details::default() });
        assert!(!one.has_content_of(&other));
        other.destroy_assets();
        assert!(!other.has_content_of(&one));
    }

    #[test]
    fn a_version_reads_back_as_it_was_written() {
        let version = version("x");
        let written = serde_json::to_value(&version).unwrap();
        let read: Version = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), written);
        assert_eq!(read.assets, version.assets);
        let mut unknown = written;
        unknown["origin"]["External"] = "public:elsewhere".into();
        assert!(serde_json::from_value::<Version>(unknown).is_err());
    }
}
