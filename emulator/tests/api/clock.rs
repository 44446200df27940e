//! The clock and the journal's routes.

use crate::support::{client, control, start, try_control, with_domain};
use serde_json::{Value, json};

#[tokio::test]
async fn the_clock_is_moved_and_tells_who_waits() {
    let emulator = start().await;
    let before = control(&emulator, "GET", "/clock", Value::Null).await;
    assert_eq!(before["seq"], 0);
    let waiting = tokio::spawn({
        let emulator = emulator.clone();
        async move { control(&emulator, "GET", "/clock?after=0", Value::Null).await }
    });
    let moved = control(&emulator, "POST", "/clock", json!({ "advance": "4h" })).await;
    assert_eq!(moved["seq"], 1);
    assert_eq!(waiting.await.unwrap()["seq"], 1);
    let set = json!({ "set": "2031-01-01T00:00:00Z" });
    let set = control(&emulator, "POST", "/clock", set).await;
    assert_eq!(set["seq"], 2);
    assert!(set["now"].as_str().unwrap().starts_with("2031-01-01T00:00:0"), "{set}");
    let missed = control(&emulator, "GET", "/clock?after=1", Value::Null).await;
    assert_eq!(missed["seq"], 2, "a move that was missed answers at once");
    client(&emulator).list_domains().send().await.unwrap();
    let (status, _) = try_control(&emulator, "POST", "/clock", json!({ "jump": 1 })).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn the_journal_tells_calls_in_order() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    client.describe_domain().domain("none").send().await.unwrap_err();
    let journal = control(&emulator, "GET", "/journal", Value::Null).await;
    let [created, described] = journal.as_array().unwrap().as_slice() else { panic!("{journal}") };
    assert_eq!((&created["seq"], &described["seq"]), (&json!(1), &json!(2)));
    assert_eq!(created["service"], "codeartifact");
    assert_eq!(created["operation"], "CreateDomain");
    assert_eq!(created["principal"], "arn:aws:iam::123456789012:user/admin");
    assert_eq!(created["from"], "127.0.0.1");
    assert_eq!(created["parameters"]["domain"], "acme");
    assert_eq!((&created["status"], &created["error"]), (&json!(200), &Value::Null));
    assert_eq!(described["status"], 404);
    assert_eq!(described["error"], "ResourceNotFoundException");
    let later = control(&emulator, "GET", "/journal?since=1", Value::Null).await;
    assert_eq!(later.as_array().unwrap().len(), 1);
    control(&emulator, "DELETE", "/journal", Value::Null).await;
    let empty = control(&emulator, "GET", "/journal", Value::Null).await;
    assert_eq!(empty, json!([]));
    client.list_domains().send().await.unwrap();
    assert_eq!(emulator.journal(0)[0].seq, 3, "numbers go on");
    let health = control(&emulator, "GET", "/health", Value::Null).await;
    assert_eq!(health["status"], "ok");
}
