//! What every client is put to, whatever it installs.

use crate::mode::Mode;
use crate::program::{failed, succeeded};
use crate::record::{Check, passed};
use crate::tools::{
    AwsNpm, Bundler, Cargo, CargoLogin, Client, Gem, Gradle, JavaScript, Login, Maven, Pip, Poetry, Tool,
    Twine, Uv,
};
use crate::world::World;
use aws_sdk_codeartifact::types::AllowPublish::Block as NoPublish;
use aws_sdk_codeartifact::types::AllowUpstream::Block as NoUpstream;
use aws_sdk_codeartifact::types::{PackageFormat, PackageVersionStatus};
use std::process::Output;

/// What a client publishes, where it does, is installed again by a client that installs.
async fn publish<C: Client>(new: impl AsyncFn(&World, &str) -> C) {
    let world = World::new().await;
    let client = new(&world, &world.token).await;
    let plain = named::<C>("widgets");
    let scoped: &[&str] = if C::FORMAT == PackageFormat::Npm { &["@acme/widgets"] } else { &[] };
    for name in [&[plain.as_str()], scoped].concat() {
        succeeded(&client.publish(name, "1.0.0").await.unwrap());
        succeeded(&client.publish(name, "1.1.0").await.unwrap());
        assert_eq!(world.held("team", C::FORMAT, name).await, ["1.0.0", "1.1.0"]);
        // Each version once. Another client, since what was packed is kept.
        failed(&new(&world, &world.token).await.publish(name, "1.0.0").await.unwrap());
        if let Some(output) = client.install(name, None).await {
            succeeded(&output);
            assert_eq!(client.installed(name).await, "1.1.0");
        }
    }
    told(&world, &client, Check::Publish);
}

/// A public package comes through the upstream and is retained.
async fn install<C: Client>(new: impl AsyncFn(&World, &str) -> C) {
    let world = World::new().await;
    seed::<C>(&world, &[("left-pad", "1.0.0"), ("left-pad", "1.3.0")]).await;
    let client = new(&world, &world.token).await;
    let name = named::<C>("left-pad");
    for (wanted, version) in [(Some("1.0.0"), "1.0.0"), (None, "1.3.0")] {
        succeeded(&client.install(&name, wanted).await.unwrap());
        assert_eq!(client.installed(&name).await, version);
    }
    failed(&client.install(&name, Some("2.0.0")).await.unwrap());
    failed(&client.install(&named::<C>("absent"), None).await.unwrap());
    for repository in ["team", store(&C::FORMAT)] {
        assert_eq!(world.held(repository, C::FORMAT, &name).await, ["1.0.0", "1.3.0"], "{repository}");
    }
    told(&world, &client, Check::Install);
}

async fn expired<C: Client>(new: impl AsyncFn(&World, &str) -> C) {
    let world = World::new().await;
    let client = new(&world, &world.token).await;
    seed::<C>(&world, &[("left-pad", "1.0.0")]).await;
    for output in attempts(&client, "widgets").await {
        succeeded(&output);
    }
    world.emulator.advance(jiff::SignedDuration::from_hours(12));
    unauthorized(&world, &new(&world, &world.token).await).await;
    told(&world, &client, Check::Expired);
}

async fn wrong<C: Client>(new: impl AsyncFn(&World, &str) -> C) {
    let world = World::new().await;
    seed::<C>(&world, &[("left-pad", "1.0.0")]).await;
    let client = new(&world, "never-minted").await;
    unauthorized(&world, &client).await;
    told(&world, &client, Check::Wrong);
}

/// The client is refused with 401 whatever it does, says so, and nothing came of it.
async fn unauthorized<C: Client>(world: &World, client: &C) {
    let since = world.emulator.journal(0).last().map_or(0, |entry| entry.seq);
    for output in attempts(client, "gadgets").await {
        let told = failed(&output).to_ascii_lowercase();
        assert!(
            ["401", "authenti", "authori", "credentials"].iter().any(|word| told.contains(word)),
            "{told}"
        );
    }
    let seen = world.emulator.journal(since);
    assert!(!seen.is_empty() && seen.iter().all(|entry| entry.status == Some(401)), "{seen:?}");
    assert!(world.held("team", C::FORMAT, &named::<C>("gadgets")).await.is_empty());
}

