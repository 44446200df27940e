//! Changes of several versions at once: statuses, disposal, deletion.

use crate::support::{refused, start};
use crate::versions::{publish, published, status};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::operation::update_package_versions_status::builders::UpdatePackageVersionsStatusFluentBuilder;
use aws_sdk_codeartifact::types::{
    PackageFormat, PackageVersionError, PackageVersionStatus, SuccessfulPackageVersionInfo,
};
use std::collections::{BTreeMap, HashMap};

use PackageVersionStatus::{Archived, Deleted, Disposed, Published, Unfinished, Unlisted};

fn update(
    client: &Client,
    versions: &[&str],
    target: PackageVersionStatus,
) -> UpdatePackageVersionsStatusFluentBuilder {
    let update = client.update_package_versions_status().domain("acme").repository("team");
    let update = update.format(PackageFormat::Generic).namespace("acme").package("tool");
    let versions = versions.iter().map(|&version| version.to_owned()).collect();
    update.set_versions(Some(versions)).target_status(target)
}

/// What became of each version: its status, or the code of its failure.
fn told(
    successful: Option<&HashMap<String, SuccessfulPackageVersionInfo>>,
    failed: Option<&HashMap<String, PackageVersionError>>,
) -> BTreeMap<String, String> {
    let status = |one: &SuccessfulPackageVersionInfo| one.status().unwrap().as_str().to_owned();
    let code = |one: &PackageVersionError| one.error_code().unwrap().as_str().to_owned();
    let successful = successful.unwrap().iter().map(|(version, one)| (version.clone(), status(one)));
    successful.chain(failed.unwrap().iter().map(|(version, one)| (version.clone(), code(one)))).collect()
}

fn expected(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|&(version, told)| (version.to_owned(), told.to_owned())).collect()
}

#[tokio::test]
async fn all_versions_change_or_none() {
    let emulator = start().await;
    let client = published(&emulator, &["1", "2"]).await;
    let answer = update(&client, &["1", "2"], Unlisted).send().await.unwrap();
    let seen = told(answer.successful_versions(), answer.failed_versions());
    assert_eq!(seen, expected(&[("1", "Unlisted"), ("2", "Unlisted")]));
    assert!(answer.successful_versions().unwrap()["1"].revision().is_some());
    let answer = update(&client, &["1", "9"], Archived).send().await.unwrap();
    let seen = told(answer.successful_versions(), answer.failed_versions());
    assert_eq!(seen, expected(&[("1", "SKIPPED"), ("9", "NOT_FOUND")]));
    let message = answer.failed_versions().unwrap()["9"].error_message();
    assert_eq!(message, Some("Could not find version 9"));
    let message = answer.failed_versions().unwrap()["1"].error_message();
    assert_eq!(message, Some("version 1 is skipped"));
    assert_eq!(status(&client, "team", "1").await, Some(Unlisted));
}

#[tokio::test]
async fn expectations_are_checked_for_each_version() {
    let emulator = start().await;
    let client = published(&emulator, &["1", "2"]).await;
    let answer = update(&client, &["1"], Archived).expected_status(Unlisted).send().await.unwrap();
    let failure = &answer.failed_versions().unwrap()["1"];
    assert_eq!(failure.error_code().unwrap().as_str(), "MISMATCHED_STATUS");
    assert_eq!(failure.error_message(), Some("current status: Published, expected status: Unlisted"));
    let answer = update(&client, &["1", "2"], Archived)
        .version_revisions("1", "other")
        .version_revisions("2", "other")
        .expected_status(Published)
        .send()
        .await
        .unwrap();
    let seen = told(answer.successful_versions(), answer.failed_versions());
    assert_eq!(seen, expected(&[("1", "MISMATCHED_REVISION"), ("2", "MISMATCHED_REVISION")]));
    let list = client.list_package_versions().domain("acme").repository("team");
    let list = list.format(PackageFormat::Generic).namespace("acme").package("tool").send().await.unwrap();
    let revision = list.versions()[0].revision().unwrap();
    let answer = update(&client, &["1"], Archived).version_revisions("1", revision).send().await.unwrap();
    assert_eq!(answer.successful_versions().unwrap()["1"].revision(), Some(revision));
    // The revisions must be those of the very versions.
    for versions in [&["1"][..], &["1", "2"], &["2"]] {
        let other = update(&client, versions, Published).version_revisions("3", "x").send().await;
        refused(other, 400, "ValidationException");
    }
}

