//! Rates, switched on.

use crate::data;
use crate::support::{create, refused, until, with_domain};
use aws_sdk_codeartifact::operation::get_authorization_token::GetAuthorizationTokenError;
use codeartifact_emulator::{Emulator, Options, Rates};
use std::sync::Arc;

async fn start(rates: &[&str]) -> Arc<Emulator> {
    let mut options = Options { rates: Rates::default(), ..Options::default() };
    for rate in rates {
        options.rates.set(rate).unwrap();
    }
    Arc::new(Emulator::start(options).await.unwrap())
}

#[tokio::test]
async fn an_operation_faster_than_its_rate_is_refused_and_later_let_in_again() {
    let emulator = start(&["GetAuthorizationToken=1"]).await;
    let client = with_domain(&emulator).await;
    let mint = || client.get_authorization_token().domain("acme").send();
    mint().await.unwrap();
    // On a slow machine a second may pass between two calls.
    let refusal = loop {
        match mint().await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(refusal.raw_response().unwrap().status().as_u16(), 429);
    let GetAuthorizationTokenError::ThrottlingException(throttled) = refusal.into_service_error() else {
        panic!("not throttled")
    };
    assert_eq!(throttled.retry_after_seconds(), Some(1));
    client.describe_domain().domain("acme").send().await.unwrap();
    until("it is let in again", || async { mint().await.is_ok() }).await;
}

#[tokio::test]
async fn writes_are_counted_for_all_operations_of_an_account_together() {
    let emulator = start(&["write=2"]).await;
    let client = with_domain(&emulator).await;
    let mut number = 0;
    let refusal = loop {
        number += 1;
        let name = format!("team-{number}");
        let created = client.create_repository().domain("acme").repository(name).send().await;
        if created.is_err() {
            break created;
        }
    };
    assert_eq!(refused(refusal, 429, "ThrottlingException"), "Rate exceeded");
    client.list_domains().send().await.unwrap();
}

#[tokio::test]
async fn a_token_has_a_rate_of_its_own() {
    let emulator = start(&["per-token=1"]).await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let ping = async |token: &str| data::get(&emulator, token, ("npm", "team", "-/ping")).await;
    let (one, other) = (data::token(&client).await, data::token(&client).await);
    let refusal = loop {
        let answer = ping(&one).await;
        if answer.status() != 200 {
            break answer;
        }
    };
    assert_eq!((refusal.status().as_u16(), &refusal.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    assert_eq!(ping(&other).await.status(), 200);
}