/// Installing a public package and publishing another, as far as the client does either.
async fn attempts<C: Client>(client: &C, name: &str) -> Vec<Output> {
    let installed = client.install(&named::<C>("left-pad"), Some("1.0.0")).await;
    let published = client.publish(&named::<C>(name), "1.0.0").await;
    installed.into_iter().chain(published).collect()
}

/// A package with both origins blocked: what upstreams have is not seen, and nothing can be published.
async fn blocked<C: Client>(new: impl AsyncFn(&World, &str) -> C) {
    let world = World::new().await;
    seed::<C>(&world, &[("widgets", "2.0.0"), ("left-pad", "1.0.0")]).await;
    let name = named::<C>("widgets");
    world.restrict_package(C::FORMAT, &name, (NoPublish, NoUpstream)).await;
    let client = new(&world, &world.token).await;
    if let Some(output) = client.install(&name, None).await {
        failed(&output);
        succeeded(&client.install(&named::<C>("left-pad"), None).await.unwrap());
    }
    if let Some(output) = client.publish(&name, "1.0.0").await {
        failed(&output);
        assert!(world.emulator.journal(0).iter().any(|entry| entry.status == Some(403)));
    }
    assert!(world.held("team", C::FORMAT, &name).await.is_empty());
    told(&world, &client, Check::Blocked);
}

/// An archived version is neither listed nor served, cannot be published again, and comes back.
async fn archived<C: Client>(new: impl AsyncFn(&World, &str) -> C) {
    let world = World::new().await;
    let name = named::<C>("widgets");
    // Another client each time, since clients keep what they have seen.
    let client = async || new(&world, &world.token).await;
    for version in ["1.0.0", "2.0.0"] {
        hold(&world, &client().await, version).await;
    }
    world.set_status(C::FORMAT, (&name, "2.0.0"), PackageVersionStatus::Archived).await;
    if let Some(output) = client().await.install(&name, Some("2.0.0")).await {
        failed(&output);
    }
    if let Some(output) = client().await.publish(&name, "2.0.0").await {
        failed(&output);
    }
    latest(&client().await, "1.0.0").await;
    world.set_status(C::FORMAT, (&name, "2.0.0"), PackageVersionStatus::Published).await;
    let client = client().await;
    latest(&client, "2.0.0").await;
    told(&world, &client, Check::Archived);
}

/// Bring a version of `widgets` into `team`, by the client.
async fn hold<C: Client>(world: &World, client: &C, version: &str) {
    if let Some(output) = client.publish(&named::<C>("widgets"), version).await {
        succeeded(&output);
    } else {
        seed::<C>(world, &[("widgets", version)]).await;
        succeeded(&client.install(&named::<C>("widgets"), Some(version)).await.unwrap());
    }
}

/// What is installed by its name alone, where the client installs.
async fn latest<C: Client>(client: &C, version: &str) {
    let name = named::<C>("widgets");
    if let Some(output) = client.install(&name, None).await {
        succeeded(&output);
        assert_eq!(client.installed(&name).await, version);
    }
}

/// In another mode a client installs what is public, and what it has published itself, as far as it does either.
async fn through<C: Client>(mode: Mode, new: impl AsyncFn(&World, &str) -> C) {
    let world = World::of(mode).await;
    seed::<C>(&world, &[("left-pad", "1.3.0")]).await;
    let client = new(&world, &world.token).await;
    let (public, private) = (named::<C>("left-pad"), named::<C>("widgets"));
    if let Some(output) = client.install(&public, None).await {
        succeeded(&output);
        assert_eq!(client.installed(&public).await, "1.3.0");
        told(&world, &client, Check::Install);
    }
    if let Some(output) = client.publish(&private, "1.0.0").await {
        succeeded(&output);
        // Another one, since what was packed is kept.
        let other = new(&world, &world.token).await;
        if let Some(output) = other.install(&private, None).await {
            succeeded(&output);
            assert_eq!(other.installed(&private).await, "1.0.0");
        }
        told(&world, &client, Check::Publish);
    }
    let journal = world.emulator.journal(0);
    let elsewhere: Vec<_> = journal.iter().filter(|entry| entry.service == "s3").collect();
    assert!(elsewhere.iter().all(|entry| entry.error.is_none()), "{elsewhere:?}");
    let installs = journal.iter().any(|entry| entry.status == Some(307));
    assert_eq!(installs, !elsewhere.is_empty(), "{journal:?}");
}

