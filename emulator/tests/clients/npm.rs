//! npm publishes and installs.

use crate::mode::Mode;
use crate::program::{failed, succeeded};
use crate::tools::{Client, JavaScript, Login, Tool};
use crate::world::{World, path};
use aws_sdk_codeartifact::types::{AllowPublish, AllowUpstream, PackageFormat, PackageVersionOriginType};
use serde_json::Value;

#[tokio::test]
async fn a_private_package_is_published_and_installed_with_either_login() {
    let world = World::new().await;
    for (login, name) in [(Login::Bearer, "@acme/widgets"), (Login::Basic, "gadgets")] {
        let publisher = JavaScript::new(Tool::Npm11, &world, "team", login).await;
        succeeded(&publisher.run(&["ping"]).await);
        succeeded(&publisher.publish(name, "1.0.0").await);
        // Another cache than the publisher's, in which npm keeps what it has packed.
        let npm = JavaScript::new(Tool::Npm11, &world, "team", login).await;
        succeeded(&npm.run(&["install", name]).await);
        assert_eq!(npm.manifest(name)["version"], "1.0.0");
        assert_eq!(npm.required(name).await["version"], "1.0.0");
    }
    // The journal tells who did what, and no token.
    let journal = world.emulator.journal(0);
    let published = journal.iter().find(|entry| entry.operation == "NpmPublish").unwrap();
    assert_eq!(published.service, "data");
    assert_eq!(published.principal.as_deref(), Some("arn:aws:iam::123456789012:user/admin"));
    let parameters = &published.parameters;
    assert_eq!((&parameters["namespace"], &parameters["package"]), (&"acme".into(), &"widgets".into()));
    assert_eq!((&parameters["repository"], &parameters["version"]), (&"team".into(), &"1.0.0".into()));
    for operation in ["NpmGetPackument", "NpmGetTarball", "NpmPing"] {
        assert!(journal.iter().any(|entry| entry.operation == operation), "{operation}");
    }
    assert!(!serde_json::to_string(&journal).unwrap().contains(&world.token));
}

#[tokio::test]
async fn a_public_package_comes_through_the_upstream_and_is_retained() {
    let world = World::new().await;
    world
        .seed("public:npmjs", &[("left-pad", "1.0.0"), ("left-pad", "1.3.0"), ("@scope/thing", "2.0.0")])
        .await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    assert!(world.held("team", PackageFormat::Npm, "left-pad").await.is_empty());
    succeeded(&npm.run(&["install", "left-pad@1.0.0", "@scope/thing"]).await);
    assert_eq!(npm.manifest("left-pad")["version"], "1.0.0");
    assert_eq!(npm.manifest("@scope/thing")["version"], "2.0.0");
    assert_eq!(npm.required("left-pad").await["version"], "1.0.0");
    for repository in ["team", "npm-store"] {
        assert_eq!(world.held(repository, PackageFormat::Npm, "left-pad").await, ["1.0.0"], "{repository}");
    }
    let list = world.client.list_package_versions().domain("acme").repository("team");
    let list = list.format(PackageFormat::Npm).namespace("scope").package("thing").send().await.unwrap();
    let origin = list.versions()[0].origin().unwrap();
    assert_eq!(origin.origin_type(), Some(&PackageVersionOriginType::External));
    let entry = origin.domain_entry_point().unwrap();
    assert_eq!(entry.external_connection_name(), Some("public:npmjs"));
    // What was not asked for is still offered, and the highest is the latest.
    let output = npm.run(&["view", "left-pad", "--json", "versions", "dist-tags"]).await;
    succeeded(&output);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["versions"], serde_json::json!(["1.0.0", "1.3.0"]));
    assert_eq!(shown["dist-tags"]["latest"], "1.3.0");
}

