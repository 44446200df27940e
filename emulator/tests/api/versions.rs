//! Package versions: what is known of them, and their files.

use crate::data;
use crate::support::{ACCOUNT, control, create, refused, send, start, with_domain};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::operation::publish_package_version::builders::PublishPackageVersionFluentBuilder;
use aws_sdk_codeartifact::primitives::ByteStream;
use aws_sdk_codeartifact::types::{
    HashAlgorithm, PackageFormat, PackageVersionOriginType, PackageVersionStatus,
};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use codeartifact_emulator::Emulator;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A call that publishes a file of the generic package `tool` of `acme`, in the repository `team`.
pub(crate) fn publish(
    client: &Client,
    version: &str,
    asset: &str,
    content: &str,
) -> PublishPackageVersionFluentBuilder {
    let call = client.publish_package_version().domain("acme").repository("team");
    let call = call.format(PackageFormat::Generic).namespace("acme").package("tool").package_version(version);
    let call = call.asset_name(asset).asset_sha256(hex::encode(Sha256::digest(content)));
    call.asset_content(ByteStream::from(content.as_bytes().to_vec()))
}

/// A client with a repository `team` in which `tool` has these versions, each with the file `a`.
pub(crate) async fn published(emulator: &Arc<Emulator>, versions: &[&str]) -> Client {
    let client = with_domain(emulator).await;
    create(&client, "team").await;
    for version in versions {
        publish(&client, version, "a", version).send().await.unwrap();
    }
    client
}

/// The status of a version of `tool` in a repository; none when it is not there.
pub(crate) async fn status(client: &Client, repository: &str, version: &str) -> Option<PackageVersionStatus> {
    let describe = client.describe_package_version().domain("acme").repository(repository);
    let describe = describe.format(PackageFormat::Generic).namespace("acme").package("tool");
    match describe.package_version(version).send().await {
        Ok(answer) => answer.package_version().unwrap().status().cloned(),
        Err(error) => {
            assert!(error.as_service_error().unwrap().is_resource_not_found_exception(), "{error:?}");
            None
        }
    }
}

/// What `npm publish` sends for an unscoped package.
pub(crate) async fn publish_npm(
    emulator: &Emulator,
    client: &Client,
    repository: &str,
    manifest: Value,
) -> u16 {
    let (name, version) = (manifest["name"].as_str().unwrap(), manifest["version"].as_str().unwrap());
    let document = json!({
        "name": name,
        "dist-tags": { "latest": version },
        "versions": { version: manifest },
        "_attachments": { format!("{name}-{version}.tgz"): { "data": BASE64_STANDARD.encode(version) } },
    });
    let request = Request::put(format!("/npm/d/acme-{ACCOUNT}/{repository}/{name}"))
        .header("host", "emulator")
        .header("authorization", format!("Bearer {}", data::token(client).await))
        .body(Full::new(document.to_string().into()))
        .unwrap();
    send(emulator, request).await.status().as_u16()
}

fn manifest() -> Value {
    json!({
        "name": "widgets",
        "version": "1.0.0",
        "description": "Small things",
        "homepage": "https://acme.example",
        "repository": { "type": "git", "url": "git+https://acme.example/widgets.git" },
        "license": "MIT",
        "readme": "# Widgets",
        "dependencies": { "@acme/base": "^1.0.0", "left-pad": "~1.3.0" },
        "devDependencies": { "a": "1", "b": "1", "c": "1" },
    })
}

