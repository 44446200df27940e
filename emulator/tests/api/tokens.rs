//! Authorization tokens: lengths of life, and that nothing but the answer carries the text.

use crate::identities::{allow, user};
use crate::support::{ACCOUNT, control, refused, start, with_domain};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

#[tokio::test]
async fn tokens_are_long_and_live_as_long_as_asked() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let mut texts = Vec::new();
    for (asked, lives) in [(None, 43_200), (Some(0), 43_200), (Some(900), 900)] {
        let minted = client.get_authorization_token().domain("acme").set_duration_seconds(asked);
        let minted = minted.send().await.unwrap();
        let expiration = minted.expiration().unwrap();
        let left = expiration.secs() - emulator.now().as_second();
        assert!((lives - 60..=lives).contains(&left), "{asked:?} lives for {left} s");
        assert_eq!(expiration.subsec_nanos(), 0, "whole seconds");
        let text = minted.authorization_token().unwrap();
        assert!((1_450..=1_550).contains(&text.len()), "{} bytes", text.len());
        let header = header(text);
        assert_eq!(header["exp"], expiration.secs());
        assert_eq!(header["isu"], expiration.secs() - lives);
        texts.push(text.to_owned());
    }
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 3, "every call mints a new token");
    let mut minted = emulator.tokens_minted();
    minted.sort();
    assert_eq!(minted, texts);

    let journal = control(&emulator, "GET", "/journal", Value::Null).await.to_string();
    assert!(journal.contains("GetAuthorizationToken"));
    assert!(texts.iter().all(|text| !journal.contains(text.as_str())));
    control(&emulator, "POST", "/reset", Value::Null).await;
    assert_eq!(emulator.tokens_minted().len(), 3, "texts are remembered beyond a reset");
}

/// What the first of a token's five parts says.
fn header(token: &str) -> Value {
    let parts: Vec<_> = token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
    assert_eq!(parts.len(), 5);
    let header: Value = serde_json::from_slice(&parts[0]).unwrap();
    let members: Vec<_> = header.as_object().unwrap().keys().collect();
    assert_eq!(members, ["ver", "isu", "enc", "tag", "exp", "alg", "iv"]);
    header
}

#[tokio::test]
async fn lengths_that_the_service_does_not_offer_are_refused() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    for seconds in [-1, 1, 899, 43_201] {
        let minted = client.get_authorization_token().domain("acme").duration_seconds(seconds);
        let message = refused(minted.send().await, 400, "ValidationException");
        assert!(message.contains("durationSeconds"), "{message}");
    }
    let nowhere = client.get_authorization_token().domain("none").send().await;
    refused(nowhere, 404, "ResourceNotFoundException");
    // What makes no sense is told before it is looked at who asks.
    let ann = user(&emulator, ACCOUNT, "ann", allow(&json!("sts:*"))).await;
    for (seconds, status, code) in [
        (899, 400, "ValidationException"),
        (43_201, 400, "ValidationException"),
        (900, 403, "AccessDeniedException"),
    ] {
        let minted = ann.get_authorization_token().domain("acme").duration_seconds(seconds);
        refused(minted.send().await, status, code);
    }
    assert!(emulator.tokens_minted().is_empty());
}