#[tokio::test]
async fn a_version_is_published_once() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    succeeded(&npm.publish("widgets", "1.0.0").await);
    failed(&npm.publish("widgets", "1.0.0").await);
    // npm looks before it publishes; two that publish at once are refused by the repository.
    let packument = world.get(&path("npm", "team", "widgets"), Some(&world.bearer())).await;
    let document: Value = serde_json::from_slice(packument.body()).unwrap();
    let tarball = document["versions"]["1.0.0"]["dist"]["tarball"].as_str().unwrap();
    let tarball = tarball.strip_prefix(&world.emulator.url()).unwrap();
    let content = world.get(tarball, Some(&world.bearer())).await;
    let body = serde_json::json!({
        "name": "widgets",
        "versions": { "1.0.0": document["versions"]["1.0.0"] },
        "_attachments": { "widgets-1.0.0.tgz": { "data": base64(content.body()) } },
    });
    let request = http::Request::put(path("npm", "team", "widgets"))
        .header("host", "emulator")
        .header("authorization", world.bearer())
        .body(http_body_util::Full::new(body.to_string().into()))
        .unwrap();
    let answer = crate::support::send(&world.emulator, request).await;
    assert_eq!(answer.status(), 409, "{answer:?}");
}

#[tokio::test]
async fn distribution_tags_can_be_set_and_removed() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    succeeded(&npm.publish("widgets", "1.0.0").await);
    succeeded(&npm.publish("widgets", "2.0.0").await);
    succeeded(&npm.run(&["dist-tag", "add", "widgets@1.0.0", "stable"]).await);
    succeeded(&npm.run(&["install", "widgets@stable"]).await);
    assert_eq!(npm.manifest("widgets")["version"], "1.0.0");
    succeeded(&npm.run(&["dist-tag", "rm", "widgets", "stable"]).await);
    let tags = succeeded(&npm.run(&["dist-tag", "ls", "widgets"]).await);
    assert_eq!(tags.trim(), "latest: 2.0.0");
    failed(&npm.run(&["dist-tag", "add", "widgets@9.0.0", "stable"]).await);
}

#[tokio::test]
async fn the_api_tells_what_npm_published() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    succeeded(&npm.publish("@acme/widgets", "1.0.0").await);
    let describe = world.client.describe_package_version().domain("acme").repository("team");
    let describe = describe.format(PackageFormat::Npm).namespace("acme").package("widgets");
    let described = describe.package_version("1.0.0").send().await.unwrap();
    let version = described.package_version().unwrap();
    assert_eq!((version.display_name(), version.summary()), (Some("@acme/widgets"), Some("Private things")));
    assert_eq!(version.licenses()[0].name(), Some("MIT"));
    let readme = world.client.get_package_version_readme().domain("acme").repository("team");
    let readme = readme.format(PackageFormat::Npm).namespace("acme").package("widgets");
    let answer = readme.package_version("1.0.0").send().await.unwrap();
    assert_eq!(answer.readme().map(str::trim), Some("# @acme/widgets"));
}

#[tokio::test]
async fn a_tag_set_upstream_counts_more() {
    let world = World::new().await;
    world.restrict("widgets", AllowPublish::Allow, AllowUpstream::Allow).await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    succeeded(&npm.publish("widgets", "3.0.0").await);
    let tags = async || {
        let answer =
            world.get(&path("npm", "team", "-/package/widgets/dist-tags"), Some(&world.bearer())).await;
        serde_json::from_slice::<Value>(answer.body()).unwrap()
    };
    assert_eq!(tags().await, serde_json::json!({ "latest": "3.0.0" }));
    world
        .seed("public:npmjs", &[("widgets", "1.0.0"), ("widgets", "2.0.0"), ("widgets", "9.0.0-rc.1")])
        .await;
    assert_eq!(tags().await, serde_json::json!({ "latest": "2.0.0" }));
    world.restrict("widgets", AllowPublish::Allow, AllowUpstream::Block).await;
    assert_eq!(tags().await, serde_json::json!({ "latest": "3.0.0" }));
}

