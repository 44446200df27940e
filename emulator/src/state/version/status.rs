//! Where a version stands in its life, and how it gets from one place to another.

use serde::{Deserialize, Serialize};

/// Where a version stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Status {
    Published,
    /// More files are to come.
    Unfinished,
    /// Not listed, and served to who knows of it.
    Unlisted,
    /// Neither listed nor served.
    Archived,
    /// As archived, and the files are gone for good.
    Disposed,
    /// Only said in answers; no version that is there has it.
    Deleted,
}

impl Status {
    const ALL: [Self; 6] =
        [Self::Published, Self::Unfinished, Self::Unlisted, Self::Archived, Self::Disposed, Self::Deleted];

    /// The model's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Published => "Published",
            Self::Unfinished => "Unfinished",
            Self::Unlisted => "Unlisted",
            Self::Archived => "Archived",
            Self::Disposed => "Disposed",
            Self::Deleted => "Deleted",
        }
    }

    /// By the model's name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether package managers see the version in lists.
    pub(crate) fn is_listed(self) -> bool {
        self == Self::Published
    }

    /// Whether the version's files are served.
    pub(crate) fn is_downloadable(self) -> bool {
        matches!(self, Self::Published | Self::Unlisted)
    }

    /// Whether publishing may touch the version at all. It cannot bring back one that was taken
    /// away, as long as there is a record of it.
    pub(crate) fn is_publishable(self) -> bool {
        matches!(self, Self::Published | Self::Unfinished | Self::Unlisted)
    }
}

/// What can be done to a version that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Publish,
    Unlist,
    Archive,
    Dispose,
    Delete,
}

impl Change {
    /// The change that `UpdatePackageVersionsStatus` means by a target, if it takes that one.
    pub(crate) fn toward(target: Status) -> Option<Self> {
        match target {
            Status::Published => Some(Self::Publish),
            Status::Unlisted => Some(Self::Unlist),
            Status::Archived => Some(Self::Archive),
            Status::Unfinished | Status::Disposed | Status::Deleted => None,
        }
    }

    /// Where the change leads.
    pub(crate) fn goal(self) -> Status {
        match self {
            Self::Publish => Status::Published,
            Self::Unlist => Status::Unlisted,
            Self::Archive => Status::Archived,
            Self::Dispose => Status::Disposed,
            Self::Delete => Status::Deleted,
        }
    }

    /// Whether a version that stands there can be changed so. One that is disposed can only be
    /// deleted. One that is unfinished can be finished or deleted; that it cannot be taken away
    /// half-done is the stricter reading.
    pub(crate) fn is_allowed(self, from: Status) -> bool {
        match (self, from) {
            (_, Status::Deleted) => false,
            (Self::Delete, _) => true,
            (_, Status::Disposed) => false,
            (Self::Publish, _) => true,
            (Self::Unlist | Self::Archive | Self::Dispose, from) => from != Status::Unfinished,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_the_names_of_the_model() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.name()), Some(status));
        }
        assert_eq!(Status::parse("published"), None);
    }

    #[test]
    fn each_status_allows_what_the_guide_says() {
        use Change::{Archive, Delete, Dispose, Publish, Unlist};
        for (from, allowed) in [
            (Status::Published, &[Publish, Unlist, Archive, Dispose, Delete][..]),
            (Status::Unlisted, &[Publish, Unlist, Archive, Dispose, Delete]),
            (Status::Archived, &[Publish, Unlist, Archive, Dispose, Delete]),
            (Status::Unfinished, &[Publish, Delete]),
            (Status::Disposed, &[Delete]),
            (Status::Deleted, &[]),
        ] {
            for change in [Publish, Unlist, Archive, Dispose, Delete] {
                assert_eq!(change.is_allowed(from), allowed.contains(&change), "{from:?} {change:?}");
            }
        }
    }

    #[test]
    fn each_status_shows_and_serves_what_the_guide_says() {
        for (status, listed, downloadable, publishable) in [
            (Status::Published, true, true, true),
            (Status::Unfinished, false, false, true),
            (Status::Unlisted, false, true, true),
            (Status::Archived, false, false, false),
            (Status::Disposed, false, false, false),
        ] {
            assert_eq!(status.is_listed(), listed, "{status:?}");
            assert_eq!(status.is_downloadable(), downloadable, "{status:?}");
            assert_eq!(status.is_publishable(), publishable, "{status:?}");
        }
    }

    #[test]
    fn three_statuses_can_be_asked_for() {
        let targets = Status::ALL.into_iter().filter(|status| Change::toward(*status).is_some());
        let targets: Vec<_> = targets.map(Status::name).collect();
        assert_eq!(targets, ["Published", "Unlisted", "Archived"]);
        for status in Status::ALL {
            assert_eq!(Change::toward(status).map_or(status, Change::goal), status);
        }
    }
}