#[tokio::test]
async fn a_version_is_described_by_its_manifest() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let before = aws_sdk_codeartifact::primitives::DateTime::from_secs(emulator.now().as_second());
    assert_eq!(publish_npm(&emulator, &client, "team", manifest()).await, 200);
    let describe = client.describe_package_version().domain("acme").repository("team");
    let describe = describe.format(PackageFormat::Npm).package("widgets").package_version("1.0.0");
    let described = describe.send().await.unwrap();
    let version = described.package_version().unwrap();
    assert_eq!(version.format(), Some(&PackageFormat::Npm));
    assert_eq!((version.namespace(), version.package_name()), (None, Some("widgets")));
    assert_eq!((version.display_name(), version.version()), (Some("widgets"), Some("1.0.0")));
    assert_eq!(version.summary(), Some("Small things"));
    assert_eq!(version.home_page(), Some("https://acme.example"));
    assert_eq!(version.source_code_repository(), Some("https://acme.example/widgets.git"));
    assert_eq!(version.licenses()[0].name(), Some("MIT"));
    assert_eq!(version.status(), Some(&PackageVersionStatus::Published));
    assert!(version.published_time().unwrap() >= &before);
    let origin = version.origin().unwrap();
    assert_eq!(origin.origin_type(), Some(&PackageVersionOriginType::Internal));
    assert_eq!(origin.domain_entry_point().unwrap().repository_name(), Some("team"));
    let list = client.list_package_versions().domain("acme").repository("team");
    let listed = list.format(PackageFormat::Npm).package("widgets").send().await.unwrap();
    assert_eq!(listed.versions()[0].revision(), version.revision());
    assert_eq!(listed.default_display_version(), Some("1.0.0"));
}

#[tokio::test]
async fn readme_and_dependencies_come_from_the_manifest() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    publish_npm(&emulator, &client, "team", manifest()).await;
    let readme = client.get_package_version_readme().domain("acme").repository("team");
    let readme = readme.format(PackageFormat::Npm).package("widgets").package_version("1.0.0");
    let answer = readme.send().await.unwrap();
    assert_eq!(answer.readme(), Some("# Widgets"));
    assert_eq!((answer.package(), answer.version()), (Some("widgets"), Some("1.0.0")));
    let revision = answer.version_revision().unwrap();
    let mut seen = Vec::new();
    let mut token = None;
    loop {
        let list = client.list_package_version_dependencies().domain("acme").repository("team");
        let list = list.format(PackageFormat::Npm).package("widgets").package_version("1.0.0");
        let page = list.set_next_token(token).send().await.unwrap();
        assert_eq!(page.version_revision(), Some(revision));
        seen.extend(page.dependencies().to_vec());
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    // Pages are small, so this list has more than one.
    assert_eq!(seen.len(), 5);
    let base = &seen[0];
    assert_eq!((base.namespace(), base.package()), (Some("acme"), Some("base")));
    assert_eq!((base.dependency_type(), base.version_requirement()), (Some("regular"), Some("^1.0.0")));
    assert_eq!((seen[1].namespace(), seen[4].dependency_type()), (None, Some("dev")));
}

#[tokio::test]
async fn a_python_version_is_described_by_its_wheel() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "pypi-store").await;
    let connect = client.associate_external_connection().domain("acme").repository("pypi-store");
    connect.external_connection("public:pypi").send().await.unwrap();
    let seed = json!({ "connection": "public:pypi", "packages": [{ "name": "Left_Pad", "version": "1.0" }] });
    control(&emulator, "PUT", "/seed", seed).await;
    let token = data::token(&client).await;
    let wheel = ("pypi", "pypi-store", "simple/left-pad/1.0/left_pad-1.0-py3-none-any.whl");
    assert_eq!(data::get(&emulator, &token, wheel).await.status(), 200);
    let describe = client.describe_package_version().domain("acme").repository("pypi-store");
    let describe = describe.format(PackageFormat::Pypi).package("left-pad").package_version("1.0");
    let described = describe.send().await.unwrap();
    let version = described.package_version().unwrap();
    assert_eq!((version.package_name(), version.display_name()), (Some("left-pad"), Some("Left_Pad")));
    assert_eq!(version.summary(), Some("Made by codeartifact-emulator"));
    let entry = version.origin().unwrap().domain_entry_point().unwrap();
    assert_eq!(entry.external_connection_name(), Some("public:pypi"));
}

