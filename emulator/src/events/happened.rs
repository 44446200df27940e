//! What happened to package versions between two states.

use crate::state::differences::differences;
use crate::state::package::{PackageKey, Packages};
use crate::state::version::{Checksum, Revision, Status, Version};
use crate::state::{DomainKey, Repository, State};
use imbl::OrdMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A package in a repository.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    pub(super) domain: DomainKey,
    pub(super) repository: String,
    pub(super) administrator: String,
    pub(super) key: PackageKey,
}

/// What happened to one version.
#[derive(Clone)]
pub(crate) struct Happened {
    pub(super) subject: Arc<Subject>,
    pub(super) version: Box<str>,
    pub(super) revision: Revision,
    pub(super) status: Status,
    pub(super) kind: Kind,
    pub(super) extent: Extent,
}

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Created,
    Updated,
    Deleted,
}

/// What was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) added: u32,
    pub(super) removed: u32,
    pub(super) updated: u32,
    pub(super) metadata: bool,
    pub(super) status: bool,
}

impl Kind {
    /// The event's name for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Updated => "Updated",
            Self::Deleted => "Deleted",
        }
    }
}

impl Subject {
    pub(super) fn arn(&self, region: &str) -> String {
        let Self { domain: DomainKey { owner, name: domain }, repository, key, .. } = self;
        let PackageKey { format, namespace, name } = key;
        let namespace = namespace.as_deref().unwrap_or_default();
        let path = format!("{domain}/{repository}/{}/{namespace}/{name}", format.name());
        format!("arn:aws:codeartifact:{region}:{owner}:package/{path}")
    }
}

impl Happened {
    /// What happened to the versions of repositories that are still there, in the order of their names.
    pub(crate) fn between(before: &State, after: &State) -> Vec<Self> {
        let mut happened = Vec::new();
        for (key, before, after) in differences(&before.domains, &after.domains) {
            let Some(after) = after else { continue };
            let none = OrdMap::new();
            let before = before.map_or(&none, |domain| &domain.repositories);
            for (_, before, after) in differences(before, &after.repositories) {
                let Some(after) = after else { continue };
                let none = Packages::new();
                let before = before.map_or(&none, |repository| &repository.packages);
                Self::in_repository(key, before, after, &mut happened);
            }
        }
        happened
    }

    fn in_repository(domain: &DomainKey, before: &Packages, after: &Repository, into: &mut Vec<Self>) {
        for (key, old, new) in differences(before, &after.packages) {
            let subject = Arc::new(Subject {
                domain: domain.clone(),
                repository: after.name.clone(),
                administrator: after.administrator.clone(),
                key: key.clone(),
            });
            let none = OrdMap::new();
            let old = old.map_or(&none, |package| &package.versions);
            let new = new.map_or(&none, |package| &package.versions);
            let changed = differences(old, new);
            into.extend(changed.filter_map(|(number, old, new)| Self::of(&subject, number, (old, new))));
        }
    }

    /// What happened to a version, if it is anything that callers can see.
    pub(super) fn of(
        subject: &Arc<Subject>,
        number: &str,
        (before, after): (Option<&Version>, Option<&Version>),
    ) -> Option<Self> {
        let kind = match (before, after) {
            (None, _) => Kind::Created,
            (_, None) => Kind::Deleted,
            (Some(_), Some(_)) => Kind::Updated,
        };
        let extent = Extent::between(before, after);
        let last = after.or(before)?;
        let is_seen = extent != Extent::default();
        is_seen.then(|| Self {
            subject: subject.clone(),
            version: number.into(),
            revision: last.revision,
            status: after.map_or(Status::Deleted, |version| version.status),
            kind,
            extent,
        })
    }
}

impl Extent {
    fn between(before: Option<&Version>, after: Option<&Version>) -> Self {
        let assets = |version: Option<&Version>| -> BTreeMap<String, Checksum<32>> {
            let assets = version.into_iter().flat_map(|version| &version.assets);
            assets.map(|asset| (asset.name.clone(), asset.sha256())).collect()
        };
        let (old, new) = (assets(before), assets(after));
        let mut extent = Self {
            metadata: after.is_some_and(|after| before.is_none_or(|before| before.details != after.details)),
            status: before.map(|version| version.status) != after.map(|version| version.status),
            ..Self::default()
        };
        for (name, sha256) in &new {
            match old.get(name) {
                None => extent.added += 1,
                Some(former) => extent.updated += u32::from(former != sha256),
            }
        }
        for name in old.keys() {
            extent.removed += u32::from(!new.contains_key(name));
        }
        extent
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::version::Asset;
    use crate::state::version::{Details, Origin};
    use jiff::Timestamp;

    fn version(assets: &[(&str, &'static str)], summary: &str, status: Status) -> Version {
        let mut assets = assets.iter().map(|(name, content)| Asset::new(*name, (*content).into()));
        let first = assets.next().unwrap_or_else(|| Asset::new("none", "".into()));
        let details = Details { summary: Some(summary.into()), ..Details::default() };
        let origin = Origin::Internal("team".into());
        let mut made = Version::new("1.0", origin, first, details, Timestamp::UNIX_EPOCH);
        assets.for_each(|asset| made.put_asset(asset, Timestamp::UNIX_EPOCH));
        Version { status, ..made }
    }

    #[test]
    fn the_extent_tells_what_was_changed() {
        use Status::{Archived, Published};
        let old = || version(&[("a", "x"), ("b", "x")], "s", Published);
        let extent =
            |added, removed, updated, metadata, status| Extent { added, removed, updated, metadata, status };
        for (before, after, expected) in [
            (None, Some(old()), extent(2, 0, 0, true, true)),
            (Some(old()), None, extent(0, 2, 0, false, true)),
            (Some(old()), Some(old()), extent(0, 0, 0, false, false)),
            (
                Some(old()),
                Some(version(&[("a", "y"), ("c", "x")], "s", Published)),
                extent(1, 1, 1, false, false),
            ),
            (
                Some(old()),
                Some(version(&[("a", "x"), ("b", "x")], "t", Published)),
                extent(0, 0, 0, true, false),
            ),
            (
                Some(old()),
                Some(version(&[("a", "x"), ("b", "x")], "s", Archived)),
                extent(0, 0, 0, false, true),
            ),
        ] {
            assert_eq!(Extent::between(before.as_ref(), after.as_ref()), expected);
        }
    }
}
