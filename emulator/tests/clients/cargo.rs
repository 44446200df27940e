//! cargo publishes, fetches and builds.

use crate::program::{failed, program, run, succeeded};
use crate::world::{World, path};
use aws_sdk_codeartifact::types::{AllowPublish, AllowUpstream, PackageFormat, PackageVersionStatus};
use http::Request;
use http_body_util::Full;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// How cargo comes by the token.
#[derive(Clone, Copy, Debug)]
enum Login {
    /// It reads the file that a credential provider prints.
    Provider,
    /// From its own `credentials.toml`.
    Credentials,
}

/// cargo with its home, and crates.io replaced by the repository.
struct Cargo {
    home: TempDir,
}

impl Cargo {
    async fn new(world: &World, repository: &str) -> Self {
        Self::with_token(world, repository, Login::Provider, &world.token).await
    }

    async fn with_token(world: &World, repository: &str, login: Login, token: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let index = world.endpoint(PackageFormat::Cargo, repository).await;
        let folder = home.path().join("cargo");
        std::fs::create_dir(&folder).unwrap();
        let provider = match login {
            Login::Provider => {
                let file = home.path().join("token");
                std::fs::write(&file, token).unwrap();
                format!("cargo:token-from-stdout cat {}", file.display())
            }
            Login::Credentials => {
                let credentials = format!("[registries.acme]\ntoken = \"{token}\"\n");
                std::fs::write(folder.join("credentials.toml"), credentials).unwrap();
                "cargo:token".into()
            }
        };
        let config = format!(
            "[registry]\ndefault = \"acme\"\n\
             [registries.acme]\nindex = \"sparse+{index}\"\ncredential-provider = \"{provider}\"\n\
             [source.crates-io]\nreplace-with = \"acme\"\n[net]\nretry = 0\n"
        );
        std::fs::write(folder.join("config.toml"), config).unwrap();
        Self { home }
    }

    /// A library of that name and version with a dependency or none.
    fn library(&self, name: &str, version: &str, dependency: Option<(&str, &str)>) -> PathBuf {
        let folder = self.home.path().join(format!("{name}-{version}"));
        std::fs::create_dir_all(folder.join("src")).unwrap();
        let mut manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n\
             description = \"A test\"\nlicense = \"MIT\"\n[workspace]\n[dependencies]\n"
        );
        let mut library = format!("pub const NAME: &str = \"private {name} {version}\";\n");
        if let Some((needed, requirement)) = dependency {
            writeln!(manifest, "{needed} = {requirement}").unwrap();
            writeln!(library, "pub use {};", needed.replace('-', "_")).unwrap();
        }
        std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        std::fs::write(folder.join("src/lib.rs"), library).unwrap();
        folder
    }

    /// The very cargo that runs the tests, without what it told them.
    async fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        let this = Path::new(env!("CARGO"));
        let mut command = program(env!("CARGO"), self.home.path());
        command
            .current_dir(folder)
            .args(arguments)
            .env("CARGO_HOME", self.home.path().join("cargo"))
            .env("RUSTC", this.with_file_name("rustc"));
        run(command).await
    }

    async fn publish(&self, name: &str, version: &str) -> Output {
        let folder = self.library(name, version, None);
        self.run(&folder, &["publish", "--no-verify"]).await
    }

    /// Fetch what a library needs.
    async fn fetch(&self, name: &str, requirement: &str) -> Output {
        let folder = self.library("consumer", "1.0.0", Some((name, requirement)));
        self.run(&folder, &["fetch"]).await
    }

    /// Whether the source of a version has been unpacked.
    fn has_source(&self, name: &str, version: &str) -> bool {
        let Ok(indexes) = std::fs::read_dir(self.home.path().join("cargo/registry/src")) else {
            return false;
        };
        indexes
            .map(Result::unwrap)
            .any(|index| index.path().join(format!("{name}-{version}/src/lib.rs")).is_file())
    }
}

/// What a crate of crates.io may be asked for, whichever registry stands in.
const ANY: &str = "\"*\"";
/// The same of the registry by its name.
const OURS: &str = "{ version = \"1\", registry = \"acme\" }";

