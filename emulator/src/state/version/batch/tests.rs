//! Batches: all of them or none, and what is said of each version.

use super::*;
use crate::state::Format;
use crate::state::package::{OriginConfiguration, PackageKey};
use crate::state::version::{Asset, Details, Origin, Version};
use jiff::Timestamp;
use std::sync::Arc;

/// After all versions came, and when they are changed.
const LATER: Timestamp = Timestamp::constant(1, 0);

/// The revision of a version in these tests: its number, and nothing behind.
fn revision(number: &str) -> Revision {
    let mut bytes = [0; 32];
    bytes[..number.len()].copy_from_slice(number.as_bytes());
    Revision::known(bytes)
}

/// A package in which each version stands as given.
fn package(versions: &[(&str, Status)]) -> Package {
    let key = PackageKey::new(Format::Npm, None, "widgets").unwrap();
    let mut package = Package::new(key, OriginConfiguration::of_first_version(true));
    for (number, status) in versions {
        put(&mut package, number, *status);
    }
    package
}

fn put(package: &mut Package, number: &str, status: Status) {
    let asset = Asset::new("a", number.to_owned().into());
    let origin = Origin::Internal("team".into());
    let mut version = Version::new(number, origin, asset, Details::default(), Timestamp::UNIX_EPOCH);
    version.status = status;
    version.revision = revision(number);
    if status == Status::Disposed {
        version.destroy_assets();
    }
    package.versions.insert(number.into(), Arc::new(version));
}

fn batch<'a>(change: Change, versions: &[&'a str]) -> Batch<'a> {
    Batch { change, versions: versions.to_vec(), expected: None, revisions: BTreeMap::new() }
}

/// What became of each version, in one line.
fn told(outcome: &Outcome) -> String {
    let successful =
        outcome.successful.iter().map(|(version, one)| format!("{version} {}", one.status.name()));
    let failed = outcome.failed.iter().map(|(version, failure)| format!("{version} {}", failure.code()));
    successful.chain(failed).collect::<Vec<_>>().join(", ")
}

#[test]
fn what_the_caller_takes_for_granted_decides() {
    let known = [("1", Status::Published), ("2", Status::Unlisted), ("3", Status::Disposed)];
    for (versions, expected, revisions, result) in [
        (&["1"][..], None, &[][..], "1 Archived"),
        (&["1", "2"], None, &[], "1 Archived, 2 Archived"),
        (&["1", "9"], None, &[], "1 SKIPPED, 9 NOT_FOUND"),
        (&["1", "3"], None, &[], "1 SKIPPED, 3 NOT_ALLOWED"),
        (&["1", "2"], Some(Status::Published), &[], "1 SKIPPED, 2 MISMATCHED_STATUS"),
        (&["1"], Some(Status::Published), &[], "1 Archived"),
        (&["3"], Some(Status::Disposed), &[], "3 NOT_ALLOWED"),
        (&["1", "2"], None, &[("1", "r1"), ("2", "r1")], "1 SKIPPED, 2 MISMATCHED_REVISION"),
        (&["1", "2"], None, &[("1", "r1"), ("2", "r2")], "1 Archived, 2 Archived"),
        (&["9"], Some(Status::Archived), &[("9", "r1")], "9 NOT_FOUND"),
        (&["1"], Some(Status::Archived), &[("1", "x")], "1 MISMATCHED_STATUS"),
    ] {
        let mut package = package(&known);
        // `r1` is the revision of version 1.
        let meant =
            |text: &str| text.strip_prefix('r').map_or(text.into(), |number| revision(number).to_string());
        let revisions: Vec<(&str, String)> =
            revisions.iter().map(|(version, text)| (*version, meant(text))).collect();
        let revisions = revisions.iter().map(|(version, text)| (*version, text.as_str())).collect();
        let outcome =
            package.change(&Batch { expected, revisions, ..batch(Change::Archive, versions) }, LATER);
        assert_eq!(told(&outcome), result, "{versions:?} {expected:?}");
    }
}

#[test]
fn disposing_destroys_the_files_and_deleting_the_record_with_its_tags() {
    let mut package = package(&[("1", Status::Published), ("2", Status::Published)]);
    package.tags.insert("latest".into(), "2".into());
    let disposed = package.change(&batch(Change::Dispose, &["1"]), LATER);
    assert_eq!(disposed.successful["1"], Success { revision: revision("1"), status: Status::Disposed });
    assert!(package.versions["1"].assets.is_empty());
    assert_eq!(package.versions["1"].status, Status::Disposed);
    let deleted = package.change(&batch(Change::Delete, &["1", "2"]), LATER);
    assert_eq!(told(&deleted), "1 Deleted, 2 Deleted");
    assert!(package.versions.is_empty());
    assert!(package.tags.is_empty());
}

#[test]
fn what_is_finished_is_published_then_and_nothing_else_is() {
    let known = [("1", Status::Unfinished), ("2", Status::Unlisted), ("3", Status::Archived)];
    let mut package = package(&known);
    assert_eq!(package.default_display_version(), Some("3"));
    package.change(&batch(Change::Publish, &["1", "2", "3"]), LATER);
    let published: Vec<_> = package.versions.values().map(|version| version.published).collect();
    assert_eq!(published, [LATER, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH]);
    assert_eq!(package.default_display_version(), Some("1"));
}

#[test]
fn outcomes_are_told_in_the_words_of_the_guide() {
    let mut package = package(&[("1", Status::Published), ("2", Status::Published)]);
    let archive = batch(Change::Archive, &["1", "2"]);
    let outcome = package.change(&Batch { expected: Some(Status::Unlisted), ..archive }, LATER);
    let message = "current status: Published, expected status: Unlisted";
    let failure = json!({ "errorCode": "MISMATCHED_STATUS", "errorMessage": message });
    let told = json!({ "successfulVersions": {}, "failedVersions": { "1": failure, "2": failure } });
    assert_eq!(outcome.describe(), told);
    let outcome = package.change(&batch(Change::Unlist, &["1"]), LATER);
    let success = json!({ "1": { "revision": revision("1").to_string(), "status": "Unlisted" } });
    assert_eq!(outcome.describe(), json!({ "successfulVersions": success, "failedVersions": {} }));
}

#[test]
fn of_what_is_unfinished_only_a_build_of_a_snapshot_is_unlisted() {
    let build = "1.0-20210728.194552-1";
    let known = [(build, Status::Unfinished), ("1.0", Status::Unfinished)];
    let maven = PackageKey::from_maven_coordinates("org.acme", "widgets").unwrap();
    let npm = PackageKey::from_npm_name("widgets").unwrap();
    for (key, change, versions, result) in [
        (&maven, Change::Unlist, &[build][..], "1.0-20210728.194552-1 Unlisted"),
        (&maven, Change::Archive, &[build], "1.0-20210728.194552-1 NOT_ALLOWED"),
        (&maven, Change::Unlist, &["1.0"], "1.0 NOT_ALLOWED"),
        (&npm, Change::Unlist, &[build], "1.0-20210728.194552-1 NOT_ALLOWED"),
    ] {
        let mut package = Package { key: key.clone(), ..package(&known) };
        assert_eq!(told(&package.change(&batch(change, versions), LATER)), result);
    }
}
