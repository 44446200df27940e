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
            "a 1.0.0",
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
