//! Publishing generic packages.

use crate::support::{admin, client_as, create, refused, start, with_domain};
use crate::versions::{publish, published, status};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::types::{
    AllowPublish, AllowUpstream, PackageFormat, PackageOriginRestrictions, PackageVersionSortType,
    PackageVersionStatus, UpstreamRepository,
};
use codeartifact_emulator::{Emulator, Options};
use std::sync::Arc;

use PackageVersionStatus::{Published, Unfinished};

async fn revision(client: &Client) -> String {
    let list = client.list_package_versions().domain("acme").repository("team");
    let list = list.format(PackageFormat::Generic).namespace("acme").package("tool").send().await.unwrap();
    list.versions()[0].revision().unwrap().to_owned()
}

#[tokio::test]
async fn a_version_stays_open_until_it_is_finished() {
    let emulator = start().await;
    let client = published(&emulator, &[]).await;
    let first = publish(&client, "1.0", "a", "x").unfinished(true).send().await.unwrap();
    assert_eq!(first.status(), Some(&Unfinished));
    assert_eq!(
        (first.namespace(), first.package(), first.version()),
        (Some("acme"), Some("tool"), Some("1.0"))
    );
    let asset = first.asset().unwrap();
    assert_eq!((asset.name(), asset.size()), ("a", Some(1)));
    let last = publish(&client, "1.0", "b", "y").send().await.unwrap();
    assert_eq!(last.status(), Some(&Published));
    assert_ne!(first.version_revision(), last.version_revision());
    for unfinished in [true, false] {
        let late = publish(&client, "1.0", "c", "z").unfinished(unfinished).send().await;
        let message = refused(late, 409, "ConflictException");
        assert!(message.contains("takes no more assets"), "{message}");
    }
    // What was published is shown before what is unfinished.
    emulator.advance(jiff::SignedDuration::from_secs(1));
    publish(&client, "1.1", "a", "x").unfinished(true).send().await.unwrap();
    let versions = client.list_package_versions().domain("acme").repository("team");
    let versions = versions.format(PackageFormat::Generic).namespace("acme").package("tool");
    assert_eq!(versions.send().await.unwrap().default_display_version(), Some("1.0"));
    // The very file may come again; the last one may finish the version so.
    publish(&client, "2.0", "a", "x").unfinished(true).send().await.unwrap();
    let again = publish(&client, "2.0", "a", "x").unfinished(true).send().await.unwrap();
    assert_eq!(again.status(), Some(&Unfinished));
    assert_eq!(publish(&client, "2.0", "a", "x").send().await.unwrap().status(), Some(&Published));
}

#[tokio::test]
async fn a_version_is_published_when_it_is_finished() {
    let emulator = start().await;
    let client = published(&emulator, &[]).await;
    let pass = || emulator.advance(jiff::SignedDuration::from_secs(1));
    for (version, unfinished) in [("1", true), ("2", true), ("3", false)] {
        publish(&client, version, "a", "x").unfinished(unfinished).send().await.unwrap();
        pass();
    }
    let newest_first = async || {
        let list = client.list_package_versions().domain("acme").repository("team");
        let list = list.format(PackageFormat::Generic).namespace("acme").package("tool");
        let list = list.sort_by(PackageVersionSortType::PublishedTime).send().await.unwrap();
        let shown = list.default_display_version().unwrap().to_owned();
        (shown, list.versions().iter().map(|one| one.version().to_owned()).collect::<Vec<_>>())
    };
    let time = async |version| {
        let describe = client.describe_package_version().domain("acme").repository("team");
        let describe = describe.format(PackageFormat::Generic).namespace("acme").package("tool");
        let described = describe.package_version(version).send().await.unwrap();
        described.package_version().unwrap().published_time().copied()
    };
    assert_eq!(time("1").await, None);
    assert_eq!(newest_first().await, ("3".into(), ["3", "2", "1"].map(str::to_owned).to_vec()));
    // By a status, and by a file that is the last one.
    let update = client.update_package_versions_status().domain("acme").repository("team");
    let update = update.format(PackageFormat::Generic).namespace("acme").package("tool");
    update.versions("1").target_status(Published).send().await.unwrap();
    assert_eq!(newest_first().await, ("1".into(), ["1", "3", "2"].map(str::to_owned).to_vec()));
    let first = time("1").await;
    assert!(first > time("3").await);
    pass();
    publish(&client, "2", "b", "y").send().await.unwrap();
    assert_eq!(newest_first().await, ("2".into(), ["2", "1", "3"].map(str::to_owned).to_vec()));
    // A version that is published stays so since then.
    pass();
    publish(&client, "3", "a", "x").send().await.unwrap();
    assert_eq!(newest_first().await.0, "2");
    assert_eq!(time("1").await, first);
}