#[tokio::test]
async fn assets_are_listed_with_their_hashes_and_come_back_whole() {
    let emulator = start().await;
    let client = published(&emulator, &[]).await;
    for name in ["c.txt", "a.txt", "b.txt", "größe.txt", "d.txt"] {
        publish(&client, "1.0", name, name).unfinished(name != "d.txt").send().await.unwrap();
    }
    let list = client.list_package_version_assets().domain("acme").repository("team");
    let list = list.format(PackageFormat::Generic).namespace("acme").package("tool").package_version("1.0");
    let first = list.clone().send().await.unwrap();
    assert!(first.next_token().is_some());
    assert_eq!(
        (first.namespace(), first.package(), first.version()),
        (Some("acme"), Some("tool"), Some("1.0"))
    );
    let revision = first.version_revision().unwrap();
    let assets: Vec<_> = list.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap();
    let names: Vec<_> = assets.iter().map(aws_sdk_codeartifact::types::AssetSummary::name).collect();
    assert_eq!(names, ["a.txt", "b.txt", "c.txt", "d.txt", "größe.txt"]);
    let hashes = assets[0].hashes().unwrap();
    assert_eq!(hashes.len(), 4);
    assert_eq!(hashes[&HashAlgorithm::Sha256], hex::encode(Sha256::digest("a.txt")));
    assert_eq!(assets[0].size(), Some(5));
    let get = client.get_package_version_asset().domain("acme").repository("team");
    let get = get.format(PackageFormat::Generic).namespace("acme").package("tool").package_version("1.0");
    for revision_asked in [None, Some(revision.to_owned())] {
        let got =
            get.clone().asset("b.txt").set_package_version_revision(revision_asked).send().await.unwrap();
        assert_eq!((got.asset_name(), got.package_version()), (Some("b.txt"), Some("1.0")));
        assert_eq!(got.package_version_revision(), Some(revision));
        assert_eq!(got.asset.collect().await.unwrap().into_bytes(), "b.txt");
    }
    let got = get.clone().asset("größe.txt").send().await.unwrap();
    assert_eq!(got.asset_name(), Some("größe.txt"));
    let other = get.clone().asset("b.txt").package_version_revision("other").send().await;
    refused(other, 404, "ResourceNotFoundException");
    refused(get.asset("z.txt").send().await, 404, "ResourceNotFoundException");
}

#[tokio::test]
async fn what_is_not_in_the_very_repository_is_not_found() {
    let emulator = start().await;
    let client = published(&emulator, &["1.0"]).await;
    let upstream = aws_sdk_codeartifact::types::UpstreamRepository::builder().repository_name("team");
    let down = client.create_repository().domain("acme").repository("down");
    down.upstreams(upstream.build().unwrap()).send().await.unwrap();
    assert_eq!(status(&client, "team", "1.0").await, Some(PackageVersionStatus::Published));
    for (repository, version) in [("team", "2.0"), ("down", "1.0")] {
        let of = (PackageFormat::Generic, "acme", "tool");
        let readme = client.get_package_version_readme().domain("acme").repository(repository);
        let readme = readme.format(of.0.clone()).namespace(of.1).package(of.2).package_version(version);
        refused(readme.send().await, 404, "ResourceNotFoundException");
        let assets = client.list_package_version_assets().domain("acme").repository(repository);
        let assets = assets.format(of.0.clone()).namespace(of.1).package(of.2).package_version(version);
        refused(assets.send().await, 404, "ResourceNotFoundException");
        let needs = client.list_package_version_dependencies().domain("acme").repository(repository);
        let needs = needs.format(of.0).namespace(of.1).package(of.2).package_version(version);
        refused(needs.send().await, 404, "ResourceNotFoundException");
        assert_eq!(status(&client, repository, version).await, None);
    }
    // A generic package has no readme, and depends on nothing.
    let readme = client.get_package_version_readme().domain("acme").repository("team");
    let readme = readme.format(PackageFormat::Generic).namespace("acme").package("tool");
    let message = refused(readme.package_version("1.0").send().await, 404, "ResourceNotFoundException");
    assert!(message.contains("has no readme"), "{message}");
}
