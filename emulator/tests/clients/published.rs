//! Clients that only take what is old enough go by the times that the repository tells, and Python's
//! clients read them in the JSON form of the index.

use crate::program::{failed, succeeded};
use crate::tools::{Client, JavaScript, Login, Pip, Poetry, Tool, Uv};
use crate::world::World;

const JSON: &str = "application/vnd.pypi.simple.v1+json";

/// A world with two versions of `widgets` in npm's registry and in PyPI, published a month apart.
async fn world() -> World {
    let world = World::new().await;
    let times = [("1.0.0", "2024-01-01T00:00:00Z"), ("1.1.0", "2024-02-01T00:00:00Z")];
    let packages = times.map(|(version, time)| ("widgets", version, time));
    for registry in ["public:npmjs", "public:pypi"] {
        world.seed_published(registry, &packages).await;
    }
    world
}

/// There were answers with an index, and each of them was JSON.
fn assert_json_only(world: &World) {
    let entries = world.emulator.journal(0);
    let indexes: Vec<_> = entries.iter().filter(|entry| entry.operation == "PypiGetIndex").collect();
    let types: Vec<_> = indexes.iter().map(|entry| &entry.parameters["contentType"]).collect();
    assert!(!types.is_empty() && types.iter().all(|one| *one == JSON), "{types:?}");
}

async fn installs_by_json<C: Client>(client: C, world: World) {
    for (wanted, version) in [(Some("1.0.0"), "1.0.0"), (None, "1.1.0")] {
        succeeded(&client.install("widgets", wanted).await.unwrap());
        assert_eq!(client.installed("widgets").await, version);
    }
    assert_json_only(&world);
}

#[tokio::test]
async fn pip_takes_the_json_index() {
    let world = world().await;
    installs_by_json(Pip::with_token(&world, "team", &world.token).await, world).await;
}

#[tokio::test]
async fn uv_takes_the_json_index() {
    let world = world().await;
    installs_by_json(Uv::with_token(&world, "team", &world.token).await, world).await;
}

#[tokio::test]
async fn poetry_takes_the_json_index() {
    let world = world().await;
    installs_by_json(Poetry::with_token(&world, "team", &world.token).await, world).await;
}

/// The version that is installed when only versions before a time count; none before the first version.
const BEFORE: [(&str, Option<&str>); 3] = [
    ("2023-12-31T00:00:00Z", None),
    ("2024-01-15T00:00:00Z", Some("1.0.0")),
    ("2024-03-01T00:00:00Z", Some("1.1.0")),
];

#[tokio::test]
async fn pip_installs_only_what_was_uploaded_before_a_time() {
    let world = world().await;
    let pip = Pip::with_token(&world, "team", &world.token).await;
    for (time, expected) in BEFORE {
        let output = pip.install_with(&["--uploaded-prior-to", time, "widgets"]).await;
        if let Some(version) = expected {
            succeeded(&output);
            assert_eq!(pip.installed("widgets").await, version, "{time}");
        } else {
            failed(&output);
        }
    }
}

#[tokio::test]
async fn uv_excludes_what_is_newer_than_a_time() {
    let world = world().await;
    let uv = Uv::with_token(&world, "team", &world.token).await;
    for (time, expected) in BEFORE {
        let output = uv.install_with(&["--exclude-newer", time, "widgets"]).await;
        if let Some(version) = expected {
            let said = succeeded(&output);
            assert!(!said.contains("missing an upload date"), "{said}");
            assert_eq!(uv.installed("widgets").await, version, "{time}");
        } else {
            failed(&output);
        }
    }
}

#[tokio::test]
async fn npm_installs_only_what_was_published_before_a_time() {
    let world = world().await;
    for (time, expected) in BEFORE {
        let npm = JavaScript::new(Tool::Npm11, &world, "team", Login::Bearer).await;
        let output = npm.run(&["install", "widgets", "--before", time]).await;
        if let Some(version) = expected {
            succeeded(&output);
            assert_eq!(npm.installed("widgets").await, version, "{time}");
        } else {
            failed(&output);
        }
    }
}
