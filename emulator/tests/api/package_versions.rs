//! Lists of versions.

use crate::data;
use crate::support::{control, refused, start, with_domain};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::types::{
    PackageFormat, PackageVersionOriginType, PackageVersionSortType, PackageVersionStatus,
};
use codeartifact_emulator::Emulator;
use serde_json::json;
use std::sync::Arc;

/// A connected repository that has fetched these versions of `left-pad`, in this order.
async fn fetched(emulator: &Arc<Emulator>, versions: &[&str]) -> Client {
    let client = with_domain(emulator).await;
    client.create_repository().domain("acme").repository("npm-store").send().await.unwrap();
    let connect = client.associate_external_connection().domain("acme").repository("npm-store");
    connect.external_connection("public:npmjs").send().await.unwrap();
    let token = data::token(&client).await;
    for version in versions {
        let packages = json!([{ "name": "left-pad", "version": version }]);
        let seed = json!({ "connection": "public:npmjs", "packages": packages });
        control(emulator, "PUT", "/seed", seed).await;
        let path = format!("left-pad/-/left-pad-{version}.tgz");
        assert_eq!(data::get(emulator, &token, ("npm", "npm-store", &path)).await.status(), 200);
    }
    client
}

#[tokio::test]
async fn versions_are_listed_in_pages_by_name_or_newest_first() {
    let emulator = start().await;
    let client = fetched(&emulator, &["1.2.0", "1.0.0", "10.0.0", "2.0.0", "1.1.0"]).await;
    let list = || {
        let list = client.list_package_versions().domain("acme").repository("npm-store");
        list.format(PackageFormat::Npm).package("left-pad")
    };
    let first = list().send().await.unwrap();
    assert!(first.next_token().is_some());
    assert_eq!((first.package(), first.namespace()), (Some("left-pad"), None));
    // Nothing was tagged here, so it is the one that was published last.
    assert_eq!(first.default_display_version(), Some("1.1.0"));
    let mut seen = Vec::new();
    for sort in [None, Some(PackageVersionSortType::PublishedTime)] {
        let pages = list().set_sort_by(sort).into_paginator().items().send();
        let items = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
        seen.push(items.iter().map(|one| one.version().to_owned()).collect::<Vec<_>>());
        let revisions: std::collections::BTreeSet<_> = items.iter().map(|one| one.revision()).collect();
        assert_eq!(revisions.len(), 5);
    }
    assert_eq!(seen[0], ["1.0.0", "1.1.0", "1.2.0", "10.0.0", "2.0.0"], "as text, not as versions");
    assert_eq!(seen[1], ["1.1.0", "2.0.0", "10.0.0", "1.0.0", "1.2.0"]);
}

#[tokio::test]
async fn versions_are_filtered_by_status_and_origin() {
    let emulator = start().await;
    let client = fetched(&emulator, &["1.0.0"]).await;
    let count = async |status: Option<PackageVersionStatus>, origin: Option<PackageVersionOriginType>| {
        let list = client.list_package_versions().domain("acme").repository("npm-store");
        let list = list.format(PackageFormat::Npm).package("left-pad");
        list.set_status(status).set_origin_type(origin).send().await.unwrap().versions().len()
    };
    assert_eq!(count(Some(PackageVersionStatus::Published), None).await, 1);
    assert_eq!(count(Some(PackageVersionStatus::Archived), None).await, 0);
    assert_eq!(count(None, Some(PackageVersionOriginType::External)).await, 1);
    assert_eq!(count(None, Some(PackageVersionOriginType::Internal)).await, 0);
}

#[tokio::test]
async fn an_absent_package_has_no_list() {
    let emulator = start().await;
    let client = fetched(&emulator, &[]).await;
    let list = client.list_package_versions().domain("acme").repository("npm-store");
    let list = list.format(PackageFormat::Npm).package("absent").send().await;
    refused(list, 404, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_domain_knows_the_size_of_its_assets_without_counting_one_twice() {
    let emulator = start().await;
    let client = fetched(&emulator, &["1.0.0"]).await;
    let size = async || {
        let domain = client.describe_domain().domain("acme").send().await.unwrap();
        domain.domain().unwrap().asset_size_bytes()
    };
    let before = size().await;
    assert!(before > 0);
    let upstream = aws_sdk_codeartifact::types::UpstreamRepository::builder().repository_name("npm-store");
    let team = client.create_repository().domain("acme").repository("team");
    team.upstreams(upstream.build().unwrap()).send().await.unwrap();
    let token = data::token(&client).await;
    let tarball = ("npm", "team", "left-pad/-/left-pad-1.0.0.tgz");
    assert_eq!(data::get(&emulator, &token, tarball).await.status(), 200);
    assert_eq!(size().await, before);
}
