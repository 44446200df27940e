//! Maven's data plane: what the clients send, one request at a time, and what mvn makes of it.

use crate::program::{failed, succeeded};
use crate::snapshots::{NAME, SNAPSHOT, statuses};
use crate::support::send;
use crate::tools::{Client, Gradle, Maker, Maven};
use crate::world::{World, path};
use aws_sdk_codeartifact::types::AllowPublish::Allow as Publish;
use aws_sdk_codeartifact::types::AllowUpstream::Allow as Upstream;
use aws_sdk_codeartifact::types::{AssetSummary, PackageFormat, PackageVersionStatus};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;

const POM: &str = "<project><modelVersion>4.0.0</modelVersion><groupId>org.acme</groupId>\
    <artifactId>widgets</artifactId><version>1.0</version><name>Widgets</name>\
    <dependencies><dependency><groupId>junit</groupId><artifactId>junit</artifactId>\
    <version>4.13</version><scope>test</scope></dependency></dependencies></project>";

pub(crate) async fn put(world: &World, file: &str, content: impl Into<Bytes>) -> u16 {
    let request = Request::put(path("maven", "team", &format!("org/acme/widgets/{file}")))
        .header("host", "emulator")
        .header("authorization", world.bearer())
        .body(Full::new(content.into()))
        .unwrap();
    send(&world.emulator, request).await.status().as_u16()
}

pub(crate) async fn get(world: &World, file: &str) -> Response<Bytes> {
    world.get(&path("maven", "team", &format!("org/acme/widgets/{file}")), Some(&world.bearer())).await
}

/// A list of versions, as clients upload it.
pub(crate) fn list(versions: &[&str]) -> String {
    let versions: Vec<_> = versions.iter().map(|number| format!("<version>{number}</version>")).collect();
    let versions = versions.concat();
    format!(
        "<metadata><groupId>org.acme</groupId><artifactId>widgets</artifactId>\
         <versioning><versions>{versions}</versions></versioning></metadata>"
    )
}

async fn status(world: &World, version: &str) -> PackageVersionStatus {
    let describe = world.client.describe_package_version().domain("acme").repository("team");
    let describe = describe.format(PackageFormat::Maven).namespace("org.acme").package("widgets");
    let answer = describe.package_version(version).send().await.unwrap();
    answer.package_version().unwrap().status().unwrap().clone()
}

#[tokio::test]
async fn a_version_is_unfinished_until_its_metadata_comes() {
    let world = World::new().await;
    assert_eq!(put(&world, "1.0/widgets-1.0.jar", "jar").await, 200);
    assert_eq!(put(&world, "1.0/widgets-1.0.pom", POM).await, 200);
    assert_eq!(status(&world, "1.0").await, PackageVersionStatus::Unfinished);
    for file in ["1.0/widgets-1.0.jar", "maven-metadata.xml"] {
        assert_eq!(get(&world, file).await.status(), 404, "{file}");
    }
    // A list without the version leaves it as it is.
    for listed in [&[][..], &["2.0"]] {
        assert_eq!(put(&world, "maven-metadata.xml", list(listed)).await, 400);
    }
    assert_eq!(status(&world, "1.0").await, PackageVersionStatus::Unfinished);
    assert_eq!(put(&world, "maven-metadata.xml", list(&["0.9", "1.0"])).await, 200);
    assert_eq!(status(&world, "1.0").await, PackageVersionStatus::Published);
    assert_eq!(get(&world, "1.0/widgets-1.0.jar").await.body(), "jar");
    let listed = String::from_utf8(get(&world, "maven-metadata.xml").await.body().to_vec()).unwrap();
    assert!(listed.contains("<version>1.0</version>") && !listed.contains("0.9"), "{listed}");
    // Files can be added to a published version, and it stays published.
    assert_eq!(put(&world, "1.0/widgets-1.0-sources.jar", "sources").await, 200);
    assert_eq!(get(&world, "1.0/widgets-1.0-sources.jar").await.body(), "sources");
}

