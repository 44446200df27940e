//! What npm is told of a package, and what the API is told of what npm published.

use crate::data;
use crate::support::{ACCOUNT, create, refused, send, start, with_domain};
use crate::versions::publish_npm;
use aws_sdk_codeartifact::types::{AssetSummary, PackageFormat};
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

#[tokio::test]
async fn a_packument_has_times_as_the_registry_writes_them() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    for version in ["1.1.0", "1.0.0"] {
        let manifest = json!({ "name": "widgets", "version": version });
        assert_eq!(publish_npm(&emulator, &client, "team", manifest).await, 200);
        emulator.advance(jiff::SignedDuration::from_secs(1));
    }
    let token = data::token(&client).await;
    let packument = data::get(&emulator, &token, ("npm", "team", "widgets")).await;
    let packument: Value = serde_json::from_slice(packument.body()).unwrap();
    let times = packument["time"].as_object().unwrap();
    assert_eq!(times.len(), 4);
    assert_eq!((&times["created"], &times["modified"]), (&times["1.1.0"], &times["1.0.0"]));
    for time in times.values() {
        // Such as 2026-01-01T00:00:00.000Z.
        let (_, fraction) = time.as_str().unwrap().rsplit_once('.').unwrap();
        assert_eq!((fraction.len(), fraction.ends_with('Z')), (4, true), "{time}");
    }
}

#[tokio::test]
async fn who_installs_is_told_no_more_than_that_needs() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let manifest = json!({ "name": "widgets", "version": "1.0.0", "description": "d", "bin": "x.js" });
    assert_eq!(publish_npm(&emulator, &client, "team", manifest).await, 200);
    let token = data::token(&client).await;
    let abridged = "application/vnd.npm.install-v1+json";
    let accept = format!("{abridged}; q=1.0, application/json; q=0.8, */*");
    for (accept, kind) in [(accept.as_str(), abridged), ("application/json", "application/json")] {
        let request = Request::get(format!("/npm/d/acme-{ACCOUNT}/team/widgets"))
            .header("host", emulator.address().to_string())
            .header("authorization", format!("Bearer {token}"))
            .header("accept", accept);
        let answer = send(&emulator, request.body(Full::default()).unwrap()).await;
        assert_eq!(answer.headers()["content-type"], kind);
        let told: Value = serde_json::from_slice(answer.body()).unwrap();
        let version = &told["versions"]["1.0.0"];
        assert_eq!(version["bin"], "x.js");
        let is_whole = kind != abridged;
        assert_eq!(version.get("description").is_some(), is_whole);
        assert_eq!(told.get("time").is_some(), is_whole);
        assert_eq!(told.get("modified").is_some(), !is_whole);
        let dist: Vec<_> = version["dist"].as_object().unwrap().keys().collect();
        assert_eq!(dist, ["tarball", "shasum"], "no integrity");
    }
}

#[tokio::test]
async fn what_is_not_served_is_told() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let answer = data::get(&emulator, &data::token(&client).await, ("npm", "team", "-/whoami")).await;
    assert_eq!(answer.status(), 404);
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(answer["error"], "'/-/whoami' is not served by CodeArtifact repositories");
}

#[tokio::test]
async fn an_npm_version_has_one_asset_whose_name_is_always_the_same() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    for name in ["team", "prod"] {
        create(&client, name).await;
    }
    let manifest = json!({ "name": "widgets", "version": "1.0.0" });
    assert_eq!(publish_npm(&emulator, &client, "team", manifest).await, 200);
    let copy = client.copy_package_versions().domain("acme").source_repository("team");
    let copy = copy.destination_repository("prod").format(PackageFormat::Npm).package("widgets");
    copy.versions("1.0.0").send().await.unwrap();
    for repository in ["team", "prod"] {
        let list = client.list_package_version_assets().domain("acme").repository(repository);
        let list = list.format(PackageFormat::Npm).package("widgets").package_version("1.0.0");
        let listed = list.send().await.unwrap();
        let names: Vec<_> = listed.assets().iter().map(AssetSummary::name).collect();
        assert_eq!(names, ["package.tgz"], "{repository}");
        let get = |asset: &str| {
            let get = client.get_package_version_asset().domain("acme").repository(repository);
            let get = get.format(PackageFormat::Npm).package("widgets").package_version("1.0.0");
            get.asset(asset).send()
        };
        let got = get("package.tgz").await.unwrap();
        assert_eq!(got.asset_name(), Some("package.tgz"));
        assert_eq!(got.asset.collect().await.unwrap().into_bytes(), "1.0.0");
        refused(get("widgets-1.0.0.tgz").await, 404, "ResourceNotFoundException");
        let token = data::token(&client).await;
        let tarball = ("npm", repository, "widgets/-/widgets-1.0.0.tgz");
        assert_eq!(data::get(&emulator, &token, tarball).await.body(), "1.0.0");
        let renamed = ("npm", repository, "widgets/-/package.tgz");
        assert_eq!(data::get(&emulator, &token, renamed).await.status(), 404);
    }
}