#[tokio::test]
async fn some_targets_and_lists_are_refused() {
    let emulator = start().await;
    let client = published(&emulator, &["1"]).await;
    for target in [Unfinished, Disposed, Deleted] {
        let message = refused(update(&client, &["1"], target).send().await, 400, "ValidationException");
        assert!(message.contains("not allowed"), "{message}");
    }
    for versions in [&[][..], &["1", "1"]] {
        refused(update(&client, versions, Archived).send().await, 400, "ValidationException");
        let versions = || versions.iter().map(|&version| version.to_owned()).collect();
        let delete = client.delete_package_versions().domain("acme").repository("team");
        let delete = delete.format(PackageFormat::Generic).namespace("acme").package("tool");
        refused(delete.set_versions(Some(versions())).send().await, 400, "ValidationException");
        let dispose = client.dispose_package_versions().domain("acme").repository("team");
        let dispose = dispose.format(PackageFormat::Generic).namespace("acme").package("tool");
        refused(dispose.set_versions(Some(versions())).send().await, 400, "ValidationException");
    }
    let many: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    let many = update(&client, &["0"], Archived).set_versions(Some(many)).send().await;
    refused(many, 400, "ValidationException");
    let absent = update(&client, &["1"], Archived).package("absent").send().await;
    refused(absent, 404, "ResourceNotFoundException");
    assert_eq!(status(&client, "team", "1").await, Some(Published));
}

#[tokio::test]
async fn a_status_decides_whether_files_can_be_had() {
    let emulator = start().await;
    let client = published(&emulator, &["1"]).await;
    let get = client.get_package_version_asset().domain("acme").repository("team");
    let get = get.format(PackageFormat::Generic).namespace("acme").package("tool");
    let get = get.package_version("1").asset("a");
    for (target, served) in [(Unlisted, true), (Archived, false), (Published, true)] {
        update(&client, &["1"], target).send().await.unwrap();
        match get.clone().send().await {
            Ok(_) => assert!(served),
            refusal => {
                assert!(!served);
                refused(refusal, 409, "ConflictException");
            }
        }
    }
    // An archived version cannot be published again: not even the same.
    update(&client, &["1"], Archived).send().await.unwrap();
    refused(publish(&client, "1", "a", "1").send().await, 409, "ConflictException");
    publish(&client, "2", "a", "2").unfinished(true).send().await.unwrap();
    refused(get.package_version("2").send().await, 409, "ConflictException");
    let answer = update(&client, &["2"], Archived).send().await.unwrap();
    let seen = told(answer.successful_versions(), answer.failed_versions());
    assert_eq!(seen, expected(&[("2", "NOT_ALLOWED")]));
    let answer = update(&client, &["2"], Published).send().await.unwrap();
    assert_eq!(told(answer.successful_versions(), answer.failed_versions()), expected(&[("2", "Published")]));
}