#[tokio::test]
async fn every_client_sets_and_removes_distribution_tags_in_its_own_words() {
    let world = World::new().await;
    let publisher = JavaScript::new(Tool::Npm10, &world, "team", Login::Bearer).await;
    for version in ["1.0.0", "2.0.0"] {
        succeeded(&publisher.publish("@acme/widgets", version).await);
    }
    for (tool, command) in [
        (Tool::Npm10, &["dist-tag"][..]),
        (Tool::Pnpm, &["dist-tag"]),
        (Tool::Yarn1, &["tag"]),
        (Tool::YarnBerry, &["npm", "tag"]),
    ] {
        let client = JavaScript::new(tool, &world, "team", Login::Bearer).await;
        let tag = async |arguments: &[&str]| succeeded(&client.run(&[command, arguments].concat()).await);
        tag(&["add", "@acme/widgets@1.0.0", "stable"]).await;
        succeeded(&client.install("@acme/widgets", Some("stable")).await.unwrap());
        assert_eq!(client.installed("@acme/widgets").await, "1.0.0", "{tool:?}");
        tag(&[if tool == Tool::YarnBerry { "remove" } else { "rm" }, "@acme/widgets", "stable"]).await;
        let list = tag(&["list", "@acme/widgets"]).await;
        assert!(list.contains("latest") && !list.contains("stable"), "{tool:?}: {list}");
    }
}

#[tokio::test]
async fn a_version_is_deprecated_and_that_is_taken_back() {
    let world = World::new().await;
    world.seed("public:npmjs", &[("left-pad", "1.0.0")]).await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    for version in ["1.0.0", "2.0.0"] {
        succeeded(&npm.publish("widgets", version).await);
    }
    let warning = async || {
        let shown = npm.run(&["view", "widgets@1.0.0", "deprecated", "--prefer-online"]).await;
        succeeded(&shown).trim().to_owned()
    };
    succeeded(&npm.run(&["deprecate", "widgets@1", "Use 2"]).await);
    assert_eq!(warning().await, "Use 2");
    let told = succeeded(&npm.run(&["install", "widgets@1.0.0"]).await);
    assert!(told.contains("deprecated widgets@1.0.0: Use 2"), "{told}");
    succeeded(&npm.run(&["deprecate", "widgets@1", ""]).await);
    assert_eq!(warning().await, "");
    // What only an upstream has cannot be deprecated here.
    failed(&npm.run(&["deprecate", "left-pad@1.0.0", "Gone"]).await);
}

#[tokio::test]
async fn commands_that_the_service_does_not_know_are_refused() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    succeeded(&npm.publish("widgets", "1.0.0").await);
    succeeded(&npm.run(&["install", "widgets"]).await);
    for command in [&["whoami"][..], &["search", "widgets"], &["audit"]] {
        failed(&npm.run(command).await);
    }
    // It takes what is not there for unpublished.
    npm.run(&["unpublish", "widgets@1.0.0", "--force"]).await;
    assert_eq!(world.held("team", PackageFormat::Npm, "widgets").await, ["1.0.0"]);
}

#[tokio::test]
async fn a_fault_hits_the_data_plane_too() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    succeeded(&npm.publish("widgets", "1.0.0").await);
    let fault = serde_json::json!([{
        "match": { "operation": "NpmGet*", "repository": "team" },
        "fault": { "status": 503 },
        "times": 1,
    }]);
    crate::support::control(&world.emulator, "PUT", "/faults", fault).await;
    let told = failed(&npm.run(&["install", "widgets"]).await);
    assert!(told.contains("503"), "{told}");
    succeeded(&npm.run(&["install", "widgets"]).await);
}

fn base64(content: &[u8]) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(content)
}

#[tokio::test]
async fn yarn_1_repeats_its_login_to_where_a_file_is_and_is_refused() {
    let world = World::of(Mode::Redirect).await;
    world.seed("public:npmjs", &[("left-pad", "1.3.0")]).await;
    let yarn = JavaScript::new(Tool::Yarn1, &world, "team", Login::Bearer).await;
    let told = failed(&Client::install(&yarn, "left-pad", None).await.unwrap());
    assert!(told.contains("400 Bad Request"), "{told}");
    let journal = world.emulator.journal(0);
    let refused = journal.iter().find(|entry| entry.service == "s3").unwrap();
    assert_eq!((refused.status, refused.error.as_deref()), (Some(400), Some("InvalidArgument")));
}
