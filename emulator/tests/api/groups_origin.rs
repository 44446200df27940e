//! Origin controls of package groups: modes, lists, and what they do to packages.

use crate::support::{control, create, refused, start, with_domain};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::error::SdkError;
use aws_sdk_codeartifact::operation::publish_package_version::{
    PublishPackageVersionError, PublishPackageVersionOutput,
};
use aws_sdk_codeartifact::operation::update_package_group_origin_configuration::builders::UpdatePackageGroupOriginConfigurationFluentBuilder as Update;
use aws_sdk_codeartifact::primitives::ByteStream;
use aws_sdk_codeartifact::types::{
    PackageFormat, PackageGroupAllowedRepository, PackageGroupAllowedRepositoryUpdateType as Kind,
    PackageGroupOriginRestrictionMode as Mode, PackageGroupOriginRestrictionType as Way,
};
use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest, Sha256};

fn update(client: &Client, pattern: &str) -> Update {
    client.update_package_group_origin_configuration().domain("acme").package_group(pattern)
}

fn entry(repository: &str) -> PackageGroupAllowedRepository {
    let entry = PackageGroupAllowedRepository::builder().repository_name(repository);
    entry.origin_restriction_type(Way::Publish).build()
}

async fn allowed(client: &Client, pattern: &str) -> Vec<String> {
    let list = client.list_allowed_repositories_for_group().domain("acme").package_group(pattern);
    let list = list.origin_restriction_type(Way::Publish).into_paginator().items().send();
    list.collect::<Result<_, _>>().await.unwrap()
}

async fn publish(
    client: &Client,
    repository: &str,
    package: &str,
) -> Result<PublishPackageVersionOutput, SdkError<PublishPackageVersionError>> {
    let publish = client.publish_package_version().domain("acme").repository(repository);
    let publish = publish.format(PackageFormat::Generic).namespace("tools").package(package);
    let publish =
        publish.package_version("1.0.0").asset_name("a").asset_sha256(hex::encode(Sha256::digest("a")));
    publish.asset_content(ByteStream::from_static(b"a")).send().await
}

/// A domain with the repositories `one` and `two` and the group `/generic/tools/*`.
async fn world() -> (std::sync::Arc<codeartifact_emulator::Emulator>, Client) {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "one").await;
    create(&client, "two").await;
    make(&client, "/generic/tools/*").await;
    (emulator, client)
}

async fn make(client: &Client, pattern: &str) {
    client.create_package_group().domain("acme").package_group(pattern).send().await.unwrap();
}

#[tokio::test]
async fn lists_are_changed_and_told() {
    let (_emulator, client) = world().await;
    let specific =
        || update(&client, "/generic/tools/*").restrictions(Way::Publish, Mode::AllowSpecificRepositories);
    let changed = specific().add_allowed_repositories(entry("two")).add_allowed_repositories(entry("one"));
    let changed = changed.send().await.unwrap();
    let updates = changed.allowed_repository_updates().unwrap();
    assert_eq!(updates[&Way::Publish][&Kind::Added], ["two", "one"]);
    let group = changed.package_group().unwrap();
    let publishing = &group.origin_configuration().unwrap().restrictions().unwrap()[&Way::Publish];
    assert_eq!(publishing.repositories_count(), Some(2));
    assert_eq!(publishing.effective_mode(), Some(&Mode::AllowSpecificRepositories));
    assert_eq!(allowed(&client, "/generic/tools/*").await, ["one", "two"]);
    let again = specific().add_allowed_repositories(entry("one")).remove_allowed_repositories(entry("two"));
    let updates = again.send().await.unwrap().allowed_repository_updates.unwrap();
    assert!(!updates[&Way::Publish].contains_key(&Kind::Added), "it was there");
    assert_eq!(updates[&Way::Publish][&Kind::Removed], ["two"]);
    client.delete_repository().domain("acme").repository("one").send().await.unwrap();
    assert!(allowed(&client, "/generic/tools/*").await.is_empty(), "it is gone");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let (_emulator, client) = world().await;
    let group = || update(&client, "/generic/tools/*");
    let specific = || group().restrictions(Way::Publish, Mode::AllowSpecificRepositories);
    let many = |count: usize| (0..count).map(|number| entry(&format!("r{number:03}"))).collect::<Vec<_>>();
    let nameless = PackageGroupAllowedRepository::builder().origin_restriction_type(Way::Publish).build();
    for (what, refusal) in [
        ("another mode", group().add_allowed_repositories(entry("one"))),
        ("another mode", group().remove_allowed_repositories(entry("one"))),
        ("twice", specific().add_allowed_repositories(entry("one")).add_allowed_repositories(entry("one"))),
        ("both", specific().add_allowed_repositories(entry("one")).remove_allowed_repositories(entry("one"))),
        ("no name", specific().add_allowed_repositories(nameless)),
        ("101", specific().set_remove_allowed_repositories(Some(many(101)))),
        ("the root", update(&client, "/*").restrictions(Way::Publish, Mode::Inherit)),
    ] {
        let message = refused(refusal.send().await, 400, "ValidationException");
        assert!(!message.is_empty(), "{what}");
    }
    let absent = specific().add_allowed_repositories(entry("one")).add_allowed_repositories(entry("none"));
    refused(absent.send().await, 404, "ResourceNotFoundException");
    let absent = update(&client, "/generic/none/*").restrictions(Way::Publish, Mode::Block);
    refused(absent.send().await, 404, "ResourceNotFoundException");
    let described = client.describe_package_group().domain("acme").package_group("/generic/tools/*");
    let described = described.send().await.unwrap().package_group.unwrap();
    let restrictions = described.origin_configuration.unwrap().restrictions.unwrap();
    assert_eq!(restrictions[&Way::Publish].mode(), Some(&Mode::Inherit), "nothing of it was kept");
    specific().set_remove_allowed_repositories(Some(many(100))).send().await.unwrap();
}