#[tokio::test]
async fn the_same_bytes_may_come_again_and_others_may_not() {
    let emulator = start().await;
    let client = published(&emulator, &["1.0"]).await;
    let before = revision(&client).await;
    let again = publish(&client, "1.0", "a", "1.0").send().await.unwrap();
    assert_eq!(again.version_revision(), Some(before.as_str()));
    let other = publish(&client, "1.0", "a", "other").send().await;
    let error = other.unwrap_err().into_service_error();
    let aws_sdk_codeartifact::operation::publish_package_version::PublishPackageVersionError::ConflictException(
        conflict,
    ) = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(conflict.resource_id(), Some("a"));
    assert_eq!(
        conflict.resource_type().map(aws_sdk_codeartifact::types::ResourceType::as_str),
        Some("asset")
    );
    assert_eq!(revision(&client).await, before);
}

#[tokio::test]
async fn only_generic_packages_with_legal_names_are_published_so() {
    let emulator = start().await;
    let client = published(&emulator, &[]).await;
    let npm = publish(&client, "1.0", "a", "x").format(PackageFormat::Npm).send().await;
    let message = refused(npm, 400, "ValidationException");
    assert!(message.contains("only generic"), "{message}");
    for name in [".", "a/b", " a", "a  b", "a:b"] {
        refused(publish(&client, "1.0", name, "x").send().await, 400, "ValidationException");
    }
    publish(&client, "1.0", "größe (1) [x].tar.gz", "x").send().await.unwrap();
    let absent = publish(&client, "1.0", "a", "x").repository("absent").send().await;
    refused(absent, 404, "ResourceNotFoundException");
    assert_eq!(status(&client, "team", "9.0").await, None);
}

#[tokio::test]
async fn the_hash_must_be_that_of_the_bytes() {
    let emulator = start().await;
    let client = published(&emulator, &[]).await;
    let wrong = publish(&client, "1.0", "a", "x").asset_sha256("0".repeat(64)).send().await;
    let message = refused(wrong, 400, "ValidationException");
    assert!(message.contains("SHA-256"), "{message}");
    let malformed = publish(&client, "1.0", "a", "x").asset_sha256("A".repeat(64)).send().await;
    refused(malformed, 400, "ValidationException");
    assert_eq!(status(&client, "team", "1.0").await, None);
}

#[tokio::test]
async fn quotas_bound_the_number_and_the_size_of_assets() {
    let mut options = Options::default();
    options.quotas.set("assets-per-package-version", 2).unwrap();
    options.quotas.set("asset-size-bytes", 3).unwrap();
    let emulator = Arc::new(Emulator::start(options).await.unwrap());
    let client = client_as(&emulator, admin());
    client.create_domain().domain("acme").send().await.unwrap();
    create(&client, "team").await;
    refused(publish(&client, "1.0", "a", "long").send().await, 402, "ServiceQuotaExceededException");
    for name in ["a", "b", "a"] {
        publish(&client, "1.0", name, "abc").unfinished(true).send().await.unwrap();
    }
    let third = publish(&client, "1.0", "c", "abc").send().await;
    refused(third, 402, "ServiceQuotaExceededException");
    assert_eq!(status(&client, "team", "1.0").await, Some(Unfinished));
}

#[tokio::test]
async fn generic_packages_are_kept_to_their_repository() {
    let emulator = start().await;
    let client = published(&emulator, &["1.0"]).await;
    let upstream = UpstreamRepository::builder().repository_name("team").build().unwrap();
    client.create_repository().domain("acme").repository("down").upstreams(upstream).send().await.unwrap();
    // What upstreams have does not matter, for nobody can get it from there.
    publish(&client, "1.0", "a", "other").repository("down").send().await.unwrap();
    let describe = client.describe_package().domain("acme").repository("down");
    let described = describe.format(PackageFormat::Generic).namespace("acme").package("tool").send().await;
    let described = described.unwrap();
    let restrictions = described.package().unwrap().origin_configuration().unwrap().restrictions().unwrap();
    assert_eq!(restrictions.publish(), &AllowPublish::Allow);
    let blocked = PackageOriginRestrictions::builder().publish(AllowPublish::Block);
    let put = client.put_package_origin_configuration().domain("acme").repository("down");
    let put = put.format(PackageFormat::Generic).namespace("acme").package("tool");
    put.restrictions(blocked.upstream(AllowUpstream::Block).build().unwrap()).send().await.unwrap();
    let refusal = publish(&client, "2.0", "a", "x").repository("down").send().await;
    refused(refusal, 403, "AccessDeniedException");
}

#[tokio::test]
async fn the_journal_has_what_was_published_without_its_content() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    publish(&client, "1.0", "a", r#"{"secret":"content"}"#).send().await.unwrap();
    let journal = emulator.journal(0);
    let entry = journal.iter().find(|entry| entry.operation == "PublishPackageVersion").unwrap();
    assert_eq!(entry.parameters["asset"], "a");
    assert!(!serde_json::to_string(entry).unwrap().contains("secret"));
}
