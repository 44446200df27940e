//! When files were published in their public registries, as package managers are told.

use crate::data;
use crate::support::{control, create, start, try_control, with_domain};
use codeartifact_emulator::Emulator;
use serde_json::{Value, json};

/// The address of what tells the times of two versions of a package, and the times.
const TOLD: &[(&str, &str, &str, &str)] = &[
    ("npm", "public:npmjs", "widgets", "widgets"),
    ("pypi", "public:pypi", "widgets", "simple/widgets/"),
    ("cargo", "public:crates-io", "widgets", "api/v1/crates/widgets/versions"),
];

const OLD: &str = "2020-01-02T03:04:05.678Z";

/// A repository `store` behind which a package has a version of that time, and one of now.
async fn seeded(connection: &str, name: &str) -> (std::sync::Arc<Emulator>, String) {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "store").await;
    let connect = client.associate_external_connection().domain("acme").repository("store");
    connect.external_connection(connection).send().await.unwrap();
    let packages = json!([
        { "name": name, "version": "1.0.0", "published": OLD },
        { "name": name, "version": "1.1.0" },
    ]);
    control(&emulator, "PUT", "/seed", json!({ "connection": connection, "packages": packages })).await;
    let token = data::token(&client).await;
    (emulator, token)
}

/// The times of the two versions, in the words of the format.
fn times(format: &str, document: &Value) -> [String; 2] {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |version: &str| match format {
        "npm" => text(&document["time"][version]),
        "pypi" => {
            let files = document["files"].as_array().unwrap();
            let is_of = |file: &&Value| file["filename"].as_str().unwrap().contains(version);
            text(&files.iter().find(is_of).unwrap()["upload-time"])
        }
        _ => {
            let versions = document["versions"].as_array().unwrap();
            text(&versions.iter().find(|one| one["num"] == version).unwrap()["created_at"])
        }
    };
    ["1.0.0", "1.1.0"].map(of)
}

#[tokio::test]
async fn each_format_tells_when_a_version_was_published_also_once_it_is_retained() {
    for (format, connection, name, path) in TOLD {
        let (emulator, token) = seeded(connection, name).await;
        let ask = async || {
            let json = ["application/vnd.pypi.simple.v1+json, application/json"];
            let answer = data::get_as(&emulator, &token, (format, "store", path), &json).await;
            assert_eq!(answer.status(), 200, "{format}");
            times(format, &serde_json::from_slice(answer.body()).unwrap())
        };
        let [old, new] = ask().await;
        let precise = if *format == "npm" { OLD.to_owned() } else { OLD.replace("678Z", "678000Z") };
        assert_eq!(old, precise, "{format}");
        assert!(new.as_str() > "2026", "{format}: {new}");
        emulator.advance(jiff::SignedDuration::from_hours(1));
        let file = match *format {
            "npm" => "widgets/-/widgets-1.0.0.tgz",
            "pypi" => "simple/widgets/1.0.0/widgets-1.0.0-py3-none-any.whl",
            _ => "api/v1/crates/widgets/1.0.0/download",
        };
        assert_eq!(data::get(&emulator, &token, (format, "store", file)).await.status(), 200, "{file}");
        assert_eq!(ask().await, [old, new], "{format}");
    }
}

#[tokio::test]
async fn a_file_of_maven_tells_when_it_was_published() {
    let (emulator, token) = seeded("public:maven-central", "org.acme:widgets").await;
    // The first request retains the version.
    for _ in 0..2 {
        for (file, told) in [
            ("1.0.0/widgets-1.0.0.jar", Some("Thu, 02 Jan 2020 03:04:05 GMT")),
            ("1.0.0/widgets-1.0.0.pom", Some("Thu, 02 Jan 2020 03:04:05 GMT")),
            ("maven-metadata.xml", None),
        ] {
            let path = format!("org/acme/widgets/{file}");
            let answer = data::get(&emulator, &token, ("maven", "store", &path)).await;
            assert_eq!(answer.status(), 200, "{file}");
            let modified = answer.headers().get("last-modified").map(|value| value.to_str().unwrap());
            assert_eq!(modified, told, "{file}");
        }
        emulator.advance(jiff::SignedDuration::from_hours(1));
    }
}

#[tokio::test]
async fn crates_are_told_highest_first_in_any_case_of_the_name() {
    let (emulator, token) = seeded("public:crates-io", "Widgets").await;
    let seed = json!({ "connection": "public:crates-io", "packages": [{ "name": "Widgets", "version": "1.0.0-rc.1" }] });
    control(&emulator, "PUT", "/seed", seed).await;
    for (name, status) in [("widgets", 200), ("Widgets", 200), ("absent", 404)] {
        let path = format!("api/v1/crates/{name}/versions");
        let answer = data::get(&emulator, &token, ("cargo", "store", &path)).await;
        assert_eq!(answer.status(), status, "{name}");
        if status == 200 {
            let told: Value = serde_json::from_slice(answer.body()).unwrap();
            let numbers: Vec<_> =
                told["versions"].as_array().unwrap().iter().map(|one| &one["num"]).collect();
            assert_eq!(numbers, ["1.1.0", "1.0.0", "1.0.0-rc.1"]);
            assert!(told["versions"].as_array().unwrap().iter().all(|one| one["crate"] == "Widgets"));
        }
    }
}

#[tokio::test]
async fn ingestion_is_what_the_api_tells() {
    let (emulator, token) = seeded("public:npmjs", "widgets").await;
    let file = ("npm", "store", "widgets/-/widgets-1.0.0.tgz");
    assert_eq!(data::get(&emulator, &token, file).await.status(), 200);
    let client = crate::support::client(&emulator);
    let describe = client.describe_package_version().domain("acme").repository("store");
    let describe = describe.format(aws_sdk_codeartifact::types::PackageFormat::Npm);
    let told = describe.package("widgets").package_version("1.0.0").send().await.unwrap();
    assert!(told.package_version.unwrap().published_time.unwrap().secs() > 1_700_000_000);
}

#[tokio::test]
async fn nothing_is_published_before_its_time() {
    let emulator = start().await;
    for (published, words) in [
        (json!("2999-01-01T00:00:00Z"), "is still to come"),
        (json!("soon"), "2026-01-01T00:00:00Z"),
        (json!(7), "7"),
    ] {
        let package = json!({ "name": "widgets", "version": "1.0.0", "published": published });
        let seed = json!({ "connection": "public:npmjs", "packages": [package] });
        let (status, answer) = try_control(&emulator, "PUT", "/seed", seed.clone()).await;
        assert_eq!(status, 400, "{seed}");
        let told = answer["error"].as_str().unwrap();
        assert!(told.contains(words), "{told}");
    }
}
