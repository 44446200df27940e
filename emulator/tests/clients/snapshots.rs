//! Snapshots of Maven: each build is a version, and the snapshot is what its newest build is.

use crate::maven::{get, list, put};
use crate::world::{World, path};
use PackageVersionStatus::{Archived, Disposed, Published, Unfinished, Unlisted};
use aws_sdk_codeartifact::types::{
    AllowPublish, AllowUpstream, AssetSummary, PackageFormat, PackageVersionStatus, UpstreamRepository,
};

pub(crate) const NAME: &str = "org.acme:widgets";
pub(crate) const SNAPSHOT: &str = "1.0-SNAPSHOT";
const FIRST: &str = "1.0-20210728.194552-1";
const SECOND: &str = "1.0-20210729.171330-2";
const METADATA: &str = "1.0-SNAPSHOT/maven-metadata.xml";

fn jar(build: &str) -> String {
    format!("1.0-SNAPSHOT/widgets-{build}.jar")
}

/// The metadata of the snapshot whose newest build that is.
fn newest(build: &str) -> String {
    let (stamp, count) = build.trim_start_matches("1.0-").split_once('-').unwrap();
    format!(
        "<metadata modelVersion=\"1.1.0\"><groupId>org.acme</groupId><artifactId>widgets</artifactId>\
         <version>{SNAPSHOT}</version><versioning><snapshot><timestamp>{stamp}</timestamp>\
         <buildNumber>{count}</buildNumber></snapshot><snapshotVersions><snapshotVersion>\
         <extension>jar</extension><value>{build}</value></snapshotVersion></snapshotVersions>\
         </versioning></metadata>"
    )
}

/// Publish a build, as clients do.
async fn deploy(world: &World, build: &str) {
    assert_eq!(put(world, &jar(build), build.to_owned()).await, 200);
    assert_eq!(put(world, METADATA, newest(build)).await, 200);
    assert_eq!(put(world, "maven-metadata.xml", list(&[SNAPSHOT])).await, 200);
}

/// Every version that a repository has, with its status, and the one that is shown.
async fn versions(world: &World, repository: &str) -> (Vec<(String, PackageVersionStatus)>, Option<String>) {
    let versions = world.client.list_package_versions().domain("acme").repository(repository);
    let versions = versions.format(PackageFormat::Maven).namespace("org.acme").package("widgets");
    let answer = versions.send().await.unwrap();
    let told = answer.versions().iter().map(|one| (one.version().to_owned(), one.status().clone()));
    (told.collect(), answer.default_display_version().map(str::to_owned))
}

pub(crate) async fn statuses(world: &World, repository: &str) -> Vec<(String, PackageVersionStatus)> {
    versions(world, repository).await.0
}

/// Versions as [`versions`] tells them.
fn told(versions: &[(&str, PackageVersionStatus)]) -> Vec<(String, PackageVersionStatus)> {
    versions.iter().map(|(number, status)| ((*number).to_owned(), status.clone())).collect()
}

async fn assets(world: &World, version: &str) -> Vec<String> {
    let assets = world.client.list_package_version_assets().domain("acme").repository("team");
    let assets = assets.format(PackageFormat::Maven).namespace("org.acme").package("widgets");
    let answer = assets.package_version(version).send().await.unwrap();
    answer.assets().iter().map(AssetSummary::name).map(str::to_owned).collect()
}

async fn delete(world: &World, version: &str) {
    let delete = world.client.delete_package_versions().domain("acme").repository("team");
    let delete = delete.format(PackageFormat::Maven).namespace("org.acme").package("widgets");
    let answer = delete.versions(version).send().await.unwrap();
    assert!(answer.failed_versions().unwrap().is_empty(), "{answer:?}");
}

async fn text(world: &World, file: &str) -> String {
    let answer = get(world, file).await;
    assert_eq!(answer.status(), 200, "{file}");
    String::from_utf8(answer.body().to_vec()).unwrap()
}

