//! Public registries that change: what is gone, what is new, what is yanked, and when that is seen.

use crate::data;
use crate::support::{control, create, try_control, with_domain};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::types::{PackageFormat, UpstreamRepository};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use codeartifact_emulator::{Emulator, Options};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;

/// A repository `store` behind a public registry, and `team` behind that.
async fn connected(options: Options, connection: &str) -> (Arc<Emulator>, Client, String) {
    let emulator = Arc::new(Emulator::start(options).await.unwrap());
    let client = with_domain(&emulator).await;
    create(&client, "store").await;
    let connect = client.associate_external_connection().domain("acme").repository("store");
    connect.external_connection(connection).send().await.unwrap();
    let upstream = UpstreamRepository::builder().repository_name("store").build().unwrap();
    client.create_repository().domain("acme").repository("team").upstreams(upstream).send().await.unwrap();
    let token = data::token(&client).await;
    (emulator, client, token)
}

async fn seed(emulator: &Emulator, connection: &str, packages: Value) {
    control(emulator, "PUT", "/seed", json!({ "connection": connection, "packages": packages })).await;
}

/// A Python file with any content.
fn file(version: &str, filename: &str) -> Value {
    let content = BASE64_STANDARD.encode(filename);
    json!({ "name": "widgets", "version": version, "filename": filename, "content": content })
}

/// The files of the Python project; an exclamation mark is after those that are yanked.
async fn index(emulator: &Emulator, token: &str, repository: &str) -> Vec<String> {
    let json = ["application/vnd.pypi.simple.v1+json"];
    let answer = data::get_as(emulator, token, ("pypi", repository, "simple/widgets/"), &json).await;
    if answer.status() == 404 {
        return Vec::new();
    }
    let told: Value = serde_json::from_slice(answer.body()).unwrap();
    let files = told["files"].as_array().unwrap().iter();
    let mark = |file: &Value| if file["yanked"] == false { "" } else { "!" };
    files.map(|file| format!("{}{}", file["filename"].as_str().unwrap(), mark(file))).collect()
}

async fn download(emulator: &Emulator, token: &str, repository: &str, file: &str) -> u16 {
    let version = file.split('-').nth(1).unwrap().trim_end_matches(".tar.gz");
    let path = format!("simple/widgets/{version}/{file}");
    data::get(emulator, token, ("pypi", repository, &path)).await.status().as_u16()
}

/// The assets that a repository has of a version, as the API tells them.
async fn held(client: &Client, repository: &str, version: &str) -> Vec<String> {
    let list = client.list_package_version_assets().domain("acme").repository(repository);
    let list = list.format(PackageFormat::Pypi).package("widgets").package_version(version).max_results(100);
    let assets = list.send().await.map(|listed| listed.assets().to_vec()).unwrap_or_default();
    assets.iter().map(|asset| asset.name().to_owned()).collect()
}

#[tokio::test]
async fn a_registry_loses_files_versions_and_packages() {
    for (removal, left) in [
        (
            json!({ "version": "1.0", "filename": "widgets-1.0.tar.gz" }),
            &["widgets-1.0-1.tar.gz", "widgets-2.0.tar.gz"][..],
        ),
        (json!({ "version": "1.0" }), &["widgets-2.0.tar.gz"]),
        (
            json!({ "version": "2.0", "filename": "widgets-2.0.tar.gz" }),
            &["widgets-1.0-1.tar.gz", "widgets-1.0.tar.gz"],
        ),
        (json!({}), &[]),
    ] {
        let (emulator, _, token) = connected(Options::default(), "public:pypi").await;
        let files = [
            file("1.0", "widgets-1.0.tar.gz"),
            file("1.0", "widgets-1.0-1.tar.gz"),
            file("2.0", "widgets-2.0.tar.gz"),
        ];
        seed(&emulator, "public:pypi", json!(files)).await;
        let mut entry = removal.clone();
        entry["name"] = "Widgets".into();
        entry["removed"] = true.into();
        seed(&emulator, "public:pypi", json!([entry])).await;
        let mut seen = index(&emulator, &token, "team").await;
        seen.sort();
        assert_eq!(seen, left, "{removal}");
        let body = json!({ "connection": "public:pypi", "packages": [entry] });
        let (status, told) = try_control(&emulator, "PUT", "/seed", body).await;
        assert_eq!(status, 400, "{told}");
        assert!(told["error"].as_str().unwrap().contains("the registry does not have it"), "{told}");
    }
}

