//! gem: what it alone does.

use crate::program::{failed, said, succeeded};
use crate::tools::{Bundler, Client, Gem, PushLogin};
use crate::world::{World, path};
use aws_sdk_codeartifact::types::{PackageFormat, PackageVersionStatus};

#[tokio::test]
async fn a_private_gem_is_pushed_and_installed_with_either_login() {
    let world = World::new().await;
    for (login, name) in [(PushLogin::Variable, "widgets"), (PushLogin::Credentials, "gadgets")] {
        let publisher = Gem::new(&world).await;
        let file = publisher.build(name, "1.0.0", "").await;
        let told = succeeded(&publisher.push(&file, login).await);
        assert!(told.contains(&format!("Successfully registered gem: {name} (1.0.0)")), "{told}");
        let gem = Gem::new(&world).await;
        succeeded(&gem.install(name, None).await.unwrap());
        assert_eq!(gem.installed(name).await, "1.0.0");
    }
    let journal = world.emulator.journal(0);
    let pushed = journal.iter().find(|entry| entry.operation == "RubyPush").unwrap();
    assert_eq!(
        (&pushed.parameters["package"], &pushed.parameters["version"]),
        (&"widgets".into(), &"1.0.0".into())
    );
    for operation in ["RubyPing", "RubyGetInfo", "RubyGetGemspec", "RubyGetGem"] {
        assert!(journal.iter().any(|entry| entry.operation == operation), "{operation}");
    }
    assert!(!serde_json::to_string(&journal).unwrap().contains(&world.token));
}

#[tokio::test]
async fn a_public_gem_comes_through_the_upstream_and_is_retained() {
    let world = World::new().await;
    world
        .seed(
            "public:ruby-gems-org",
            &[("left-pad", "1.0.0"), ("left-pad", "1.3.0"), ("left-pad", "2.0.0.rc1")],
        )
        .await;
    let gem = Gem::new(&world).await;
    let file = gem.build("widgets", "1.0.0", "gem.add_dependency 'left-pad', '< 1.3'").await;
    succeeded(&gem.push(&file, PushLogin::Variable).await);
    succeeded(&gem.install("widgets", None).await.unwrap());
    assert_eq!(gem.installed("left-pad").await, "1.0.0");
    for repository in ["team", "rubygems-store"] {
        assert_eq!(world.held(repository, PackageFormat::Ruby, "left-pad").await, ["1.0.0"], "{repository}");
    }
    // Without a version it is the highest release, which was not asked for before.
    succeeded(&gem.install("left-pad", None).await.unwrap());
    assert_eq!(gem.installed("left-pad").await, "1.3.0");
}

#[tokio::test]
async fn a_version_is_pushed_once_and_never_yanked() {
    let world = World::new().await;
    let gem = Gem::new(&world).await;
    succeeded(&gem.publish("widgets", "1.0.0").await.unwrap());
    let told = failed(&gem.publish("widgets", "1.0.0").await.unwrap());
    assert!(told.contains("already exists"), "{told}");
    // It ends well whatever it was told.
    let told = said(&gem.run(&["yank", "widgets", "--version=1.0.0"]).await);
    assert!(told.contains("is not served by CodeArtifact"), "{told}");
    assert_eq!(world.held("team", PackageFormat::Ruby, "widgets").await, ["1.0.0"]);
}

#[tokio::test]
async fn an_archived_or_unlisted_version_is_not_chosen() {
    let world = World::new().await;
    let publisher = Gem::new(&world).await;
    for version in ["1.0.0", "1.1.0"] {
        succeeded(&publisher.publish("widgets", version).await.unwrap());
    }
    for (status, downloads) in
        [(PackageVersionStatus::Archived, false), (PackageVersionStatus::Unlisted, true)]
    {
        world.set_status(PackageFormat::Ruby, ("widgets", "1.1.0"), status).await;
        let gem = Gem::new(&world).await;
        failed(&gem.install("widgets", Some("1.1.0")).await.unwrap());
        succeeded(&gem.install("widgets", None).await.unwrap());
        assert_eq!(gem.installed("widgets").await, "1.0.0");
        let file = path("ruby", "team", "gems/widgets-1.1.0.gem");
        assert_eq!(world.get(&file, Some(&world.bearer())).await.status() == 200, downloads);
    }
}

#[tokio::test]
async fn a_gem_for_this_platform_is_chosen_before_one_for_all() {
    let world = World::new().await;
    let gem = Gem::new(&world).await;
    let platform = gem.ruby("puts Gem::Platform.local").await;
    for more in ["gem.platform = Gem::Platform.local", ""] {
        let file = gem.build("widgets", "1.0.0", more).await;
        succeeded(&gem.push(&file, PushLogin::Variable).await);
    }
    let held = world.held("team", PackageFormat::Ruby, "widgets").await;
    assert_eq!(held, ["1.0.0".to_owned(), format!("1.0.0-{platform}")]);
    let line = "puts Gem::Specification.find_by_name('widgets').full_name";
    succeeded(&gem.install("widgets", None).await.unwrap());
    assert_eq!(gem.ruby(line).await, format!("widgets-1.0.0-{platform}"));
    let bundler = Bundler::new(&world).await;
    succeeded(&bundler.install("widgets", None).await.unwrap());
    let told = succeeded(&bundler.run(&["exec", "ruby", "-e", line]).await);
    assert!(told.contains(&format!("widgets-1.0.0-{platform}")), "{told}");
}

#[tokio::test]
async fn the_api_shows_what_a_gem_says_of_itself() {
    let world = World::new().await;
    let gem = Gem::new(&world).await;
    let file = gem.build("widgets", "1.0.0", "gem.add_dependency 'left-pad', '~> 1.3'").await;
    succeeded(&gem.push(&file, PushLogin::Variable).await);
    let describe = world.client.describe_package_version().domain("acme").repository("team");
    let described = describe.format(PackageFormat::Ruby).package("widgets").package_version("1.0.0");
    let described = described.send().await.unwrap().package_version.unwrap();
    assert_eq!((described.summary(), described.home_page()), (Some("A test"), Some("https://localhost")));
    assert_eq!(described.licenses()[0].name(), Some("MIT"));
    let needs = world.client.list_package_version_dependencies().domain("acme").repository("team");
    let needs = needs.format(PackageFormat::Ruby).package("widgets").package_version("1.0.0");
    let needs = needs.send().await.unwrap();
    let [need] = needs.dependencies() else { panic!("{needs:?}") };
    assert_eq!((need.package(), need.version_requirement()), (Some("left-pad"), Some("~> 1.3")));
}

#[tokio::test]
async fn there_is_no_list_of_all_gems() {
    let world = World::new().await;
    for rest in ["versions", "names", "specs.4.8.gz", "latest_specs.4.8.gz", "prerelease_specs.4.8.gz"] {
        let answer = world.get(&path("ruby", "team", rest), Some(&world.bearer())).await;
        assert_eq!(answer.status(), 404, "{rest}");
    }
}