#[tokio::test]
async fn a_build_is_unfinished_until_the_snapshot_is_made_of_it() {
    let world = World::new().await;
    assert_eq!(put(&world, &jar(FIRST), FIRST).await, 200);
    assert_eq!(versions(&world, "team").await, (told(&[(FIRST, Unfinished)]), None));
    for file in [METADATA, &jar(FIRST)] {
        assert_eq!(get(&world, file).await.status(), 404, "{file}");
    }
    assert_eq!(put(&world, METADATA, newest(FIRST)).await, 200);
    let first = told(&[(FIRST, Unlisted), (SNAPSHOT, Published)]);
    assert_eq!(versions(&world, "team").await, (first, Some(SNAPSHOT.into())));
    deploy(&world, SECOND).await;
    let both = told(&[(FIRST, Unlisted), (SECOND, Unlisted), (SNAPSHOT, Published)]);
    assert_eq!(versions(&world, "team").await, (both, Some(SNAPSHOT.into())));
    let name = format!("widgets-{SECOND}.jar");
    assert_eq!(
        (assets(&world, SNAPSHOT).await, assets(&world, SECOND).await),
        (vec![name.clone()], vec![name])
    );
    // Every build is served by the snapshot's folder and by its own.
    for build in [FIRST, SECOND] {
        assert_eq!(text(&world, &jar(build)).await, build);
        assert_eq!(text(&world, &format!("{build}/widgets-{build}.jar")).await, build);
    }
    assert_eq!(text(&world, METADATA).await, newest(SECOND));
    let listed = text(&world, "maven-metadata.xml").await;
    assert!(listed.contains("<latest>1.0-SNAPSHOT</latest>") && !listed.contains("release"), "{listed}");
    assert!(!listed.contains(SECOND), "{listed}");
}

#[tokio::test]
async fn what_makes_no_snapshot_is_refused() {
    let world = World::new().await;
    assert_eq!(put(&world, METADATA, newest(FIRST)).await, 404);
    assert_eq!(put(&world, "1.0-SNAPSHOT/widgets-1.0-SNAPSHOT.jar", "jar").await, 400);
    assert_eq!(put(&world, "1.0-SNAPSHOT/widgets-1.0.jar", "jar").await, 400);
    assert_eq!(put(&world, &jar(FIRST), FIRST).await, 200);
    assert_eq!(put(&world, &jar(FIRST), "other").await, 409);
    for wrong in [newest(SECOND), list(&[SNAPSHOT]), newest(FIRST).replace(">jar<", ">war<"), String::new()] {
        assert_eq!(put(&world, METADATA, wrong.clone()).await, 400, "{wrong}");
    }
    assert_eq!(put(&world, "maven-metadata.xml", list(&[SNAPSHOT])).await, 400);
    assert_eq!(statuses(&world, "team").await, told(&[(FIRST, Unfinished)]));
    // An archived build makes no snapshot, and an archived snapshot takes no build.
    deploy(&world, FIRST).await;
    for number in [FIRST, SNAPSHOT] {
        world.set_status(PackageFormat::Maven, (NAME, number), Archived).await;
        assert_eq!(put(&world, METADATA, newest(FIRST)).await, 409, "{number}");
        world.set_status(PackageFormat::Maven, (NAME, number), Unlisted).await;
    }
    deploy(&world, FIRST).await;
    assert_eq!(statuses(&world, "team").await, told(&[(FIRST, Unlisted), (SNAPSHOT, Published)]));
}

