//! Bundler installs.

use crate::program::{failed, run, succeeded};
use crate::ruby::{Key, Login, Ruby};
use crate::world::World;
use aws_sdk_codeartifact::types::{AllowPublish, AllowUpstream, PackageFormat, PackageVersionStatus};

#[tokio::test]
async fn a_bundle_has_private_and_public_gems() {
    let world = World::new().await;
    world.seed("public:ruby-gems-org", &[("left-pad", "1.0.0"), ("left-pad", "1.3.0")]).await;
    let publisher = Ruby::new(&world, "team").await;
    let gem = publisher.build("widgets", "1.0.0", Some(("left-pad", "< 1.3"))).await;
    succeeded(&publisher.push(&gem, Login::Variable).await);
    let ruby = Ruby::new(&world, "team").await;
    succeeded(&ruby.bundle("gem 'widgets'").await);
    let line = "require 'widgets'; require 'left_pad'; puts PRIVATE, LeftPad::VERSION";
    let told = succeeded(&run(ruby.bundler(&["exec", "ruby", "-e", line])).await);
    assert!(told.contains("private widgets 1.0.0\n1.0.0"), "{told}");
    for repository in ["team", "rubygems-store"] {
        assert_eq!(world.held(repository, PackageFormat::Ruby, "left-pad").await, ["1.0.0"], "{repository}");
    }
    let journal = world.emulator.journal(0);
    for operation in ["RubyGetDependencies", "RubyGetGem"] {
        assert!(journal.iter().any(|entry| entry.operation == operation), "{operation}");
    }
}

#[tokio::test]
async fn an_unknown_token_and_an_expired_one_are_refused() {
    let world = World::new().await;
    world.seed("public:ruby-gems-org", &[("left-pad", "1.0.0")]).await;
    let told = failed(&Ruby::with_token(&world, "team", "unknown").await.bundle("gem 'left-pad'").await);
    assert!(told.contains("Bad username or password"), "{told}");
    world.emulator.advance(jiff::SignedDuration::from_hours(12));
    let told = failed(&Ruby::new(&world, "team").await.bundle("gem 'left-pad'").await);
    assert!(told.contains("Bad username or password"), "{told}");
}

#[tokio::test]
async fn a_blocked_gem_is_not_installed() {
    let world = World::new().await;
    world.seed("public:ruby-gems-org", &[("left-pad", "1.0.0"), ("right-pad", "1.0.0")]).await;
    let block = (AllowPublish::Block, AllowUpstream::Block);
    world.restrict_package(PackageFormat::Ruby, "left-pad", block).await;
    let ruby = Ruby::new(&world, "team").await;
    let told = failed(&ruby.bundle("gem 'left-pad'").await);
    assert!(told.contains("Could not find gem 'left-pad'"), "{told}");
    succeeded(&ruby.bundle("gem 'right-pad'").await);
}

#[tokio::test]
async fn an_archived_version_is_not_installed_even_when_it_is_locked() {
    let world = World::new().await;
    let publisher = Ruby::new(&world, "team").await;
    for version in ["1.0.0", "1.1.0"] {
        let gem = publisher.build("widgets", version, None).await;
        succeeded(&publisher.push(&gem, Login::Variable).await);
    }
    let locked = Ruby::new(&world, "team").await;
    locked.gemfile("gem 'widgets'", Key::Host);
    succeeded(&run(locked.bundler(&["lock"])).await);
    world.set_status(PackageFormat::Ruby, ("widgets", "1.1.0"), PackageVersionStatus::Archived).await;
    let told = failed(&run(locked.bundler(&["install"])).await);
    assert!(told.contains("widgets (1.1.0)"), "{told}");
    let other = Ruby::new(&world, "team").await;
    succeeded(&other.bundle("gem 'widgets'").await);
    let told =
        succeeded(&run(other.bundler(&["exec", "ruby", "-e", "require 'widgets'; puts PRIVATE"])).await);
    assert!(told.contains("private widgets 1.0.0"), "{told}");
}
