//! Seeding public registries: what is not understood is told.

use crate::support::{start, try_control};
use serde_json::json;

#[tokio::test]
async fn what_cannot_be_seeded_is_told() {
    let emulator = start().await;
    for (seed, word) in [
        (json!({ "connection": "public:none", "packages": [] }), "public:none"),
        (json!({ "connection": "public:nuget-org", "packages": [] }), "nuget"),
        (json!({ "connection": "public:npmjs", "packages": [{ "name": "a" }] }), "version"),
        (json!({ "connection": "public:npmjs", "packages": [{ "name": "a/b", "version": "1.0.0" }] }), "a/b"),
        (
            json!({ "connection": "public:npmjs", "packages": [{ "name": "a", "version": "1.0.0", "content": "%" }] }),
            "a 1.0.0: content is not base64",
        ),
        (
            json!({ "connection": "public:npmjs", "packages": [{ "name": "a", "version": "abc" }] }),
            "semantic",
        ),
        (
            json!({ "connection": "public:npmjs", "packages": [{ "name": "a", "version": "1.0" }] }),
            "semantic",
        ),
        (
            json!({ "connection": "public:npmjs", "packages": [{ "name": "a".repeat(256), "version": "1.0.0" }] }),
            "255 characters",
        ),
        (json!([{ "name": "a" }]), "an object with connection and packages"),
        (json!(["public:npmjs", []]), "an object with connection and packages"),
        (
            json!({ "connection": "public:pypi", "packages": [{ "name": "a", "version": "abc" }] }),
            "not the version",
        ),
        (
            json!({ "connection": "public:pypi", "packages": [{ "name": "-", "version": "1.0" }] }),
            "not the name",
        ),
        (
            json!({ "connection": "public:pypi", "packages": [{ "name": "a", "version": "1.0", "filename": "b/c.whl", "content": "eA==" }] }),
            "'b/c.whl'",
        ),
        (
            json!({ "connection": "public:crates-io", "packages": [{ "name": "a", "version": "abc" }] }),
            "not a version",
        ),
        (
            json!({ "connection": "public:ruby-gems-org", "packages": [{ "name": "a", "version": "abc" }] }),
            "a abc",
        ),
        (
            json!({ "connection": "public:maven-central", "packages": [{ "name": "a:b", "version": "1.0", "filename": "b-1.0.pom", "content": "eA==" }] }),
            "not a POM",
        ),
        (
            json!({ "connection": "public:pypi", "packages": [{ "name": "a", "version": "1.0", "content": "eA==" }] }),
            "filename",
        ),
        (
            json!({ "connection": "public:maven-central", "packages": [{ "name": "widgets", "version": "1.0" }] }),
            "org.acme:widgets",
        ),
        (json!({ "connection": "public:npmjs", "packages": [], "more": 1 }), "more"),
    ] {
        let (status, answer) = try_control(&emulator, "PUT", "/seed", seed).await;
        assert_eq!(status, 400);
        let told = answer["error"].as_str().unwrap();
        assert!(told.contains(word), "{told}");
    }
}
