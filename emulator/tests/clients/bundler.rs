//! Bundler: what it alone does.

use crate::program::{failed, succeeded};
use crate::tools::{BundleKey, Bundler, Client, Gem, PushLogin};
use crate::world::World;
use aws_sdk_codeartifact::types::{PackageFormat, PackageVersionStatus};

#[tokio::test]
async fn a_bundle_has_private_and_public_gems() {
    let world = World::new().await;
    world.seed("public:ruby-gems-org", &[("left-pad", "1.0.0"), ("left-pad", "1.3.0")]).await;
    let gem = Gem::new(&world).await;
    let file = gem.build("widgets", "1.0.0", "gem.add_dependency 'left-pad', '< 1.3'").await;
    succeeded(&gem.push(&file, PushLogin::Variable).await);
    let bundler = Bundler::new(&world).await;
    succeeded(&bundler.install("widgets", None).await.unwrap());
    assert_eq!(bundler.installed("widgets").await, "1.0.0");
    assert_eq!(bundler.installed("left-pad").await, "1.0.0");
    for repository in ["team", "rubygems-store"] {
        assert_eq!(world.held(repository, PackageFormat::Ruby, "left-pad").await, ["1.0.0"], "{repository}");
    }
    let journal = world.emulator.journal(0);
    for operation in ["RubyGetDependencies", "RubyGetGem"] {
        assert!(journal.iter().any(|entry| entry.operation == operation), "{operation}");
    }
}

#[tokio::test]
async fn an_archived_version_is_not_installed_even_when_it_is_locked() {
    let world = World::new().await;
    let gem = Gem::new(&world).await;
    for version in ["1.0.0", "1.1.0"] {
        succeeded(&gem.publish("widgets", version).await.unwrap());
    }
    let bundler = Bundler::new(&world).await;
    bundler.gemfile("gem 'widgets'", BundleKey::Host);
    succeeded(&bundler.run(&["lock"]).await);
    world.set_status(PackageFormat::Ruby, ("widgets", "1.1.0"), PackageVersionStatus::Archived).await;
    let told = failed(&bundler.run(&["install"]).await);
    assert!(told.contains("widgets (1.1.0)"), "{told}");
    succeeded(&bundler.install("widgets", None).await.unwrap());
    assert_eq!(bundler.installed("widgets").await, "1.0.0");
}
