//! Copies of versions between repositories.

use crate::identities::user;
use crate::support::{ACCOUNT, create, refused, start};
use crate::versions::{publish, publish_npm, published, status};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::operation::copy_package_versions::CopyPackageVersionsOutput;
use aws_sdk_codeartifact::operation::copy_package_versions::builders::CopyPackageVersionsFluentBuilder;
use aws_sdk_codeartifact::types::{
    AllowPublish, AllowUpstream, PackageFormat, PackageOriginRestrictions, PackageVersionStatus, Tag,
    UpstreamRepository,
};
use serde_json::{Value, json};

fn copy(client: &Client, from: &str, to: &str) -> CopyPackageVersionsFluentBuilder {
    let copy =
        client.copy_package_versions().domain("acme").source_repository(from).destination_repository(to);
    copy.format(PackageFormat::Generic).namespace("acme").package("tool")
}

/// Each version with its status, or with the code of its failure.
fn told(answer: &CopyPackageVersionsOutput) -> String {
    let successful = answer.successful_versions().unwrap().iter();
    let successful = successful.map(|(version, one)| format!("{version} {}", one.status().unwrap().as_str()));
    let failed = answer.failed_versions().unwrap().iter();
    let failed = failed.map(|(version, one)| format!("{version} {}", one.error_code().unwrap().as_str()));
    let mut told: Vec<_> = successful.chain(failed).collect();
    told.sort();
    told.join(", ")
}

#[tokio::test]
async fn copies_are_all_or_nothing_and_say_nothing_of_what_is_there() {
    let emulator = start().await;
    let client = published(&emulator, &["1", "2", "3"]).await;
    create(&client, "prod").await;
    publish(&client, "3", "a", "other").repository("prod").send().await.unwrap();
    let answer = copy(&client, "team", "prod").versions("1").send().await.unwrap();
    assert_eq!(told(&answer), "1 Published");
    let answer = copy(&client, "team", "prod").versions("1").versions("2").send().await.unwrap();
    assert_eq!(told(&answer), "2 Published");
    publish(&client, "4", "a", "4").send().await.unwrap();
    let differing = || copy(&client, "team", "prod").versions("1").versions("3").versions("4");
    let answer = differing().send().await.unwrap();
    assert_eq!(told(&answer), "3 ALREADY_EXISTS, 4 SKIPPED");
    let message = answer.failed_versions().unwrap()["3"].error_message();
    assert_eq!(message, Some("Version 3 already exists"));
    let message = answer.failed_versions().unwrap()["4"].error_message();
    assert_eq!(message, Some("Version 4 was skipped"));
    assert_eq!(status(&client, "prod", "4").await, None);
    assert_eq!(told(&differing().allow_overwrite(true).send().await.unwrap()), "3 Published, 4 Published");
    let get = client.get_package_version_asset().domain("acme").repository("prod");
    let get = get.format(PackageFormat::Generic).namespace("acme").package("tool");
    let got = get.package_version("3").asset("a").send().await.unwrap();
    assert_eq!(got.asset.collect().await.unwrap().into_bytes(), "3");
    let missing = copy(&client, "team", "prod").versions("1").versions("9").send().await.unwrap();
    assert_eq!(told(&missing), "9 NOT_FOUND");
}

#[tokio::test]
async fn a_copy_keeps_revision_origin_and_status() {
    let emulator = start().await;
    let client = published(&emulator, &["1"]).await;
    create(&client, "prod").await;
    let update = client.update_package_versions_status().domain("acme").repository("team");
    let update = update.format(PackageFormat::Generic).namespace("acme").package("tool").versions("1");
    update.target_status(PackageVersionStatus::Unlisted).send().await.unwrap();
    let describe = async |repository: &str| {
        let describe = client.describe_package_version().domain("acme").repository(repository);
        let describe = describe.format(PackageFormat::Generic).namespace("acme").package("tool");
        describe.package_version("1").send().await.unwrap().package_version().unwrap().clone()
    };
    let source = describe("team").await;
    let other = copy(&client, "team", "prod").version_revisions("1", "other").send().await.unwrap();
    assert_eq!(told(&other), "1 MISMATCHED_REVISION");
    let revision = source.revision().unwrap();
    let answer = copy(&client, "team", "prod").version_revisions("1", revision).send().await.unwrap();
    assert_eq!(told(&answer), "1 Unlisted");
    assert_eq!(describe("prod").await, source);
}

#[tokio::test]
async fn requests_that_do_not_say_what_to_copy_are_refused() {
    let emulator = start().await;
    let client = published(&emulator, &["1"]).await;
    create(&client, "prod").await;
    let call = || copy(&client, "team", "prod");
    for refusal in [
        call().send().await,
        call().versions("1").version_revisions("1", "x").send().await,
        call().versions("1").versions("1").send().await,
        copy(&client, "team", "team").versions("1").send().await,
    ] {
        refused(refusal, 400, "ValidationException");
    }
    for refusal in [
        call().package("absent").versions("1").send().await,
        copy(&client, "absent", "prod").versions("1").send().await,
        copy(&client, "team", "absent").versions("1").send().await,
    ] {
        refused(refusal, 404, "ResourceNotFoundException");
    }
}

