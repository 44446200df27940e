//! The hold fault: the effect is there, the answer is not.

use crate::support::{client, control, start, until};
use codeartifact_emulator::Emulator;
use serde_json::{Value, json};
use std::sync::Arc;

async fn held(emulator: &Emulator) -> Value {
    control(emulator, "GET", "/faults", Value::Null).await[0]["held"].clone()
}

/// Start a `CreateDomain` that is held.
async fn hold_a_create(emulator: &Arc<Emulator>) -> tokio::task::JoinHandle<bool> {
    let fault = json!([{ "match": { "operation": "CreateDomain" }, "fault": { "hold": true } }]);
    control(emulator, "PUT", "/faults", fault).await;
    let create = client(emulator).create_domain().domain("acme").send();
    let call = tokio::spawn(async move { create.await.is_ok() });
    until("the call is held", || async { held(emulator).await == 1 }).await;
    call
}

#[tokio::test]
async fn a_held_call_has_had_its_effect_and_is_answered_when_released() {
    let emulator = start().await;
    let call = hold_a_create(&emulator).await;
    client(&emulator).describe_domain().domain("acme").send().await.unwrap();
    assert_eq!(emulator.journal(0)[0].operation, "CreateDomain");
    assert!(!call.is_finished());
    control(&emulator, "DELETE", "/faults", Value::Null).await;
    assert!(call.await.unwrap());
}

#[tokio::test]
async fn a_held_call_ends_when_its_caller_dies() {
    let emulator = start().await;
    let call = hold_a_create(&emulator).await;
    call.abort();
    until("the hold is over", || async { held(&emulator).await == 0 }).await;
    client(&emulator).describe_domain().domain("acme").send().await.unwrap();
}