#[tokio::test]
async fn publishing_obeys_the_mode_that_counts() {
    let (_emulator, client) = world().await;
    make(&client, "/generic/tools/hammer$").await;
    let change =
        update(&client, "/generic/tools/*").restrictions(Way::Publish, Mode::AllowSpecificRepositories);
    change.add_allowed_repositories(entry("two")).send().await.unwrap();
    let message = refused(publish(&client, "one", "hammer").await, 403, "AccessDeniedException");
    assert!(message.contains("/generic/tools/hammer$"), "{message}");
    publish(&client, "two", "hammer").await.unwrap();
    let hammer = update(&client, "/generic/tools/hammer$").restrictions(Way::Publish, Mode::Block);
    hammer.send().await.unwrap();
    refused(publish(&client, "two", "hammer").await, 403, "AccessDeniedException");
    publish(&client, "two", "saw").await.unwrap();
    let hammer = update(&client, "/generic/tools/hammer$").restrictions(Way::Publish, Mode::Allow);
    hammer.send().await.unwrap();
    publish(&client, "one", "hammer").await.unwrap();
    let message = refused(publish(&client, "one", "Hammer").await, 403, "AccessDeniedException");
    assert!(message.contains("variation"), "{message}");
    client
        .delete_package_group()
        .domain("acme")
        .package_group("/generic/tools/hammer$")
        .send()
        .await
        .unwrap();
    refused(publish(&client, "one", "hammer").await, 403, "AccessDeniedException");
}

#[tokio::test]
async fn a_group_that_is_not_open_leaves_its_packages_open() {
    let (_emulator, client) = world().await;
    make(&client, "/generic/tools/hammer$").await;
    let change = update(&client, "/generic/tools/hammer$").restrictions(Way::ExternalUpstream, Mode::Block);
    change.send().await.unwrap();
    for (package, upstream) in [("hammer", "ALLOW"), ("saw", "BLOCK")] {
        publish(&client, "one", package).await.unwrap();
        let describe = client.describe_package().domain("acme").repository("one").namespace("tools");
        let described = describe.format(PackageFormat::Generic).package(package).send().await.unwrap();
        let origin = described.package.unwrap().origin_configuration.unwrap();
        let restrictions = origin.restrictions().unwrap();
        assert_eq!(restrictions.publish().as_str(), "ALLOW", "{package}");
        assert_eq!(restrictions.upstream().as_str(), upstream, "{package}");
    }
}

async fn associated(client: &Client, pattern: &str, preview: bool) -> Vec<(String, String)> {
    let list = client.list_associated_packages().domain("acme").package_group(pattern).preview(preview);
    let found: Vec<_> = list.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap();
    let told = |one: &aws_sdk_codeartifact::types::AssociatedPackage| {
        (one.package().unwrap().to_owned(), one.association_type().unwrap().as_str().to_owned())
    };
    found.iter().map(told).collect()
}

#[tokio::test]
async fn packages_are_listed_once_and_for_groups_that_may_be_made() {
    let (_emulator, client) = world().await;
    for (repository, package) in
        [("one", "hammer"), ("two", "hammer"), ("two", "Hammer"), ("one", "hammer-head"), ("one", "saw")]
    {
        publish(&client, repository, package).await.unwrap();
    }
    let of = |names: &[(&str, &str)]| -> Vec<(String, String)> {
        names.iter().map(|(name, strength)| ((*name).into(), (*strength).into())).collect()
    };
    let hammer = of(&[("Hammer", "WEAK"), ("hammer", "STRONG")]);
    assert_eq!(associated(&client, "/generic/tools/hammer$", true).await, hammer);
    let absent = client.list_associated_packages().domain("acme").package_group("/generic/tools/hammer$");
    refused(absent.send().await, 404, "ResourceNotFoundException");
    make(&client, "/generic/tools/hammer$").await;
    assert_eq!(associated(&client, "/generic/tools/hammer$", false).await, hammer);
    let rest = of(&[("hammer-head", "STRONG"), ("saw", "STRONG")]);
    assert_eq!(associated(&client, "/generic/tools/*", false).await, rest);
    assert_eq!(associated(&client, "/generic/tools/*", true).await, rest);
    assert_eq!(associated(&client, "/*", false).await, []);
    let prefix = of(&[("hammer-head", "STRONG")]);
    assert_eq!(associated(&client, "/generic/tools/hammer~", true).await, prefix);
}

#[tokio::test]
async fn a_new_group_reaches_packages_late_on_demand() {
    let (emulator, client) = world().await;
    emulator.advance(SignedDuration::from_secs(60));
    let fault = json!([{
        "match": { "operation": "GetAssociatedPackageGroup" }, "fault": { "staleReads": "30s" }
    }]);
    control(&emulator, "PUT", "/faults", fault).await;
    let group = async || {
        let ask = client.get_associated_package_group().domain("acme").namespace("tools").package("hammer");
        let found = ask.format(PackageFormat::Generic).send().await.unwrap();
        found.package_group.unwrap().pattern.unwrap()
    };
    make(&client, "/generic/tools/hammer$").await;
    assert_eq!(group().await, "/generic/tools/*");
    let described = client.describe_package_group().domain("acme").package_group("/generic/tools/hammer$");
    described.send().await.unwrap();
    emulator.advance(SignedDuration::from_secs(31));
    assert_eq!(group().await, "/generic/tools/hammer$");
}