#[tokio::test]
async fn checksums_are_compared_with_the_metadata_that_came() {
    let world = World::new().await;
    assert_eq!(put(&world, &format!("{}.md5", jar(FIRST)), "x").await, 404);
    deploy(&world, FIRST).await;
    for (file, content) in [(METADATA, newest(FIRST)), ("maven-metadata.xml", list(&[SNAPSHOT]))] {
        let sum = sha1(content.as_bytes());
        assert_eq!(put(&world, &format!("{file}.sha1"), sum.clone()).await, 200, "{file}");
        assert_eq!(put(&world, &format!("{file}.sha1"), sum.to_uppercase()).await, 400, "{file}");
    }
    assert_eq!(text(&world, &format!("{METADATA}.sha1")).await, sha1(newest(FIRST).as_bytes()));
    assert_eq!(text(&world, &format!("{}.sha1", jar(FIRST))).await, sha1(FIRST.as_bytes()));
    assert_eq!(put(&world, "1.1-SNAPSHOT/maven-metadata.xml.sha1", "x").await, 404);
    // A build of which one was wrong makes no snapshot until the right one comes.
    assert_eq!(put(&world, &jar(SECOND), SECOND).await, 200);
    assert_eq!(put(&world, &format!("{}.sha1", jar(SECOND)), "x").await, 400);
    assert_eq!(put(&world, METADATA, newest(SECOND)).await, 400);
    assert_eq!(text(&world, METADATA).await, newest(FIRST));
    assert_eq!(put(&world, &format!("{}.sha1", jar(SECOND)), sha1(SECOND.as_bytes())).await, 200);
    assert_eq!(put(&world, METADATA, newest(SECOND)).await, 200);
}

fn sha1(content: &[u8]) -> String {
    use sha1::Digest;
    hex::encode(sha1::Sha1::digest(content))
}

#[tokio::test]
async fn builds_and_the_snapshot_are_deleted_and_archived_each_for_itself() {
    let world = World::new().await;
    deploy(&world, FIRST).await;
    deploy(&world, SECOND).await;
    // Without records of builds the snapshot has what the newest had.
    for build in [FIRST, SECOND] {
        delete(&world, build).await;
    }
    assert_eq!(statuses(&world, "team").await, told(&[(SNAPSHOT, Published)]));
    assert_eq!(text(&world, &jar(SECOND)).await, SECOND);
    assert_eq!(get(&world, &jar(FIRST)).await.status(), 404);
    world.set_status(PackageFormat::Maven, (NAME, SNAPSHOT), Unlisted).await;
    assert_eq!(text(&world, METADATA).await, newest(SECOND));
    world.set_status(PackageFormat::Maven, (NAME, SNAPSHOT), Archived).await;
    for file in [METADATA, &jar(SECOND)] {
        assert_eq!(get(&world, file).await.status(), 404, "{file}");
    }
    // Without the snapshot, a build is still there for who knows it.
    delete(&world, SNAPSHOT).await;
    deploy(&world, FIRST).await;
    delete(&world, SNAPSHOT).await;
    assert_eq!(get(&world, METADATA).await.status(), 404);
    assert_eq!(text(&world, &jar(FIRST)).await, FIRST);
    world.set_status(PackageFormat::Maven, (NAME, FIRST), Archived).await;
    assert_eq!(get(&world, &jar(FIRST)).await.status(), 404);
    let dispose = world.client.dispose_package_versions().domain("acme").repository("team");
    let dispose = dispose.format(PackageFormat::Maven).namespace("org.acme").package("widgets");
    dispose.versions(FIRST).send().await.unwrap();
    assert_eq!(statuses(&world, "team").await, told(&[(FIRST, Disposed)]));
    assert_eq!(put(&world, &jar(FIRST), FIRST).await, 409);
}