#[tokio::test]
async fn a_private_crate_is_published_and_built_with_either_login() {
    let world = World::new().await;
    for (login, name) in [(Login::Provider, "widgets"), (Login::Credentials, "Gadgets_2")] {
        let publisher = Cargo::with_token(&world, "team", login, &world.token).await;
        let told = succeeded(&publisher.publish(name, "1.0.0").await);
        assert!(told.contains("Published"), "{told}");
        let cargo = Cargo::with_token(&world, "team", login, &world.token).await;
        let folder = cargo.library("consumer", "1.0.0", Some((name, OURS)));
        succeeded(&cargo.run(&folder, &["build"]).await);
        assert!(cargo.has_source(name, "1.0.0"));
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
    let cargo = Cargo::new(&world, "team").await;
    succeeded(&cargo.fetch("Left-Pad", "\"=1.0.0\"").await);
    assert!(cargo.has_source("Left-Pad", "1.0.0") && !cargo.has_source("Left-Pad", "1.3.0"));
    for repository in ["team", "cargo-store"] {
        assert_eq!(world.held(repository, PackageFormat::Cargo, "Left-Pad").await, ["1.0.0"], "{repository}");
    }
    // What was not asked for is still offered; a private crate may need a public one.
    let folder = cargo.library("gadgets", "1.0.0", Some(("log", "\"0.4\"")));
    succeeded(&cargo.run(&folder, &["publish", "--no-verify"]).await);
    let other = Cargo::new(&world, "team").await;
    succeeded(&other.fetch("gadgets", OURS).await);
    assert!(other.has_source("log", "0.4.1"));
    succeeded(&other.fetch("Left-Pad", ANY).await);
    assert!(other.has_source("Left-Pad", "1.3.0"));
}

#[tokio::test]
async fn a_version_is_published_once_and_a_spelling_only_by_one_crate() {
    let world = World::new().await;
    let cargo = Cargo::new(&world, "team").await;
    succeeded(&cargo.publish("left-pad", "1.0.0").await);
    failed(&cargo.publish("left-pad", "1.0.0").await);
    let told = failed(&cargo.publish("Left_Pad", "2.0.0").await);
    assert!(told.contains("differs from 'left-pad'"), "{told}");
    for command in [["yank", "--version=1.0.0", "left-pad"], ["search", "--registry=acme", "left-pad"]] {
        let told = failed(&cargo.run(cargo.home.path(), &command).await);
        assert!(told.contains("nothing that a repository serves"), "{told}");
    }
}

#[tokio::test]
async fn an_unknown_token_and_an_expired_one_are_refused() {
    let world = World::new().await;
    world.seed("public:crates-io", &[("log", "0.4.1")]).await;
    for login in [Login::Provider, Login::Credentials] {
        let stranger = Cargo::with_token(&world, "team", login, "unknown").await;
        let told = failed(&stranger.fetch("log", ANY).await);
        assert!(told.contains("token rejected"), "{told}");
        let told = failed(&stranger.publish("widgets", "1.0.0").await);
        assert!(told.contains("token rejected"), "{told}");
    }
    world.emulator.advance(jiff::SignedDuration::from_hours(12));
    let late = Cargo::new(&world, "team").await;
    let told = failed(&late.fetch("log", ANY).await);
    assert!(told.contains("token rejected"), "{told}");
    let answer = world.get(&path("cargo", "team", "config.json"), None).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["www-authenticate"], "Basic realm=\"acme/team\"");
}

#[tokio::test]
async fn a_blocked_crate_is_not_fetched_and_not_published() {
    let world = World::new().await;
    world.seed("public:crates-io", &[("log", "0.4.1")]).await;
    let block = (AllowPublish::Block, AllowUpstream::Block);
    world.restrict_package(PackageFormat::Cargo, "log", block).await;
    let cargo = Cargo::new(&world, "team").await;
    let told = failed(&cargo.fetch("log", ANY).await);
    assert!(told.contains("no matching package"), "{told}");
    let told = failed(&cargo.publish("log", "1.0.0").await);
    assert!(told.contains("blocks publishing"), "{told}");
    assert!(world.held("team", PackageFormat::Cargo, "log").await.is_empty());
}

#[tokio::test]
async fn an_archived_version_is_neither_chosen_nor_downloaded() {
    let world = World::new().await;
    let cargo = Cargo::new(&world, "team").await;
    for version in ["1.0.0", "1.1.0"] {
        succeeded(&cargo.publish("widgets", version).await);
    }
    let locked = Cargo::new(&world, "team").await;
    let folder = locked.library("consumer", "1.0.0", Some(("widgets", OURS)));
    succeeded(&locked.run(&folder, &["generate-lockfile"]).await);
    world.set_status(PackageFormat::Cargo, ("widgets", "1.1.0"), PackageVersionStatus::Archived).await;
    let told = failed(&locked.run(&folder, &["fetch", "--locked"]).await);
    assert!(told.contains("404"), "{told}");
    let other = Cargo::new(&world, "team").await;
    succeeded(&other.fetch("widgets", OURS).await);
    assert!(other.has_source("widgets", "1.0.0") && !other.has_source("widgets", "1.1.0"));
    // What is unlisted is not chosen any more, and downloaded where it had been chosen before.
    world.set_status(PackageFormat::Cargo, ("widgets", "1.1.0"), PackageVersionStatus::Unlisted).await;
    succeeded(&locked.run(&folder, &["fetch", "--locked"]).await);
    assert!(locked.has_source("widgets", "1.1.0"));
    let third = Cargo::new(&world, "team").await;
    succeeded(&third.fetch("widgets", OURS).await);
    assert!(third.has_source("widgets", "1.0.0") && !third.has_source("widgets", "1.1.0"));
}

#[tokio::test]
async fn the_api_shows_what_a_crate_says_of_itself() {
    let world = World::new().await;
    world.seed("public:crates-io", &[("log", "0.4.1")]).await;
    let cargo = Cargo::new(&world, "team").await;
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
