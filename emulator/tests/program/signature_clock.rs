//! `--signature-clock`, for clients that sign by the machine's time.

use crate::running::Running;
use aws_sdk_codeartifact::error::ProvideErrorMetadata;
use std::process::Command;

const LATER: &str = r#"{"advance":"4h"}"#;

#[tokio::test]
async fn signatures_go_by_the_emulators_clock_until_it_is_set_back() {
    let running = Running::start(&[]);
    running.client().create_domain().domain("acme").send().await.unwrap();
    running.ask("POST", "/_emulator/clock", LATER);
    let refusal = running.client().list_domains().send().await.unwrap_err();
    assert_eq!(refusal.code(), Some("InvalidSignatureException"));
    let told = refusal.message().unwrap().to_owned();
    assert!(told.starts_with("Signature expired: ") && told.ends_with(" - 5 min.)"), "{told}");
    let now = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap();
    let now = String::from_utf8(now.stdout).unwrap();
    running.ask("POST", "/_emulator/clock", &format!(r#"{{"set":"{}"}}"#, now.trim()));
    running.client().list_domains().send().await.unwrap();
}

#[tokio::test]
async fn signatures_go_by_the_machines_clock_when_asked_to() {
    let running = Running::start(&["--signature-clock", "machine"]);
    // A client that corrects its clock by the answers' dates stays right too.
    let client = running.client();
    client.create_domain().domain("acme").send().await.unwrap();
    let mint = || client.get_authorization_token().domain("acme").duration_seconds(900).send();
    let before = mint().await.unwrap().expiration().unwrap().secs();
    running.ask("POST", "/_emulator/clock", LATER);
    let after = mint().await.unwrap().expiration().unwrap().secs();
    assert!(after - before >= 4 * 3_600, "what expires goes by the emulator's clock: {before} {after}");
    client.list_domains().send().await.unwrap();
}
