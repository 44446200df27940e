//! Packages and their origin configuration.

use crate::identities::user;
use crate::support::{ACCOUNT, create, refused, start, with_domain};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::types::{AllowPublish, AllowUpstream, PackageFormat, PackageOriginRestrictions};
use serde_json::json;

fn restrictions(publish: AllowPublish, upstream: AllowUpstream) -> PackageOriginRestrictions {
    PackageOriginRestrictions::builder().publish(publish).upstream(upstream).build().unwrap()
}

const BLOCKED: (AllowPublish, AllowUpstream) = (AllowPublish::Allow, AllowUpstream::Block);

/// Create a package by its origin configuration.
async fn put(client: &Client, format: PackageFormat, namespace: Option<&str>, name: &str) {
    let put = client.put_package_origin_configuration().domain("acme").repository("team");
    let put = put.format(format).set_namespace(namespace.map(str::to_owned)).package(name);
    put.restrictions(restrictions(BLOCKED.0, BLOCKED.1)).send().await.unwrap();
}

#[tokio::test]
async fn an_origin_configuration_creates_the_package_and_replaces_the_one_before() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let describe = || client.describe_package().domain("acme").repository("team");
    let describe = || describe().format(PackageFormat::Npm).namespace("acme").package("widgets");
    let message = refused(describe().send().await, 404, "ResourceNotFoundException");
    assert!(message.contains("@acme/widgets"), "{message}");
    for (publish, upstream) in [BLOCKED, (AllowPublish::Block, AllowUpstream::Allow)] {
        let put = client.put_package_origin_configuration().domain("acme").repository("team");
        let put = put.format(PackageFormat::Npm).namespace("acme").package("widgets");
        let put = put.restrictions(restrictions(publish.clone(), upstream.clone())).send().await.unwrap();
        let answered = put.origin_configuration().unwrap().restrictions().unwrap();
        assert_eq!((answered.publish(), answered.upstream()), (&publish, &upstream));
        let package = describe().send().await.unwrap();
        let package = package.package().unwrap();
        assert_eq!((package.namespace(), package.name()), (Some("acme"), Some("widgets")));
        assert_eq!(package.format(), Some(&PackageFormat::Npm));
        assert_eq!(package.origin_configuration(), put.origin_configuration());
    }
}

#[tokio::test]
async fn names_and_namespaces_follow_the_format() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    for (format, namespace, name) in [
        (PackageFormat::Maven, None, "guava"),
        (PackageFormat::Swift, None, "nio"),
        (PackageFormat::Generic, None, "archive"),
        (PackageFormat::Pypi, Some("acme"), "requests"),
        (PackageFormat::Nuget, Some("acme"), "json"),
        (PackageFormat::Ruby, Some("acme"), "rake"),
        (PackageFormat::Cargo, Some("acme"), "serde"),
        (PackageFormat::Npm, None, "left/pad"),
        (PackageFormat::Npm, Some("@acme"), "widgets"),
        (PackageFormat::Pypi, None, "Not.Normalised"),
        (PackageFormat::from("deb"), None, "bash"),
    ] {
        let put = client.put_package_origin_configuration().domain("acme").repository("team");
        let put = put.format(format).set_namespace(namespace.map(str::to_owned)).package(name);
        let put = put.restrictions(restrictions(BLOCKED.0, BLOCKED.1));
        refused(put.send().await, 400, "ValidationException");
    }
}

#[tokio::test]
async fn nuget_and_swift_names_are_taken_in_any_spelling() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let (nuget, swift) = (PackageFormat::Nuget, PackageFormat::Swift);
    put(&client, nuget.clone(), None, "Newtonsoft.Json").await;
    put(&client, swift.clone(), Some("Apple"), "Swift-NIO").await;
    for (format, namespace, name, stored) in [
        (&nuget, None, "Newtonsoft.Json", "newtonsoft.json"),
        (&nuget, None, "newtonsoft.json", "newtonsoft.json"),
        (&swift, Some("APPLE"), "swift-NIO", "swift-nio"),
        (&swift, Some("apple"), "swift-nio", "swift-nio"),
    ] {
        let namespace = namespace.map(str::to_owned);
        let describe = client.describe_package().domain("acme").repository("team").format(format.clone());
        let described = describe.set_namespace(namespace.clone()).package(name).send().await.unwrap();
        assert_eq!(described.package().unwrap().name(), Some(stored));
        let ask = client.get_associated_package_group().domain("acme").format(format.clone());
        ask.set_namespace(namespace).package(name).send().await.unwrap();
    }
    let list = || client.list_packages().domain("acme").repository("team");
    for (list, found) in [
        (list().package_prefix("Newton"), "newtonsoft.json"),
        (list().format(nuget).package_prefix("Newton"), "newtonsoft.json"),
        (list().package_prefix("SWIFT"), "swift-nio"),
        (list().format(swift).namespace("App").package_prefix("Sw"), "swift-nio"),
    ] {
        let listed = list.send().await.unwrap();
        assert_eq!(listed.packages().iter().map(|one| one.package().unwrap()).collect::<Vec<_>>(), [found]);
    }
    let delete = client.delete_package().domain("acme").repository("team").format(PackageFormat::Swift);
    delete.namespace("Apple").package("Swift-NIO").send().await.unwrap();
}

