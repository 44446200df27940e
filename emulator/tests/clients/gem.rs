//! gem pushes and installs.

use crate::program::{failed, run, said, succeeded};
use crate::ruby::{Login, Ruby};
use crate::world::{World, path};
use aws_sdk_codeartifact::types::{AllowPublish, AllowUpstream, PackageFormat, PackageVersionStatus};

#[tokio::test]
async fn a_private_gem_is_pushed_and_installed_with_either_login() {
    let world = World::new().await;
    for (login, name) in [(Login::Variable, "widgets"), (Login::Credentials, "gadgets")] {
        let publisher = Ruby::new(&world, "team").await;
        let gem = publisher.build(name, "1.0.0", None).await;
        let told = succeeded(&publisher.push(&gem, login).await);
        assert!(told.contains(&format!("Successfully registered gem: {name} (1.0.0)")), "{told}");
        let ruby = Ruby::new(&world, "team").await;
        succeeded(&ruby.install(&[name]).await);
        let line = format!("require '{name}'; puts PRIVATE");
        assert_eq!(ruby.ruby(&line).await, format!("private {name} 1.0.0"));
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
    let ruby = Ruby::new(&world, "team").await;
    let gem = ruby.build("widgets", "1.0.0", Some(("left-pad", "< 1.3"))).await;
    succeeded(&ruby.push(&gem, Login::Variable).await);
    succeeded(&ruby.install(&["widgets"]).await);
    assert_eq!(ruby.ruby("require 'left_pad'; puts LeftPad::VERSION").await, "1.0.0");
    for repository in ["team", "rubygems-store"] {
        assert_eq!(world.held(repository, PackageFormat::Ruby, "left-pad").await, ["1.0.0"], "{repository}");
    }
    // Without a version it is the highest release, which was not asked for before.
    let other = Ruby::new(&world, "team").await;
    succeeded(&other.install(&["left-pad"]).await);
    assert_eq!(other.ruby("require 'left_pad'; puts LeftPad::VERSION").await, "1.3.0");
}

#[tokio::test]
async fn a_version_is_pushed_once_and_never_yanked() {
    let world = World::new().await;
    let ruby = Ruby::new(&world, "team").await;
    let gem = ruby.build("widgets", "1.0.0", None).await;
    succeeded(&ruby.push(&gem, Login::Variable).await);
    let told = failed(&ruby.push(&gem, Login::Variable).await);
    assert!(told.contains("already exists"), "{told}");
    let mut yank = crate::program::program("gem", ruby.home.path());
    let host = world.endpoint(PackageFormat::Ruby, "team").await;
    yank.args(["yank", "widgets", "--version=1.0.0", "--host", host.trim_end_matches('/')]);
    yank.env("GEM_HOST_API_KEY", world.bearer());
    // It ends well whatever it was told.
    let told = said(&run(yank).await);
    assert!(told.contains("nothing that a repository serves"), "{told}");
    assert_eq!(world.held("team", PackageFormat::Ruby, "widgets").await, ["1.0.0"]);
}

#[tokio::test]
async fn an_unknown_token_and_an_expired_one_are_refused() {
    let world = World::new().await;
    world.seed("public:ruby-gems-org", &[("left-pad", "1.0.0")]).await;
    let stranger = Ruby::with_token(&world, "team", "unknown").await;
    let told = failed(&stranger.install(&["left-pad"]).await);
    assert!(told.contains("401"), "{told}");
    let gem = stranger.build("widgets", "1.0.0", None).await;
    let told = failed(&stranger.push(&gem, Login::Variable).await);
    assert!(told.contains("Unauthorized"), "{told}");
    let ruby = Ruby::new(&world, "team").await;
    world.emulator.advance(jiff::SignedDuration::from_hours(12));
    let told = failed(&ruby.install(&["left-pad"]).await);
    assert!(told.contains("401"), "{told}");
    let told = failed(&ruby.push(&gem, Login::Credentials).await);
    assert!(told.contains("expired"), "{told}");
}

#[tokio::test]
async fn a_blocked_gem_is_not_installed_and_not_pushed() {
    let world = World::new().await;
    world.seed("public:ruby-gems-org", &[("left-pad", "1.0.0")]).await;
    let block = (AllowPublish::Block, AllowUpstream::Block);
    world.restrict_package(PackageFormat::Ruby, "left-pad", block).await;
    let ruby = Ruby::new(&world, "team").await;
    failed(&ruby.install(&["left-pad"]).await);
    let gem = ruby.build("left-pad", "2.0.0", None).await;
    let told = failed(&ruby.push(&gem, Login::Variable).await);
    assert!(told.contains("blocks publishing"), "{told}");
}

#[tokio::test]
async fn an_archived_or_unlisted_version_is_not_chosen() {
    let world = World::new().await;
    let publisher = Ruby::new(&world, "team").await;
    for version in ["1.0.0", "1.1.0"] {
        let gem = publisher.build("widgets", version, None).await;
        succeeded(&publisher.push(&gem, Login::Variable).await);
    }
    for (status, downloads) in
        [(PackageVersionStatus::Archived, false), (PackageVersionStatus::Unlisted, true)]
    {
        world.set_status(PackageFormat::Ruby, ("widgets", "1.1.0"), status).await;
        let ruby = Ruby::new(&world, "team").await;
        failed(&ruby.install(&["widgets", "--version=1.1.0"]).await);
        succeeded(&ruby.install(&["widgets"]).await);
        assert_eq!(ruby.ruby("require 'widgets'; puts PRIVATE").await, "private widgets 1.0.0");
        let file = path("ruby", "team", "gems/widgets-1.1.0.gem");
        assert_eq!(world.get(&file, Some(&world.bearer())).await.status() == 200, downloads);
    }
}

#[tokio::test]
async fn a_gem_for_this_platform_is_chosen_before_one_for_all() {
    let world = World::new().await;
    let ruby = Ruby::new(&world, "team").await;
    let platform = ruby.ruby("puts Gem::Platform.local").await;
    for (version, more) in [("1.0.0", "gem.platform = Gem::Platform.local\n"), ("1.0.0", "")] {
        let gem = ruby.build_with("widgets", version, more).await;
        succeeded(&ruby.push(&gem, Login::Variable).await);
    }
    let held = world.held("team", PackageFormat::Ruby, "widgets").await;
    assert_eq!(held, ["1.0.0".to_owned(), format!("1.0.0-{platform}")]);
    succeeded(&ruby.install(&["widgets"]).await);
    assert_eq!(
        ruby.ruby("puts Gem::Specification.find_by_name('widgets').full_name").await,
        format!("widgets-1.0.0-{platform}")
    );
    let other = Ruby::new(&world, "team").await;
    succeeded(&other.bundle("gem 'widgets'").await);
    let line = "puts Gem::Specification.find_by_name('widgets').full_name";
    let told = succeeded(&run(other.bundler(&["exec", "ruby", "-e", line])).await);
    assert!(told.contains(&format!("widgets-1.0.0-{platform}")), "{told}");
}

#[tokio::test]
async fn the_api_shows_what_a_gem_says_of_itself() {
    let world = World::new().await;
    let ruby = Ruby::new(&world, "team").await;
    let gem = ruby.build("widgets", "1.0.0", Some(("left-pad", "~> 1.3"))).await;
    succeeded(&ruby.push(&gem, Login::Variable).await);
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