#[tokio::test]
async fn upstreams_are_looked_at_when_asked_for() {
    let emulator = start().await;
    let client = published(&emulator, &[]).await;
    create(&client, "prod").await;
    let upstream = UpstreamRepository::builder().repository_name("team").build().unwrap();
    client.create_repository().domain("acme").repository("down").upstreams(upstream).send().await.unwrap();
    publish_npm(&emulator, &client, "team", json!({ "name": "widgets", "version": "1.0.0" })).await;
    let call = || {
        let copy = client.copy_package_versions().domain("acme").source_repository("down");
        copy.destination_repository("prod").format(PackageFormat::Npm).package("widgets").versions("1.0.0")
    };
    refused(call().send().await, 404, "ResourceNotFoundException");
    let answer = call().include_from_upstream(true).send().await.unwrap();
    assert_eq!(told(&answer), "1.0.0 Published");
    // Tags that mean the version are copied with it.
    let list = client.list_package_versions().domain("acme").repository("prod");
    let list = list.format(PackageFormat::Npm).package("widgets").send().await.unwrap();
    assert_eq!(list.default_display_version(), Some("1.0.0"));
}

#[tokio::test]
async fn generic_packages_are_not_looked_for_upstream() {
    let emulator = start().await;
    let client = published(&emulator, &["1.0"]).await;
    create(&client, "prod").await;
    let upstream = UpstreamRepository::builder().repository_name("team").build().unwrap();
    client.create_repository().domain("acme").repository("down").upstreams(upstream).send().await.unwrap();
    let copy = client.copy_package_versions().domain("acme").source_repository("down");
    let copy = copy.destination_repository("prod").format(PackageFormat::Generic).namespace("acme");
    let copy = copy.package("tool").versions("1.0").include_from_upstream(true).send().await;
    refused(copy, 404, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_copy_passes_by_origin_configurations() {
    let emulator = start().await;
    let client = published(&emulator, &["1"]).await;
    create(&client, "prod").await;
    let blocked = PackageOriginRestrictions::builder().publish(AllowPublish::Block);
    let put = client.put_package_origin_configuration().domain("acme").repository("prod");
    let put = put.format(PackageFormat::Generic).namespace("acme").package("tool");
    put.restrictions(blocked.upstream(AllowUpstream::Block).build().unwrap()).send().await.unwrap();
    let answer = copy(&client, "team", "prod").versions("1").send().await.unwrap();
    assert_eq!(told(&answer), "1 Published");
}

/// A policy of an identity that allows each action on its own resource.
fn allowing(pairs: &[(&str, &str)]) -> Value {
    let statement = |(action, resource): &(&str, &str)| {
        let arn = format!("arn:aws:codeartifact:us-east-1:{ACCOUNT}:{resource}");
        json!({ "Effect": "Allow", "Action": format!("codeartifact:{action}"), "Resource": arn })
    };
    json!({ "Version": "2012-10-17", "Statement": pairs.iter().map(statement).collect::<Value>() })
}

const READ: (&str, &str) = ("ReadFromRepository", "repository/acme/team");
const WRITE: (&str, &str) = ("CopyPackageVersions", "package/acme/prod/generic/acme/tool");
const WRITE_TO: (&str, &str) = ("CopyPackageVersions", "repository/acme/prod");

#[tokio::test]
async fn both_repositories_and_the_package_must_allow_it() {
    let emulator = start().await;
    let client = published(&emulator, &["1"]).await;
    create(&client, "prod").await;
    for (pairs, missing) in [
        (&[WRITE, WRITE_TO][..], Some(":repository/acme/team")),
        (&[WRITE, READ], Some(":repository/acme/prod")),
        (&[WRITE_TO, READ], Some(":package/acme/prod/generic/acme/tool")),
        (&[WRITE, WRITE_TO, READ], None),
    ] {
        let copier = user(&emulator, ACCOUNT, "copier", allowing(pairs)).await;
        let result = copy(&copier, "team", "prod").versions("1").send().await;
        if let Some(missing) = missing {
            let message = refused(result, 403, "AccessDeniedException");
            assert!(message.contains(missing), "{message}");
            assert_eq!(status(&client, "prod", "1").await, None);
        } else {
            assert_eq!(told(&result.unwrap()), "1 Published");
        }
    }
}

#[tokio::test]
async fn a_deny_at_the_destination_has_effect_by_its_arn_and_by_its_tags() {
    let emulator = start().await;
    let client = published(&emulator, &["1"]).await;
    let tag = Tag::builder().key("stage").value("prod").build().unwrap();
    client.create_repository().domain("acme").repository("prod").tags(tag).send().await.unwrap();
    let arn = format!("arn:aws:codeartifact:us-east-1:{ACCOUNT}:repository/acme/prod");
    let everything = json!({ "Effect": "Allow", "Action": "codeartifact:*", "Resource": "*" });
    for (resource, stage, refuses) in [(arn.as_str(), "*", true), ("*", "prod", true), ("*", "test", false)] {
        let deny = json!({
            "Effect": "Deny", "Action": "codeartifact:CopyPackageVersions", "Resource": resource,
            "Condition": { "StringLike": { "aws:ResourceTag/stage": stage } },
        });
        let policy = json!({ "Version": "2012-10-17", "Statement": [everything, deny] });
        let copier = user(&emulator, ACCOUNT, "copier", policy).await;
        let result = copy(&copier, "team", "prod").versions("1").send().await;
        if refuses {
            let message = refused(result, 403, "AccessDeniedException");
            assert!(message.contains("explicit deny in an identity-based policy"), "{message}");
        } else {
            assert_eq!(told(&result.unwrap()), "1 Published");
        }
    }
}
