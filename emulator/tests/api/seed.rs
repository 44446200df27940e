//! Seeding public registries: what is not understood is told.

use crate::support::{start, try_control};
use serde_json::{Value, json};

/// Each seed is refused, with these words.
async fn refused(seeds: impl IntoIterator<Item = (Value, &str)>) {
    let emulator = start().await;
    for (seed, words) in seeds {
        let (status, answer) = try_control(&emulator, "PUT", "/seed", seed.clone()).await;
        assert_eq!(status, 400, "{seed}");
        let told = answer["error"].as_str().unwrap();
        assert!(told.contains(words), "{told}");
    }
}

/// Each package of a registry is refused, with these words.
async fn refused_packages(packages: impl IntoIterator<Item = (&str, Value, &str)>) {
    let seed = |(registry, package, words)| {
        (json!({ "connection": format!("public:{registry}"), "packages": [package] }), words)
    };
    refused(packages.into_iter().map(seed)).await;
}

#[tokio::test]
async fn what_cannot_be_seeded_is_told() {
    refused([
        (json!({ "connection": "public:none", "packages": [] }), "public:none"),
        (json!({ "connection": "public:nuget-org", "packages": [] }), "nuget"),
        (json!({ "connection": "public:npmjs", "packages": [], "more": 1 }), "more"),
        (json!([{ "name": "a" }]), "an object with connection and packages"),
        (json!(["public:npmjs", []]), "an object with connection and packages"),
    ])
    .await;
}

#[tokio::test]
async fn names_and_versions_are_those_that_could_be_published() {
    let named = |name: &str, version: &str| json!({ "name": name, "version": version });
    refused_packages([
        ("npmjs", json!({ "name": "a" }), "version"),
        ("npmjs", named("a/b", "1.0.0"), "a/b"),
        ("npmjs", named("a", "abc"), "semantic"),
        ("npmjs", named("a", "1.0"), "semantic"),
        ("npmjs", named(&"a".repeat(256), "1.0.0"), "255 characters"),
        ("pypi", named("a", "abc"), "not the version"),
        ("pypi", named("-", "1.0"), "not the name"),
        ("crates-io", named("a", "abc"), "not a version"),
        ("ruby-gems-org", named("a", "abc"), "a abc"),
        ("maven-central", named("widgets", "1.0"), "org.acme:widgets"),
    ])
    .await;
}

#[tokio::test]
async fn given_files_must_be_readable() {
    let given = |name: &str, filename: Option<&str>, content: &str| json!({ "name": name, "version": "1.0.0", "filename": filename, "content": content });
    refused_packages([
        ("npmjs", given("a", None, "%"), "a 1.0.0: content is not base64"),
        ("pypi", given("a", None, "eA=="), "filename"),
        ("pypi", given("a", Some("b/c.whl"), "eA=="), "'b/c.whl'"),
        ("maven-central", given("a:b", Some("b-1.0.0.pom"), "eA=="), "not a POM"),
    ])
    .await;
}

#[tokio::test]
async fn what_a_registry_loses_or_says_of_files_makes_sense() {
    let with = |members: Value| {
        let mut entry = json!({ "name": "a", "version": "1.0" });
        entry.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        entry
    };
    refused_packages([
        ("pypi", with(json!({ "removed": true })), "a 1.0: the registry does not have it"),
        ("npmjs", json!({ "name": "a", "removed": true }), "a: the registry does not have it"),
        ("npmjs", json!({ "name": "a b", "removed": true }), "no name of format npm"),
        ("maven-central", json!({ "name": "a", "removed": true }), "no name of format maven"),
        ("pypi", json!({ "name": "a", "filename": "a.whl", "removed": true }), "needs its version"),
        (
            "pypi",
            with(json!({ "removed": true, "yanked": true })),
            "removed goes with name, version and filename",
        ),
        ("pypi", with(json!({ "removed": true, "content": "eA==" })), "removed goes with"),
        ("pypi", with(json!({ "removed": "yes" })), "expected a boolean"),
        ("pypi", with(json!({ "filename": "a-1.0.whl", "yanked": true })), "its content is needed"),
        ("npmjs", json!({ "name": "a", "version": "1.0.0", "yanked": true }), "only Python files are yanked"),
        ("pypi", with(json!({ "yanked": 1 })), "neither a boolean nor a reason"),
    ])
    .await;
}