#[tokio::test]
async fn what_is_removed_stays_where_it_was_retained_in_every_format() {
    for (format, connection, name, file) in [
        ("npm", "public:npmjs", "@acme/widgets", "@acme/widgets/-/widgets-1.0.0.tgz"),
        ("pypi", "public:pypi", "widgets", "simple/widgets/1.0.0/widgets-1.0.0-py3-none-any.whl"),
        ("maven", "public:maven-central", "org.acme:widgets", "org/acme/widgets/1.0.0/widgets-1.0.0.jar"),
        ("cargo", "public:crates-io", "widgets", "api/v1/crates/widgets/1.0.0/download"),
        ("ruby", "public:ruby-gems-org", "widgets", "gems/widgets-1.0.0.gem"),
    ] {
        let (emulator, client, token) = connected(Options::default(), connection).await;
        create(&client, "other").await;
        seed(&emulator, connection, json!([{ "name": name, "version": "1.0.0" }])).await;
        let ask =
            async |repository: &str| data::get(&emulator, &token, (format, repository, file)).await.status();
        assert_eq!(ask("team").await, 200, "{format}");
        seed(&emulator, connection, json!([{ "name": name, "version": "1.0.0", "removed": true }])).await;
        assert_eq!(ask("team").await, 200, "{format}");
        let update = client.update_repository().domain("acme").repository("team");
        update.set_upstreams(Some(Vec::new())).send().await.unwrap();
        assert_eq!(ask("team").await, 200, "{format}: its own copy");
        let delete = client.delete_repository().domain("acme").repository("team");
        delete.send().await.unwrap();
        client.delete_repository().domain("acme").repository("store").send().await.unwrap();
        create(&client, "store").await;
        let connect = client.associate_external_connection().domain("acme").repository("store");
        connect.external_connection(connection).send().await.unwrap();
        assert_eq!(ask("store").await, 404, "{format}: gone from the registry");
    }
}

#[tokio::test]
async fn a_yank_needs_no_content_and_is_taken_back() {
    let (emulator, _, token) = connected(Options::default(), "public:pypi").await;
    let names = ["widgets-1.0.tar.gz", "widgets-1.0-1.tar.gz"];
    seed(&emulator, "public:pypi", json!(names.map(|name| file("1.0", name)))).await;
    assert_eq!(download(&emulator, &token, "team", names[0]).await, 200);
    for (entry, expected) in [
        (json!({ "yanked": true }), ["widgets-1.0.tar.gz!", "widgets-1.0-1.tar.gz!"]),
        (json!({ "yanked": false, "filename": names[1] }), ["widgets-1.0.tar.gz!", "widgets-1.0-1.tar.gz"]),
        (json!({ "yanked": false }), names),
        (json!({ "yanked": "bad", "filename": names[0] }), ["widgets-1.0.tar.gz!", "widgets-1.0-1.tar.gz"]),
        (
            json!({ "published": "2020-01-01T00:00:00Z", "filename": names[0] }),
            ["widgets-1.0.tar.gz!", "widgets-1.0-1.tar.gz"],
        ),
    ] {
        let mut whole = entry.clone();
        (whole["name"], whole["version"]) = ("widgets".into(), "1.0".into());
        seed(&emulator, "public:pypi", json!([whole])).await;
        for repository in ["store", "team"] {
            assert_eq!(index(&emulator, &token, repository).await, expected, "{entry} {repository}");
        }
    }
}

#[tokio::test]
async fn a_change_is_seen_when_the_lag_is_over() {
    let options = Options { registry_lag: SignedDuration::from_mins(30), ..Options::default() };
    let (emulator, _, token) = connected(options, "public:pypi").await;
    let (old, new) = ("widgets-1.0.tar.gz", "widgets-2.0.tar.gz");
    seed(&emulator, "public:pypi", json!([file("1.0", old)])).await;
    let seeded = emulator.now();
    assert_eq!(index(&emulator, &token, "team").await, [""; 0]);
    assert_eq!(download(&emulator, &token, "team", old).await, 404);
    emulator.advance(SignedDuration::from_mins(20));
    // What is seeded meanwhile may be about what nobody sees yet.
    let gone = json!({ "name": "widgets", "version": "1.0", "removed": true });
    seed(&emulator, "public:pypi", json!([gone, file("2.0", new)])).await;
    assert_eq!(index(&emulator, &token, "team").await, [""; 0]);
    emulator.advance(SignedDuration::from_mins(11));
    assert_eq!(index(&emulator, &token, "team").await, [old]);
    let json = ["application/vnd.pypi.simple.v1+json"];
    let answer = data::get_as(&emulator, &token, ("pypi", "team", "simple/widgets/"), &json).await;
    let told: Value = serde_json::from_slice(answer.body()).unwrap();
    let uploaded: jiff::Timestamp = told["files"][0]["upload-time"].as_str().unwrap().parse().unwrap();
    assert!(uploaded <= seeded, "the registry had it when it was seeded: {uploaded}");
    emulator.advance(SignedDuration::from_mins(20));
    assert_eq!(index(&emulator, &token, "team").await, [new]);
    // A reset forgets what is to come.
    seed(&emulator, "public:pypi", json!([file("3.0", "widgets-3.0.tar.gz")])).await;
    control(&emulator, "POST", "/reset", Value::Null).await;
    emulator.advance(SignedDuration::from_hours(1));
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let token = data::token(&client).await;
    assert_eq!(index(&emulator, &token, "team").await, [""; 0]);
}