#[tokio::test]
async fn builds_that_came_with_the_newest_are_unlisted_by_the_api() {
    let world = World::new().await;
    for build in [FIRST, SECOND] {
        assert_eq!(put(&world, &jar(build), build).await, 200);
    }
    assert_eq!(put(&world, METADATA, newest(SECOND)).await, 200);
    let begun = told(&[(FIRST, Unfinished), (SECOND, Unlisted), (SNAPSHOT, Published)]);
    assert_eq!(statuses(&world, "team").await, begun);
    assert_eq!(get(&world, &jar(FIRST)).await.status(), 404);
    world.set_status(PackageFormat::Maven, (NAME, FIRST), Unlisted).await;
    assert_eq!(text(&world, &jar(FIRST)).await, FIRST);
    // No other version can be unlisted before it is finished.
    assert_eq!(put(&world, "2.0/widgets-2.0.jar", "jar").await, 200);
    let update = world.client.update_package_versions_status().domain("acme").repository("team");
    let update = update.format(PackageFormat::Maven).namespace("org.acme").package("widgets");
    let answer = update.versions("2.0").target_status(Unlisted).send().await.unwrap();
    assert_eq!(answer.failed_versions().unwrap().len(), 1, "{answer:?}");
}

/// `shop`, with `team` as its upstream.
async fn shop(world: &World) {
    let team = UpstreamRepository::builder().repository_name("team").build().unwrap();
    world.client.create_repository().domain("acme").repository("shop").upstreams(team).send().await.unwrap();
}

async fn in_shop(world: &World, file: &str) -> (u16, String) {
    let path = path("maven", "shop", &format!("org/acme/widgets/{file}"));
    let answer = world.get(&path, Some(&world.bearer())).await;
    (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
}

#[tokio::test]
async fn a_repository_downstream_retains_builds_and_follows_the_snapshot() {
    let world = World::new().await;
    shop(&world).await;
    for (build, held) in [(FIRST, &[FIRST][..]), (SECOND, &[FIRST, SECOND])] {
        deploy(&world, build).await;
        assert_eq!(in_shop(&world, METADATA).await, (200, newest(build)));
        assert_eq!(in_shop(&world, &jar(build)).await, (200, build.into()));
        let held: Vec<_> = held.iter().map(|build| (*build, Unlisted)).collect();
        assert_eq!(statuses(&world, "shop").await, told(&held));
    }
    // A build that upstream has no record of any more is served and not retained.
    deploy(&world, "1.0-20210730.000000-3").await;
    delete(&world, "1.0-20210730.000000-3").await;
    assert_eq!(in_shop(&world, &jar("1.0-20210730.000000-3")).await.0, 200);
    assert_eq!(statuses(&world, "shop").await.len(), 2);
}

#[tokio::test]
async fn a_snapshot_that_upstream_has_is_not_published_below_it() {
    let world = World::new().await;
    shop(&world).await;
    deploy(&world, FIRST).await;
    // Turn the two round: `shop` gets a copy and is the upstream.
    let update = world.client.update_repository().domain("acme").repository("shop");
    update.set_upstreams(Some(Vec::new())).send().await.unwrap();
    let shop = UpstreamRepository::builder().repository_name("shop").build().unwrap();
    world.client.update_repository().domain("acme").repository("team").upstreams(shop).send().await.unwrap();
    let copy = world.client.copy_package_versions().domain("acme");
    let copy = copy.source_repository("team").destination_repository("shop").format(PackageFormat::Maven);
    let copy = copy.namespace("org.acme").package("widgets").versions(SNAPSHOT).send().await.unwrap();
    assert_eq!(copy.successful_versions().unwrap()[SNAPSHOT].status(), Some(&Published));
    // The copy is whole without its build.
    assert_eq!(in_shop(&world, METADATA).await, (200, newest(FIRST)));
    assert_eq!(in_shop(&world, &jar(FIRST)).await, (200, FIRST.into()));
    let allow = (AllowPublish::Allow, AllowUpstream::Allow);
    world.restrict_package(PackageFormat::Maven, NAME, allow).await;
    assert_eq!(put(&world, &jar(SECOND), SECOND).await, 409);
    assert_eq!(put(&world, METADATA, newest(FIRST)).await, 409);
    let block = (AllowPublish::Allow, AllowUpstream::Block);
    world.restrict_package(PackageFormat::Maven, NAME, block).await;
    deploy(&world, SECOND).await;
    assert_eq!(text(&world, METADATA).await, newest(SECOND));
}