#[tokio::test]
async fn policies_know_packages_by_their_normalised_names() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    put(&client, PackageFormat::Swift, Some("apple"), "swift-nio").await;
    for (name, path, let_in) in [("ann", "apple/swift-nio", true), ("bob", "Apple/Swift-NIO", false)] {
        let resource = format!("arn:aws:codeartifact:*:{ACCOUNT}:package/acme/team/swift/{path}");
        let statement = json!({ "Effect": "Allow", "Action": "codeartifact:*", "Resource": resource });
        let policy = json!({ "Version": "2012-10-17", "Statement": statement });
        let user = user(&emulator, ACCOUNT, name, policy).await;
        let describe = user.describe_package().domain("acme").repository("team");
        let describe = describe.format(PackageFormat::Swift).namespace("Apple").package("Swift-NIO");
        match describe.send().await {
            Ok(_) => assert!(let_in, "{name}"),
            refusal => {
                assert!(!let_in, "{name}");
                refused(refusal, 403, "AccessDeniedException");
            }
        }
    }
}

#[tokio::test]
async fn a_scope_is_given_without_its_at_sign() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let npm = PackageFormat::Npm;
    let refuse = |message: String| {
        assert!(message.contains("without the '@'"), "{message}");
    };
    let describe = client.describe_package().domain("acme").repository("team").format(npm.clone());
    let describe = describe.namespace("@acme").package("widgets").send().await;
    refuse(refused(describe, 400, "ValidationException"));
    let versions = client.list_package_versions().domain("acme").repository("team").format(npm.clone());
    let versions = versions.namespace("@acme").package("widgets").send().await;
    refuse(refused(versions, 400, "ValidationException"));
    let list = client.list_packages().domain("acme").repository("team").format(npm.clone());
    refuse(refused(list.namespace("@ac").send().await, 400, "ValidationException"));
    let ask = client.get_associated_package_group().domain("acme").format(npm);
    let ask = ask.namespace("@acme").package("widgets").send().await;
    refuse(refused(ask, 400, "ValidationException"));
    for pattern in ["/npm/@acme/*", "/npm/@acme~", "/npm/@acme/widgets$"] {
        let create = client.create_package_group().domain("acme").package_group(pattern).send().await;
        refuse(refused(create, 400, "ValidationException"));
    }
}

#[tokio::test]
async fn lists_are_filtered_by_beginnings_and_by_restrictions() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    for (namespace, name) in
        [(None, "left-pad"), (None, "lodash"), (Some("acme"), "left"), (Some("acme-labs"), "right")]
    {
        put(&client, PackageFormat::Npm, namespace, name).await;
    }
    put(&client, PackageFormat::Pypi, None, "left-pad").await;
    let list = || client.list_packages().domain("acme").repository("team");
    let names =
        async |list: aws_sdk_codeartifact::operation::list_packages::builders::ListPackagesFluentBuilder| {
            let items = list.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.unwrap();
            items.iter().map(|one| one.package().unwrap().to_owned()).collect::<Vec<_>>()
        };
    assert_eq!(names(list()).await, ["left-pad", "lodash", "left", "right", "left-pad"]);
    assert_eq!(names(list().format(PackageFormat::Pypi)).await, ["left-pad"]);
    assert_eq!(names(list().package_prefix("left")).await, ["left-pad", "left", "left-pad"]);
    let scoped = list().format(PackageFormat::Npm).namespace("acme");
    assert_eq!(names(scoped).await, ["left", "right"]);
    assert_eq!(names(list().upstream(AllowUpstream::Allow)).await, Vec::<String>::new());
    assert_eq!(names(list().publish(AllowPublish::Allow)).await.len(), 5);
    // Pages are small, so this list has more than one.
    assert!(list().send().await.unwrap().next_token().is_some());
    refused(list().namespace("acme").send().await, 400, "ValidationException");
}

#[tokio::test]
async fn a_package_goes_with_its_repository() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    put(&client, PackageFormat::Npm, None, "widgets").await;
    client.delete_repository().domain("acme").repository("team").send().await.unwrap();
    create(&client, "team").await;
    let list = client.list_packages().domain("acme").repository("team").send().await.unwrap();
    assert!(list.packages().is_empty());
}

#[tokio::test]
async fn both_restrictions_are_required() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let put = client.put_package_origin_configuration().domain("acme").repository("team");
    let put = put.format(PackageFormat::Npm).package("widgets");
    let put = put.restrictions(restrictions(AllowPublish::from("MAYBE"), AllowUpstream::Allow));
    let message = refused(put.send().await, 400, "ValidationException");
    assert!(message.contains("enum value set: [ALLOW, BLOCK]"), "{message}");
    let absent = client.put_package_origin_configuration().domain("acme").repository("absent");
    let absent = absent.format(PackageFormat::Npm).package("widgets");
    let absent = absent.restrictions(restrictions(BLOCKED.0, BLOCKED.1));
    refused(absent.send().await, 404, "ResourceNotFoundException");
}
