//! Package groups, as npm meets them.

use crate::program::{failed, succeeded};
use crate::tools::{JavaScript, Login, Tool};
use crate::world::World;
use aws_sdk_codeartifact::types::{
    PackageFormat, PackageGroupAllowedRepository, PackageGroupOriginRestrictionMode as Mode,
    PackageGroupOriginRestrictionType as Way,
};

const ALL: [Way; 3] = [Way::Publish, Way::ExternalUpstream, Way::InternalUpstream];

/// Make a group with the same mode for all ways.
async fn make(world: &World, pattern: &str, mode: Mode) {
    world.client.create_package_group().domain("acme").package_group(pattern).send().await.unwrap();
    let update = world.client.update_package_group_origin_configuration().domain("acme");
    let modes = ALL.map(|way| (way, mode.clone())).into();
    update.package_group(pattern).set_restrictions(Some(modes)).send().await.unwrap();
}

/// Put a repository on one of the group's lists.
async fn allow(world: &World, pattern: &str, way: Way, repository: &str) {
    let entry = PackageGroupAllowedRepository::builder().repository_name(repository);
    let update = world.client.update_package_group_origin_configuration().domain("acme");
    let update = update.package_group(pattern);
    update.add_allowed_repositories(entry.origin_restriction_type(way).build()).send().await.unwrap();
}

#[tokio::test]
async fn a_blocked_group_blocks_publishing_and_installing() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    world.seed("public:npmjs", &[("widgets", "1.0.0"), ("widgetsmith", "1.0.0")]).await;
    make(&world, "/npm//widgets~", Mode::Block).await;
    let told = failed(&npm.publish("widgets", "2.0.0").await);
    assert!(told.contains("403") && told.contains("/npm//widgets~"), "{told}");
    let told = failed(&npm.run(&["install", "widgets"]).await);
    assert!(told.contains("E404"), "{told}");
    for repository in ["team", "npm-store"] {
        assert!(world.held(repository, PackageFormat::Npm, "widgets").await.is_empty());
    }
    succeeded(&npm.run(&["install", "widgetsmith"]).await);
    world.client.delete_package_group().domain("acme").package_group("/npm//widgets~").send().await.unwrap();
    succeeded(&npm.run(&["install", "widgets"]).await);
}

#[tokio::test]
async fn the_connected_repository_and_the_consumer_must_both_be_on_the_lists() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    world.seed("public:npmjs", &[("widgets", "1.0.0")]).await;
    let group = "/npm//widgets$";
    make(&world, group, Mode::AllowSpecificRepositories).await;
    failed(&npm.run(&["install", "widgets"]).await);
    allow(&world, group, Way::ExternalUpstream, "npm-store").await;
    failed(&npm.run(&["install", "widgets"]).await);
    allow(&world, group, Way::InternalUpstream, "team").await;
    succeeded(&npm.run(&["install", "widgets"]).await);
    failed(&npm.publish("widgets", "2.0.0").await);
    allow(&world, group, Way::Publish, "team").await;
    succeeded(&npm.publish("widgets", "2.0.0").await);
}

#[tokio::test]
async fn a_variation_of_a_name_is_blocked_though_the_name_is_allowed() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    world.seed("public:npmjs", &[("my.widgets", "9.0.0")]).await;
    make(&world, "/npm//my-widgets$", Mode::Allow).await;
    failed(&npm.run(&["install", "my.widgets"]).await);
    let told = failed(&npm.publish("my_widgets", "1.0.0").await);
    assert!(told.contains("403") && told.contains("variation"), "{told}");
    succeeded(&npm.publish("my-widgets", "1.0.0").await);
}