#[tokio::test]
async fn disposal_destroys_files_and_keeps_the_record() {
    let emulator = start().await;
    let client = published(&emulator, &["1", "2"]).await;
    let size = async || {
        let domain = client.describe_domain().domain("acme").send().await.unwrap();
        domain.domain().unwrap().asset_size_bytes()
    };
    let before = size().await;
    let dispose = client.dispose_package_versions().domain("acme").repository("team");
    let dispose = dispose.format(PackageFormat::Generic).namespace("acme").package("tool");
    let mismatched = dispose.clone().versions("1").expected_status(Unlisted).send().await.unwrap();
    let seen = told(mismatched.successful_versions(), mismatched.failed_versions());
    assert_eq!(seen, expected(&[("1", "MISMATCHED_STATUS")]));
    let answer = dispose.clone().versions("1").expected_status(Published).send().await.unwrap();
    assert_eq!(told(answer.successful_versions(), answer.failed_versions()), expected(&[("1", "Disposed")]));
    assert_eq!(size().await, before - 1);
    assert_eq!(status(&client, "team", "1").await, Some(Disposed));
    let assets = client.list_package_version_assets().domain("acme").repository("team");
    let assets = assets.format(PackageFormat::Generic).namespace("acme").package("tool");
    assert!(assets.package_version("1").send().await.unwrap().assets().is_empty());
    let again = dispose.versions("1").send().await.unwrap();
    assert_eq!(told(again.successful_versions(), again.failed_versions()), expected(&[("1", "NOT_ALLOWED")]));
    refused(publish(&client, "1", "a", "1").send().await, 409, "ConflictException");
    let list = client.list_package_versions().domain("acme").repository("team");
    let list = list.format(PackageFormat::Generic).namespace("acme").package("tool");
    assert_eq!(list.clone().send().await.unwrap().versions().len(), 2);
    let disposed = list.status(Disposed).send().await.unwrap();
    assert_eq!(disposed.versions()[0].version(), "1");
}

#[tokio::test]
async fn deletion_forgets_versions_and_leaves_the_package() {
    let emulator = start().await;
    let client = published(&emulator, &["1", "2"]).await;
    let delete = client.delete_package_versions().domain("acme").repository("team");
    let delete = delete.format(PackageFormat::Generic).namespace("acme").package("tool");
    let dispose = client.dispose_package_versions().domain("acme").repository("team");
    let dispose = dispose.format(PackageFormat::Generic).namespace("acme").package("tool");
    dispose.versions("2").send().await.unwrap();
    let mismatched = delete.clone().versions("1").versions("2").expected_status(Published);
    let answer = mismatched.send().await.unwrap();
    let seen = told(answer.successful_versions(), answer.failed_versions());
    assert_eq!(seen, expected(&[("1", "SKIPPED"), ("2", "MISMATCHED_STATUS")]));
    let answer = delete.clone().versions("1").versions("2").send().await.unwrap();
    let seen = told(answer.successful_versions(), answer.failed_versions());
    assert_eq!(seen, expected(&[("1", "Deleted"), ("2", "Deleted")]));
    let describe = client.describe_package().domain("acme").repository("team");
    let describe = describe.format(PackageFormat::Generic).namespace("acme").package("tool");
    assert!(describe.send().await.is_ok());
    let answer = delete.versions("1").send().await.unwrap();
    assert_eq!(told(answer.successful_versions(), answer.failed_versions()), expected(&[("1", "NOT_FOUND")]));
    // What was deleted can be published again, with other bytes too.
    publish(&client, "1", "a", "other").send().await.unwrap();
}

#[tokio::test]
async fn a_package_is_deleted_with_all_that_it_has() {
    let emulator = start().await;
    let client = published(&emulator, &["1", "2"]).await;
    let delete = client.delete_package().domain("acme").repository("team");
    let delete = delete.format(PackageFormat::Generic).namespace("acme").package("tool");
    let answer = delete.clone().send().await.unwrap();
    let deleted = answer.deleted_package().unwrap();
    assert_eq!((deleted.namespace(), deleted.package()), (Some("acme"), Some("tool")));
    assert!(deleted.origin_configuration().is_some());
    refused(delete.send().await, 404, "ResourceNotFoundException");
    let list = client.list_packages().domain("acme").repository("team").send().await.unwrap();
    assert!(list.packages().is_empty());
    publish(&client, "1", "a", "other").send().await.unwrap();
}