async fn redirect<C: Client>(new: impl AsyncFn(&World, &str) -> C) {
    through(Mode::Redirect, new).await;
}

async fn aws<C: Client>(new: impl AsyncFn(&World, &str) -> C) {
    through(Mode::Aws, new).await;
}

fn told<C: Client>(world: &World, client: &C, check: Check) {
    passed(world.mode, (client.name(), &client.version()), check);
}

/// A name as the client's format writes it.
fn named<C: Client>(name: &str) -> String {
    if C::FORMAT == PackageFormat::Maven { format!("org.acme:{name}") } else { name.to_owned() }
}

async fn seed<C: Client>(world: &World, packages: &[(&str, &str)]) {
    let connection = match C::FORMAT {
        PackageFormat::Cargo => "public:crates-io",
        PackageFormat::Maven => "public:maven-central",
        PackageFormat::Npm => "public:npmjs",
        PackageFormat::Ruby => "public:ruby-gems-org",
        _ => "public:pypi",
    };
    let packages: Vec<_> = packages.iter().map(|(name, version)| (named::<C>(name), *version)).collect();
    let packages: Vec<_> = packages.iter().map(|(name, version)| (name.as_str(), *version)).collect();
    world.seed(connection, &packages).await;
}

fn store(format: &PackageFormat) -> &'static str {
    match format {
        PackageFormat::Cargo => "cargo-store",
        PackageFormat::Maven => "maven-central-store",
        PackageFormat::Npm => "npm-store",
        PackageFormat::Ruby => "rubygems-store",
        _ => "pypi-store",
    }
}

/// A module of tests for a client: how it is made, and which checks it is put to.
macro_rules! put {
    ($client:ident to $($check:ident),+: $new:expr) => {
        mod $client {
            use super::*;
            $(#[tokio::test]
            async fn $check() {
                super::$check(async |world: &World, token: &str| $new(world, token).await).await;
            })+
        }
    };
}

macro_rules! javascript {
    ($tool:ident) => {
        |world, token| JavaScript::with_token(Tool::$tool, world, "team", Login::Bearer, token)
    };
}

put!(npm_10 to publish, install, expired, wrong, blocked, archived, redirect, aws: javascript!(Npm10));
put!(npm_11 to publish, install, expired, wrong, blocked, archived, redirect, aws: javascript!(Npm11));
put!(pnpm to publish, install, expired, wrong, blocked, archived, redirect, aws: javascript!(Pnpm));
put!(yarn_1 to publish, install, expired, wrong, blocked, archived, aws: javascript!(Yarn1));
put!(yarn_berry to publish, install, expired, wrong, blocked, archived, redirect, aws: javascript!(YarnBerry));
put!(pip to install, expired, wrong, blocked, archived, redirect, aws: |world, token| Pip::with_token(world, "team", token));
put!(uv to publish, install, expired, wrong, blocked, archived, redirect, aws: |world, token| Uv::with_token(world, "team", token));
put!(twine to publish, expired, wrong, blocked, archived, redirect, aws: |world, token| Twine::with_token(world, "team", token));
put!(poetry to publish, install, expired, wrong, blocked, archived, redirect, aws: |world, token| Poetry::with_token(world, "team", token));
put!(cargo to publish, install, expired, wrong, blocked, archived, redirect, aws: |world, token| Cargo::with_token(world, CargoLogin::Provider, token));
put!(gem to publish, install, expired, wrong, blocked, archived, redirect, aws: Gem::with_token);
put!(bundler to install, expired, wrong, blocked, archived, redirect, aws: Bundler::with_token);
put!(mvn to publish, install, expired, wrong, blocked, archived, redirect, aws: Maven::with_token);
put!(gradle to publish, install, expired, wrong, blocked, archived, redirect, aws: Gradle::with_token);
put!(aws_npm to publish, install, redirect, aws: |world, _| AwsNpm::new(world));
put!(aws_pip to install, redirect, aws: |world, _| Pip::logged_in(world));
put!(aws_twine to publish, redirect, aws: |world, _| Twine::logged_in(world));
put!(keyrings_pip to aws: |world, _| Pip::with_keyring(world));
put!(keyrings_twine to aws: |world, _| Twine::with_keyring(world));
put!(poetry_plugin to aws: |world, _| Poetry::with_plugin(world));
