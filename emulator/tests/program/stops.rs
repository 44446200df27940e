//! How the program stops.

use crate::running::Running;
use std::time::Duration;

#[test]
fn it_serves_until_it_is_told_to_stop() {
    for signal in ["-TERM", "-INT"] {
        let mut running = Running::start(&["--quota", "domains-per-account=1000"]);
        let answer = running.ask("GET", "/_emulator/health", "");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"status":"ok"}"#), "{answer}");
        running.signal(signal);
        let line = running.line();
        assert!(line.ends_with(" stopping"), "nothing is under way: {line}");
        assert_eq!(running.ended().code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_it_stops() {
    let mut running = Running::start(&[]);
    let fault = r#"[{"match":{"operation":"CreateDomain"},"fault":{"delay":"1s"}}]"#;
    running.ask("PUT", "/_emulator/faults", fault);
    let client = running.client();
    let creating = tokio::spawn(client.create_domain().domain("acme").send());
    until_fired(&running).await;
    running.signal("-TERM");
    let created = creating.await.unwrap().unwrap();
    assert_eq!(created.domain().unwrap().name(), Some("acme"));
    assert_eq!(running.ended().code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_cuts_off_what_is_under_way() {
    let mut running = Running::start(&[]);
    let fault = r#"[{"match":{"operation":"CreateDomain"},"fault":{"hold":true}}]"#;
    running.ask("PUT", "/_emulator/faults", fault);
    let client = running.client();
    let creating = tokio::spawn(client.create_domain().domain("acme").send());
    until_fired(&running).await;
    running.signal("-TERM");
    while !running.line().contains("stopping; a second signal cuts off what is under way") {}
    running.signal("-TERM");
    assert_eq!(running.ended().code(), Some(130));
    creating.await.unwrap().unwrap_err();
}

/// Wait until the first fault has met its call.
async fn until_fired(running: &Running) {
    let waiting = async {
        while !running.ask("GET", "/_emulator/faults", "").contains(r#""fired":1"#) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap();
}