#[tokio::test]
async fn a_retained_python_version_gains_the_files_that_the_registry_got_later() {
    let (emulator, client, token) = connected(Options::default(), "public:pypi").await;
    let (old, new) = ("widgets-1.0.tar.gz", "widgets-1.0-1.tar.gz");
    seed(&emulator, "public:pypi", json!([file("1.0", old)])).await;
    assert_eq!(download(&emulator, &token, "team", old).await, 200);
    seed(&emulator, "public:pypi", json!([file("1.0", new)])).await;
    for repository in ["store", "team"] {
        assert_eq!(index(&emulator, &token, repository).await, [old, new]);
        assert_eq!(held(&client, repository, "1.0").await, [old], "{repository}");
    }
    assert_eq!(download(&emulator, &token, "team", new).await, 200);
    let gone = json!({ "name": "widgets", "removed": true });
    seed(&emulator, "public:pypi", json!([gone])).await;
    for repository in ["store", "team"] {
        assert_eq!(held(&client, repository, "1.0").await, [new, old], "{repository}");
        assert_eq!(index(&emulator, &token, repository).await, [old, new]);
        assert_eq!(download(&emulator, &token, repository, new).await, 200);
    }
    let revision = async |repository: &str| {
        let describe = client.describe_package_version().domain("acme").repository(repository);
        let describe = describe.format(PackageFormat::Pypi).package("widgets").package_version("1.0");
        describe.send().await.unwrap().package_version.unwrap().revision.unwrap()
    };
    assert_eq!(revision("store").await, revision("team").await);
}

#[tokio::test]
async fn the_api_shows_a_version_when_it_is_ingested_and_package_managers_have_it_before() {
    let options = Options { ingest_delay: SignedDuration::from_mins(3), ..Options::default() };
    let (emulator, client, token) = connected(options, "public:pypi").await;
    let name = "widgets-1.0.tar.gz";
    seed(&emulator, "public:pypi", json!([file("1.0", name)])).await;
    assert_eq!(index(&emulator, &token, "team").await, [name]);
    let packages = async |repository: &str| {
        let list = client.list_packages().domain("acme").repository(repository).send().await;
        list.unwrap().packages().len()
    };
    let begun = emulator.now();
    for _ in 0..2 {
        assert_eq!(download(&emulator, &token, "team", name).await, 200);
        for repository in ["store", "team"] {
            assert_eq!(packages(repository).await, 0, "{repository}");
            assert_eq!(held(&client, repository, "1.0").await, [""; 0], "{repository}");
        }
        emulator.advance(SignedDuration::from_secs(100));
    }
    // The first download counts.
    for repository in ["store", "team"] {
        assert_eq!(packages(repository).await, 1, "{repository}");
        assert_eq!(held(&client, repository, "1.0").await, [name], "{repository}");
        let describe = client.describe_package_version().domain("acme").repository(repository);
        let describe = describe.format(PackageFormat::Pypi).package("widgets").package_version("1.0");
        let published = describe.send().await.unwrap().package_version.unwrap().published_time.unwrap();
        assert!(published.secs() >= begun.as_second() + 180, "{repository}: when it was ingested");
    }
    for repository in ["store", "team"] {
        let delete = client.delete_package().domain("acme").repository(repository);
        delete.format(PackageFormat::Pypi).package("widgets").send().await.unwrap();
    }
    emulator.advance(SignedDuration::from_mins(3));
    assert_eq!((packages("store").await, packages("team").await), (0, 0), "it is ingested once");
    // A repository of the same name is another one.
    assert_eq!(download(&emulator, &token, "team", name).await, 200);
    client.delete_repository().domain("acme").repository("team").send().await.unwrap();
    create(&client, "team").await;
    emulator.advance(SignedDuration::from_mins(3));
    assert_eq!((packages("store").await, packages("team").await), (1, 0));
}

#[tokio::test]
async fn a_file_that_is_not_imported_yet_is_missing_for_a_while() {
    let (emulator, client, token) = connected(Options::default(), "public:pypi").await;
    let (first, second) = ("widgets-1.0.tar.gz", "widgets-2.0.tar.gz");
    seed(&emulator, "public:pypi", json!([file("1.0", first), file("2.0", second)])).await;
    assert_eq!(download(&emulator, &token, "store", first).await, 200);
    control(&emulator, "PUT", "/faults", json!([{ "fault": { "notYetImported": "2s" } }])).await;
    assert_eq!(download(&emulator, &token, "store", first).await, 200, "it is imported");
    assert_eq!(index(&emulator, &token, "store").await, [first, second], "only files lag");
    for repository in ["team", "store"] {
        assert_eq!(download(&emulator, &token, repository, second).await, 404, "{repository}");
        assert_eq!(held(&client, repository, "2.0").await, [""; 0]);
    }
    assert_eq!(download(&emulator, &token, "team", "widgets-3.0.tar.gz").await, 404, "it is nowhere");
    let fired = control(&emulator, "GET", "/faults", Value::Null).await;
    assert_eq!(fired[0]["fired"], 2);
    emulator.advance(SignedDuration::from_secs(2));
    assert_eq!(download(&emulator, &token, "team", second).await, 200);
    assert_eq!(held(&client, "store", "2.0").await, [second]);
}
