//! cargo: what it alone does.

use crate::program::{failed, succeeded};
use crate::tools::{Cargo, CargoLogin, Client};
use crate::world::{World, path};
use aws_sdk_codeartifact::types::{PackageFormat, PackageVersionStatus};
use http::Request;
use http_body_util::Full;

/// What a crate of crates.io may be asked for, whichever registry stands in.
const ANY: &str = "\"*\"";
/// The same of the registry by its name.
const OURS: &str = "{ version = \"1\", registry = \"acme\" }";

#[tokio::test]
async fn a_private_crate_is_published_and_built_with_either_login() {
    let world = World::new().await;
    for (login, name) in [(CargoLogin::Provider, "widgets"), (CargoLogin::Credentials, "Gadgets_2")] {
        let publisher = Cargo::with_token(&world, login, &world.token).await;
        let told = succeeded(&publisher.publish(name, "1.0.0").await.unwrap());
        assert!(told.contains("Published"), "{told}");
        let cargo = Cargo::with_token(&world, login, &world.token).await;
        succeeded(&cargo.install(name, None).await.unwrap());
        assert_eq!(cargo.installed(name).await, "1.0.0");
    }
    let journal = world.emulator.journal(0);
    let published = journal.iter().find(|entry| entry.operation == "CargoPublish").unwrap();
    assert_eq!(
        (&published.parameters["package"], &published.parameters["version"]),
        (&"widgets".into(), &"1.0.0".into())
    );
    for operation in ["CargoGetConfig", "CargoGetIndex", "CargoGetCrate"] {
        assert!(journal.iter().any(|entry| entry.operation == operation), "{operation}");
    }
    assert!(!serde_json::to_string(&journal).unwrap().contains(&world.token));
}

#[tokio::test]
async fn a_public_crate_comes_through_the_upstream_and_is_retained() {
    let world = World::new().await;
    world.seed("public:crates-io", &[("Left-Pad", "1.0.0"), ("Left-Pad", "1.3.0"), ("log", "0.4.1")]).await;
    let cargo = Cargo::new(&world).await;
    succeeded(&cargo.fetch("Left-Pad", "\"=1.0.0\"").await);
    assert!(cargo.has_source("Left-Pad", "1.0.0") && !cargo.has_source("Left-Pad", "1.3.0"));
    for repository in ["team", "cargo-store"] {
        assert_eq!(world.held(repository, PackageFormat::Cargo, "Left-Pad").await, ["1.0.0"], "{repository}");
    }
    // What was not asked for is still offered; a private crate may need a public one.
    let folder = cargo.library("gadgets", "1.0.0", Some(("log", "\"0.4\"")));
    succeeded(&cargo.run(&folder, &["publish", "--no-verify"]).await);
    let other = Cargo::new(&world).await;
    succeeded(&other.fetch("gadgets", OURS).await);
    assert!(other.has_source("log", "0.4.1"));
    succeeded(&other.fetch("Left-Pad", ANY).await);
    assert!(other.has_source("Left-Pad", "1.3.0"));
}

#[tokio::test]
async fn a_version_is_published_once_and_a_spelling_only_by_one_crate() {
    let world = World::new().await;
    let cargo = Cargo::new(&world).await;
    succeeded(&cargo.publish("left-pad", "1.0.0").await.unwrap());
    failed(&cargo.publish("left-pad", "1.0.0").await.unwrap());
    let told = failed(&cargo.publish("Left_Pad", "2.0.0").await.unwrap());
    assert!(told.contains("differs from 'left-pad'"), "{told}");
    for command in [["yank", "--version=1.0.0", "left-pad"], ["search", "--registry=acme", "left-pad"]] {
        let told = failed(&cargo.run(cargo.home.path(), &command).await);
        assert!(told.contains("is not served by CodeArtifact"), "{told}");
    }
}

#[tokio::test]
async fn an_archived_version_is_neither_chosen_nor_downloaded() {
    let world = World::new().await;
    let cargo = Cargo::new(&world).await;
    for version in ["1.0.0", "1.1.0"] {
        succeeded(&cargo.publish("widgets", version).await.unwrap());
    }
    let locked = Cargo::new(&world).await;
    let folder = locked.consumer("widgets", OURS);
    succeeded(&locked.run(&folder, &["generate-lockfile"]).await);
    world.set_status(PackageFormat::Cargo, ("widgets", "1.1.0"), PackageVersionStatus::Archived).await;
    let told = failed(&locked.run(&folder, &["fetch", "--locked"]).await);
    assert!(told.contains("404"), "{told}");
    let other = Cargo::new(&world).await;
    succeeded(&other.fetch("widgets", OURS).await);
    assert!(other.has_source("widgets", "1.0.0") && !other.has_source("widgets", "1.1.0"));
    // What is unlisted is not chosen any more, and downloaded where it had been chosen before.
    world.set_status(PackageFormat::Cargo, ("widgets", "1.1.0"), PackageVersionStatus::Unlisted).await;
    succeeded(&locked.run(&folder, &["fetch", "--locked"]).await);
    assert!(locked.has_source("widgets", "1.1.0"));
    let third = Cargo::new(&world).await;
    succeeded(&third.fetch("widgets", OURS).await);
    assert!(third.has_source("widgets", "1.0.0") && !third.has_source("widgets", "1.1.0"));
}

#[tokio::test]
async fn the_api_shows_what_a_crate_says_of_itself() {
    let world = World::new().await;
    world.seed("public:crates-io", &[("log", "0.4.1")]).await;
    let cargo = Cargo::new(&world).await;
    let folder = cargo.library("widgets", "1.0.0", Some(("log", "\"0.4\"")));
    std::fs::write(folder.join("README.md"), "# Widgets").unwrap();
    succeeded(&cargo.run(&folder, &["publish", "--no-verify"]).await);
    let describe = world.client.describe_package_version().domain("acme").repository("team");
    let described = describe.format(PackageFormat::Cargo).package("widgets").package_version("1.0.0");
    let described = described.send().await.unwrap().package_version.unwrap();
    assert_eq!(described.summary(), Some("A test"));
    assert_eq!(described.licenses()[0].name(), Some("MIT"));
    let readme = world.client.get_package_version_readme().domain("acme").repository("team");
    let readme = readme.format(PackageFormat::Cargo).package("widgets").package_version("1.0.0");
    assert_eq!(readme.send().await.unwrap().readme(), Some("# Widgets"));
    let needs = world.client.list_package_version_dependencies().domain("acme").repository("team");
    let needs = needs.format(PackageFormat::Cargo).package("widgets").package_version("1.0.0");
    let needs = needs.send().await.unwrap();
    let [need] = needs.dependencies() else { panic!("{needs:?}") };
    assert_eq!((need.package(), need.version_requirement()), (Some("log"), Some("^0.4")));
}

#[tokio::test]
async fn the_index_is_sent_again_only_when_it_has_changed() {
    let world = World::new().await;
    world.seed("public:crates-io", &[("log", "0.4.1")]).await;
    let ask = async |tag: &str| {
        let request = Request::get(path("cargo", "team", "3/l/log"))
            .header("host", "emulator")
            .header("authorization", &world.token)
            .header("if-none-match", tag)
            .body(Full::default())
            .unwrap();
        crate::support::send(&world.emulator, request).await
    };
    let first = ask("\"other\"").await;
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(ask(&tag).await.status(), 304);
    world.seed("public:crates-io", &[("log", "0.4.2")]).await;
    let second = ask(&tag).await;
    assert_eq!(second.status(), 200);
    assert_eq!(String::from_utf8_lossy(second.body()).lines().count(), 2);
}