#[tokio::test]
async fn the_api_tells_what_the_pom_says_and_which_files_there_are() {
    let world = World::new().await;
    assert_eq!(put(&world, "1.0/widgets-1.0.jar", "jar").await, 200);
    assert_eq!(put(&world, "1.0/widgets-1.0.pom", "<project>").await, 400);
    assert_eq!(put(&world, "1.0/widgets-1.0.pom", POM).await, 200);
    assert_eq!(put(&world, "maven-metadata.xml", list(&["1.0"])).await, 200);
    let describe = world.client.describe_package_version().domain("acme").repository("team");
    let describe = describe.format(PackageFormat::Maven).namespace("org.acme").package("widgets");
    let answer = describe.package_version("1.0").send().await.unwrap();
    assert_eq!(answer.package_version().unwrap().display_name(), Some("Widgets"));
    let list = world.client.list_package_version_dependencies().domain("acme").repository("team");
    let list = list.format(PackageFormat::Maven).namespace("org.acme").package("widgets");
    let answer = list.package_version("1.0").send().await.unwrap();
    let [junit] = answer.dependencies() else { panic!("{answer:?}") };
    assert_eq!((junit.namespace(), junit.dependency_type()), (Some("junit"), Some("test")));
    let list = world.client.list_package_version_assets().domain("acme").repository("team");
    let list = list.format(PackageFormat::Maven).namespace("org.acme").package("widgets");
    let answer = list.package_version("1.0").send().await.unwrap();
    let names: Vec<_> = answer.assets().iter().map(AssetSummary::name).collect();
    assert_eq!(names, ["maven-metadata.xml", "widgets-1.0.jar", "widgets-1.0.pom"]);
}

