//! Changes to several versions of a package at once: all of them or none.

use super::{Change, Revision, Status};
use crate::state::package::Package;
use crate::state::snapshot;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A change to versions of one package, with what the caller takes for granted.
pub(crate) struct Batch<'a> {
    pub(crate) change: Change,
    pub(crate) versions: Vec<&'a str>,
    /// Where every version must stand now.
    pub(crate) expected: Option<Status>,
    /// The revision that a version must have now.
    pub(crate) revisions: BTreeMap<&'a str, &'a str>,
}

/// Why a version was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    NotFound,
    MismatchedStatus {
        current: Status,
        expected: Status,
    },
    MismatchedRevision {
        current: String,
        expected: String,
    },
    NotAllowed {
        current: Status,
        target: Status,
    },
    AlreadyExists,
    /// Another version stood against changing it.
    Skipped,
    /// Another version stood against copying it.
    NotCopied,
}

/// What became of each version.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) successful: BTreeMap<String, Success>,
    pub(crate) failed: BTreeMap<String, Failure>,
}

/// A version that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Success {
    pub(crate) revision: Revision,
    pub(crate) status: Status,
}

impl Failure {
    /// The model's `PackageVersionErrorCode`.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::MismatchedStatus { .. } => "MISMATCHED_STATUS",
            Self::MismatchedRevision { .. } => "MISMATCHED_REVISION",
            Self::NotAllowed { .. } => "NOT_ALLOWED",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::Skipped | Self::NotCopied => "SKIPPED",
        }
    }

    /// In the words of the guide's samples, where it has one.
    fn message(&self, version: &str) -> String {
        match self {
            Self::NotFound => format!("Could not find version {version}"),
            Self::MismatchedStatus { current, expected } => {
                format!("current status: {}, expected status: {}", current.name(), expected.name())
            }
            Self::MismatchedRevision { current, expected } => {
                format!("current revision: {current}, expected revision: {expected}")
            }
            Self::NotAllowed { current, target } => {
                format!("current status: {}, not allowed status: {}", current.name(), target.name())
            }
            Self::AlreadyExists => format!("Version {version} already exists"),
            Self::Skipped => format!("version {version} is skipped"),
            Self::NotCopied => format!("Version {version} was skipped"),
        }
    }
}

impl Outcome {
    /// One failure lets none succeed: the others fail as `skipped`. The documentation says that this
    /// may change one day.
    pub(crate) fn all_or_nothing(mut self, skipped: &Failure) -> Self {
        if !self.failed.is_empty() {
            let others = std::mem::take(&mut self.successful).into_keys();
            self.failed.extend(others.map(|version| (version, skipped.clone())));
        }
        self
    }

    /// As in answers.
    pub(crate) fn describe(&self) -> Value {
        let successful: Map<String, Value> = self
            .successful
            .iter()
            .map(|(version, Success { revision, status })| {
                (version.clone(), json!({ "revision": revision.to_string(), "status": status.name() }))
            })
            .collect();
        let failed: Map<String, Value> = self
            .failed
            .iter()
            .map(|(version, failure)| {
                let message = failure.message(version);
                (version.clone(), json!({ "errorCode": failure.code(), "errorMessage": message }))
            })
            .collect();
        json!({ "successfulVersions": successful, "failedVersions": failed })
    }
}

impl Batch<'_> {
    /// What would become of each version.
    fn decide(&self, package: &Package) -> Outcome {
        let mut outcome = Outcome::default();
        for version in &self.versions {
            match self.decide_one(package, version) {
                Ok(success) => outcome.successful.insert((*version).into(), success).map(|_| ()),
                Err(failure) => outcome.failed.insert((*version).into(), failure).map(|_| ()),
            };
        }
        outcome.all_or_nothing(&Failure::Skipped)
    }

    fn decide_one(&self, package: &Package, version: &str) -> Result<Success, Failure> {
        let found = package.versions.get(version).ok_or(Failure::NotFound)?;
        let current = found.status;
        if let Some(expected) = self.expected.filter(|expected| *expected != current) {
            return Err(Failure::MismatchedStatus { current, expected });
        }
        check_revision(found.revision, self.revisions.get(version).copied())?;
        let target = self.change.goal();
        // A build of a Maven snapshot is never published by itself.
        let unlists_build = || {
            (self.change, current) == (Change::Unlist, Status::Unfinished)
                && snapshot::of_build(&package.key, version).is_some()
        };
        if !self.change.is_allowed(current) && !unlists_build() {
            return Err(Failure::NotAllowed { current, target });
        }
        Ok(Success { revision: found.revision, status: target })
    }
}

/// A caller that names a revision wants that one and no other.
pub(crate) fn check_revision(current: Revision, expected: Option<&str>) -> Result<(), Failure> {
    match expected {
        Some(expected) if expected != current.to_string() => {
            Err(Failure::MismatchedRevision { current: current.to_string(), expected: expected.into() })
        }
        _ => Ok(()),
    }
}

impl Package {
    /// Change all of the versions, or none.
    pub(crate) fn change(&mut self, batch: &Batch<'_>, now: Timestamp) -> Outcome {
        let outcome = batch.decide(self);
        for (number, success) in &outcome.successful {
            if success.status == Status::Deleted {
                self.versions.remove(number);
                self.tags_of(number).iter().for_each(|tag| drop(self.tags.remove(tag)));
            } else if let Some(version) = self.version_mut(number) {
                version.move_to(success.status, now);
                if success.status == Status::Disposed {
                    version.destroy_assets();
                }
            }
        }
        outcome
    }
}

#[cfg(test)]
mod sequences;
#[cfg(test)]
mod tests;
