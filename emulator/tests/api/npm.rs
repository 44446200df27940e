//! What npm is told of a package.

use crate::data;
use crate::support::{create, start, with_domain};
use crate::versions::publish_npm;
use serde_json::{Value, json};

#[tokio::test]
async fn a_packument_has_times_as_the_registry_writes_them() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    for version in ["1.1.0", "1.0.0"] {
        let manifest = json!({ "name": "widgets", "version": version });
        assert_eq!(publish_npm(&emulator, &client, "team", manifest).await, 200);
        emulator.advance(jiff::SignedDuration::from_secs(1));
    }
    let token = data::token(&client).await;
    let packument = data::get(&emulator, &token, ("npm", "team", "widgets")).await;
    let packument: Value = serde_json::from_slice(packument.body()).unwrap();
    let times = packument["time"].as_object().unwrap();
    assert_eq!(times.len(), 4);
    assert_eq!((&times["created"], &times["modified"]), (&times["1.1.0"], &times["1.0.0"]));
    for time in times.values() {
        // Such as 2026-01-01T00:00:00.000Z.
        let (_, fraction) = time.as_str().unwrap().rsplit_once('.').unwrap();
        assert_eq!((fraction.len(), fraction.ends_with('Z')), (4, true), "{time}");
    }
}

#[tokio::test]
async fn what_is_not_served_is_told() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let answer = data::get(&emulator, &data::token(&client).await, ("npm", "team", "-/whoami")).await;
    assert_eq!(answer.status(), 404);
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(answer["error"], "'/-/whoami' is not served by CodeArtifact repositories");
}
