//! What a version's status lets package managers have.

use crate::program::{failed, succeeded};
use crate::tools::{JavaScript, Login, Pip, Tool};
use crate::world::{World, path};
use aws_sdk_codeartifact::types::{PackageFormat, PackageVersionStatus};

use PackageVersionStatus::{Archived, Published, Unlisted};

#[tokio::test]
async fn an_unlisted_version_comes_by_a_lock_file_only_and_an_archived_one_not_at_all() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    for version in ["1.0.0", "2.0.0"] {
        succeeded(&npm.publish("widgets", version).await);
    }
    succeeded(&npm.run(&["install", "widgets@2.0.0"]).await);
    world.set_status(PackageFormat::Npm, ("widgets", "2.0.0"), Unlisted).await;
    let versions = succeeded(&npm.run(&["view", "widgets", "versions", "--json", "--prefer-online"]).await);
    assert!(versions.contains("1.0.0") && !versions.contains("2.0.0"), "{versions}");
    let told = failed(&npm.run(&["install", "widgets@2.0.0", "--cache=../second"]).await);
    assert!(told.contains("ETARGET"), "{told}");
    succeeded(&npm.run(&["ci", "--cache=../third"]).await);
    assert_eq!(npm.manifest("widgets")["version"], "2.0.0");
    world.set_status(PackageFormat::Npm, ("widgets", "2.0.0"), Archived).await;
    let told = failed(&npm.run(&["ci", "--cache=../fourth"]).await);
    assert!(told.contains("404"), "{told}");
    // What is archived cannot be published again, and comes back by its status.
    let told = failed(&npm.publish("widgets", "2.0.0").await);
    assert!(told.contains("409"), "{told}");
    world.set_status(PackageFormat::Npm, ("widgets", "2.0.0"), Published).await;
    succeeded(&npm.run(&["ci", "--cache=../fifth"]).await);
}

#[tokio::test]
async fn a_disposed_version_is_gone_until_it_is_deleted() {
    let world = World::new().await;
    let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
    succeeded(&npm.publish("widgets", "1.0.0").await);
    let dispose = world.client.dispose_package_versions().domain("acme").repository("team");
    dispose.format(PackageFormat::Npm).package("widgets").versions("1.0.0").send().await.unwrap();
    failed(&npm.run(&["install", "widgets@1.0.0"]).await);
    failed(&npm.publish("widgets", "1.0.0").await);
    let delete = world.client.delete_package_versions().domain("acme").repository("team");
    delete.format(PackageFormat::Npm).package("widgets").versions("1.0.0").send().await.unwrap();
    succeeded(&npm.publish("widgets", "1.0.0").await);
    succeeded(&npm.run(&["install", "widgets@1.0.0", "--prefer-online"]).await);
}

#[tokio::test]
async fn a_retained_version_hides_the_one_upstream_by_its_status() {
    let world = World::new().await;
    world.seed("public:pypi", &[("left-pad", "1.0")]).await;
    let pip = Pip::new(&world, "team").await;
    succeeded(&pip.install("left-pad==1.0").await);
    let file = path("pypi", "team", "simple/left-pad/1.0/left_pad-1.0-py3-none-any.whl");
    for (status, served) in [(Unlisted, 200), (Archived, 404)] {
        world.set_status(PackageFormat::Pypi, ("left-pad", "1.0"), status).await;
        failed(&pip.install("left-pad==1.0").await);
        assert_eq!(world.get(&file, Some(&world.bearer())).await.status(), served);
    }
    // The upstream is as it was.
    let upstream = Pip::new(&world, "pypi-store").await;
    succeeded(&upstream.install("left-pad==1.0").await);
}
