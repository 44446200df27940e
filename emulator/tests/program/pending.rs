//! What is to come is kept over restarts, as are the numbers of events.

use crate::running::{Running, ask};
use serde_json::{Value, json};

/// The body of an answer to a package manager.
fn get(running: &Running, token: &str, path: &str) -> String {
    let login = format!("authorization: Bearer {token}\r\n");
    ask(running.address, "GET", &format!("/npm/d/acme-123456789012/store/{path}"), &login, "")
}

/// Repository and `sequenceNumber` of the events.
fn events(running: &Running) -> Vec<(String, u64)> {
    let answer = running.ask("GET", "/_emulator/events", "");
    let told: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let detail = |event: &Value| {
        let detail = &event["event"]["detail"];
        (detail["packageVersion"].as_str().unwrap().to_owned(), detail["sequenceNumber"].as_u64().unwrap())
    };
    told.as_array().unwrap().iter().map(detail).collect()
}

#[tokio::test]
async fn what_is_to_come_comes_after_a_restart_too() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("state");
    let arguments = ["--state", file.to_str().unwrap(), "--registry-lag", "30m", "--ingest-delay", "3m"];
    let restart = |mut running: Running| {
        running.signal("-KILL");
        running.ended();
        Running::start(&arguments)
    };
    let advance = |running: &Running, by: &str| {
        let moved = running.ask("POST", "/_emulator/clock", &json!({ "advance": by }).to_string());
        assert!(moved.starts_with("HTTP/1.1 200"), "{moved}");
    };
    let running = Running::start(&arguments);
    let client = running.client();
    client.create_domain().domain("acme").send().await.unwrap();
    client.create_repository().domain("acme").repository("store").send().await.unwrap();
    let connect = client.associate_external_connection().domain("acme").repository("store");
    connect.external_connection("public:npmjs").send().await.unwrap();
    let token = client.get_authorization_token().domain("acme").send().await.unwrap();
    let token = token.authorization_token().unwrap().to_owned();
    let packages =
        json!([{ "name": "left-pad", "version": "1.0.0" }, { "name": "left-pad", "version": "2.0.0" }]);
    let seed = json!({ "connection": "public:npmjs", "packages": packages }).to_string();
    assert!(running.ask("PUT", "/_emulator/seed", &seed).starts_with("HTTP/1.1 204"));

    let running = restart(running);
    assert!(get(&running, &token, "left-pad").starts_with("HTTP/1.1 404"));
    advance(&running, "31m");
    assert!(get(&running, &token, "left-pad").starts_with("HTTP/1.1 200"));
    assert!(get(&running, &token, "left-pad/-/left-pad-1.0.0.tgz").starts_with("HTTP/1.1 200"));

    let running = restart(running);
    assert_eq!(events(&running), []);
    advance(&running, "3m");
    assert_eq!(events(&running), [("1.0.0".to_owned(), 1)]);

    let running = restart(running);
    assert_eq!(events(&running), [], "events are not kept");
    assert!(get(&running, &token, "left-pad/-/left-pad-2.0.0.tgz").starts_with("HTTP/1.1 200"));
    advance(&running, "3m");
    assert_eq!(events(&running), [("2.0.0".to_owned(), 2)], "their numbers are");
}
