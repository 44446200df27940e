//! Dependency confusion, with and without an origin configuration against it.

use crate::program::{failed, succeeded};
use crate::tools::{JavaScript, Login, Tool};
use crate::world::World;
use aws_sdk_codeartifact::types::AllowPublish::{Allow as Publish, Block as NoPublish};
use aws_sdk_codeartifact::types::AllowUpstream::{Allow as Upstream, Block as NoUpstream};
use aws_sdk_codeartifact::types::PackageFormat;

#[tokio::test]
async fn a_higher_public_version_is_taken_only_where_upstreams_are_allowed() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    // The configuration comes before the package.
    world.restrict("widgets", Publish, NoUpstream).await;
    succeeded(&npm.publish("widgets", "1.0.0").await);
    world.seed("public:npmjs", &[("widgets", "99.0.0")]).await;
    succeeded(&npm.run(&["install", "widgets"]).await);
    assert_eq!(npm.manifest("widgets")["version"], "1.0.0");
    let told = failed(&npm.run(&["install", "widgets@>=2", "--prefer-online"]).await);
    assert!(told.contains("ETARGET"), "{told}");
    assert_eq!(world.held("team", PackageFormat::Npm, "widgets").await, ["1.0.0"]);

    world.restrict("widgets", Publish, Upstream).await;
    succeeded(&npm.run(&["install", "widgets@>=2", "--prefer-online"]).await);
    assert_eq!(npm.manifest("widgets")["version"], "99.0.0");
    assert_eq!(world.held("team", PackageFormat::Npm, "widgets").await, ["1.0.0", "99.0.0"]);
}

#[tokio::test]
async fn publishing_blocks_upstreams_by_default() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    succeeded(&npm.publish("widgets", "1.0.0").await);
    world.seed("public:npmjs", &[("widgets", "99.0.0")]).await;
    failed(&npm.run(&["install", "widgets@99.0.0"]).await);
}

#[tokio::test]
async fn publishing_is_refused_where_it_is_blocked_or_would_hide_an_upstream() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    world.restrict("widgets", NoPublish, NoUpstream).await;
    let told = failed(&npm.publish("widgets", "1.0.0").await);
    assert!(told.contains("403") && told.contains("blocks publishing"), "{told}");
    world.seed("public:npmjs", &[("gadgets", "1.0.0")]).await;
    // npm itself looks for the version under --tag latest only, so the repository has to refuse.
    world.restrict("gadgets", Publish, Upstream).await;
    failed(&npm.publish("gadgets", "1.0.0").await);
    world.restrict("gadgets", Publish, NoUpstream).await;
    succeeded(&npm.publish("gadgets", "1.0.0").await);
}