#[tokio::test]
async fn checksums_are_answered_for_every_file_and_compared_when_they_come() {
    let world = World::new().await;
    let jar = "1.0/widgets-1.0.jar";
    // The file comes first.
    assert_eq!(put(&world, &format!("{jar}.md5"), "x").await, 404);
    assert_eq!(put(&world, jar, "").await, 200);
    let right = [
        ("md5", "d41d8cd98f00b204e9800998ecf8427e"),
        ("sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ];
    for (algorithm, sum) in right {
        assert_eq!(put(&world, &format!("{jar}.{algorithm}"), sum.to_uppercase()).await, 400, "{algorithm}");
        assert_eq!(put(&world, &format!("{jar}.{algorithm}"), sum).await, 200, "{algorithm}");
    }
    let listed = list(&["1.0"]);
    assert_eq!(put(&world, "maven-metadata.xml.md5", "x").await, 404);
    assert_eq!(put(&world, "maven-metadata.xml", listed).await, 200);
    assert_eq!(put(&world, "maven-metadata.xml.md5", "x").await, 400);
    for (algorithm, sum) in right {
        assert_eq!(get(&world, &format!("{jar}.{algorithm}")).await.body(), sum);
    }
    assert_eq!(get(&world, &format!("{jar}.sha512")).await.body().len(), 128);
    assert_eq!(get(&world, "maven-metadata.xml.sha512").await.body().len(), 128);
}

#[tokio::test]
async fn a_version_is_not_finished_while_a_checksum_of_it_was_wrong() {
    let world = World::new().await;
    let (jar, sum) = ("1.0/widgets-1.0.jar", "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(put(&world, jar, "").await, 200);
    assert_eq!(put(&world, &format!("{jar}.md5"), "x").await, 400);
    let journal = world.emulator.journal(0);
    let last = journal.last().unwrap();
    assert_eq!((last.status, last.error.as_deref()), (Some(400), Some("ValidationException")));
    assert_eq!(put(&world, "maven-metadata.xml", list(&["1.0"])).await, 400);
    assert_eq!(status(&world, "1.0").await, PackageVersionStatus::Unfinished);
    // A right one of another kind does not make up for it, the same again does.
    let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    assert_eq!(put(&world, &format!("{jar}.sha1"), sha1).await, 200);
    assert_eq!(put(&world, "maven-metadata.xml", list(&["1.0"])).await, 400);
    assert_eq!(put(&world, &format!("{jar}.md5"), sum).await, 200);
    assert_eq!(put(&world, "maven-metadata.xml", list(&["1.0"])).await, 200);
    assert_eq!(status(&world, "1.0").await, PackageVersionStatus::Published);
    // What is published stays so, and serves the right ones.
    assert_eq!(put(&world, &format!("{jar}.md5"), "x").await, 400);
    assert_eq!(put(&world, "maven-metadata.xml", list(&["1.0"])).await, 200);
    assert_eq!(get(&world, &format!("{jar}.md5")).await.body(), sum);
}

#[tokio::test]
async fn a_file_comes_once() {
    let world = World::new().await;
    assert_eq!(put(&world, "1.0/widgets-1.0.jar", "jar").await, 200);
    assert_eq!(put(&world, "1.0/widgets-1.0.jar", "jar").await, 200);
    assert_eq!(put(&world, "1.0/widgets-1.0.jar", "other").await, 409);
    assert_eq!(put(&world, "1.0/others-1.0.jar", "jar").await, 400);
    // Where upstreams have the version, it cannot be published.
    world.seed("public:maven-central", &[("org.acme:widgets", "2.0")]).await;
    world.restrict_package(PackageFormat::Maven, "org.acme:widgets", (Publish, Upstream)).await;
    assert_eq!(put(&world, "2.0/widgets-2.0.jar", "jar").await, 409);
    assert_eq!(put(&world, "2.1/widgets-2.1.jar", "jar").await, 200);
}

#[tokio::test]
async fn an_archived_version_is_gone_for_mvn_and_an_unlisted_one_only_from_lists() {
    let world = World::new().await;
    let name = "org.acme:widgets";
    let publisher = Maven::with_token(&world, &world.token).await;
    for version in ["1.0.0", "1.1.0"] {
        succeeded(&publisher.publish(name, version).await.unwrap());
    }
    let format = PackageFormat::Maven;
    world.set_status(format.clone(), (name, "1.1.0"), PackageVersionStatus::Unlisted).await;
    let mvn = Maven::with_token(&world, &world.token).await;
    succeeded(&mvn.install(name, None).await.unwrap());
    assert_eq!(mvn.installed(name).await, "1.0.0");
    succeeded(&mvn.install(name, Some("1.1.0")).await.unwrap());
    assert_eq!(mvn.installed(name).await, "1.1.0");
    world.set_status(format, (name, "1.1.0"), PackageVersionStatus::Archived).await;
    let mvn = Maven::with_token(&world, &world.token).await;
    failed(&mvn.install(name, Some("1.1.0")).await.unwrap());
    failed(&publisher.publish(name, "1.1.0").await.unwrap());
}

/// Two publishers deploy a snapshot, and another project gets the newest build.
async fn the_newest_build_is_installed<C: Maker>(world: &World, [first, second, reader]: [C; 3]) {
    for (publisher, count) in [(&first, 1), (&second, 2)] {
        succeeded(&publisher.publish(NAME, SNAPSHOT).await.unwrap());
        succeeded(&reader.install(NAME, Some(SNAPSHOT)).await.unwrap());
        assert_eq!(reader.installed(NAME).await, SNAPSHOT);
        assert_eq!(reader.installed_maker(), publisher.maker());
        let statuses = statuses(world, "team").await;
        let [builds @ .., snapshot] = &statuses[..] else { panic!("{statuses:?}") };
        assert_eq!(snapshot, &(SNAPSHOT.to_owned(), PackageVersionStatus::Published));
        assert_eq!(builds.len(), count);
        assert!(builds.iter().all(|(_, status)| *status == PackageVersionStatus::Unlisted), "{statuses:?}");
        let numbers = builds.iter().filter(|(number, _)| number.ends_with(&format!("-{count}")));
        assert_eq!(numbers.count(), 1, "{statuses:?}");
    }
}

#[tokio::test]
async fn mvn_deploys_builds_and_resolves_the_newest_and_a_certain_one() {
    let world = World::new().await;
    let [first, second, reader] = [
        Maven::with_token(&world, &world.token).await,
        Maven::with_token(&world, &world.token).await,
        Maven::with_token(&world, &world.token).await,
    ];
    let maker = first.maker();
    the_newest_build_is_installed(&world, [first, second, reader]).await;
    let (build, _) = statuses(&world, "team").await.remove(0);
    let mvn = Maven::with_token(&world, &world.token).await;
    succeeded(&mvn.install(NAME, Some(&build)).await.unwrap());
    assert_eq!(mvn.installed_maker(), maker);
    world.set_status(PackageFormat::Maven, (NAME, SNAPSHOT), PackageVersionStatus::Archived).await;
    let mvn = Maven::with_token(&world, &world.token).await;
    failed(&mvn.install(NAME, Some(SNAPSHOT)).await.unwrap());
}

#[tokio::test]
async fn gradle_publishes_builds_and_resolves_the_newest() {
    let world = World::new().await;
    let clients = [
        Gradle::with_token(&world, &world.token).await,
        Gradle::with_token(&world, &world.token).await,
        Gradle::with_token(&world, &world.token).await,
    ];
    the_newest_build_is_installed(&world, clients).await;
}
