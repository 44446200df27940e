//! Rates, switched on.

use crate::data;
use crate::identities::key;
use crate::support::{ACCOUNT, client, client_as, create, exchange, refused, until, with_domain};
use aws_credential_types::Credentials;
use aws_sdk_codeartifact::operation::get_authorization_token::GetAuthorizationTokenError;
use codeartifact_emulator::{Emulator, Options, Rates};
use http::Request;
use http_body_util::Full;
use std::sync::Arc;
use tokio::net::TcpSocket;

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

/// What package managers ask for counts among the reads of the account that got the token, whatever the token.
#[tokio::test]
async fn package_managers_share_the_reads_of_their_account() {
    let emulator = start(&["read=2"]).await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    // Tokens are minted at the rate of reads, too; the SDK waits until it is let in.
    let tokens = [data::token(&client).await, data::token(&client).await];
    let mut is_refused = false;
    for token in tokens.iter().cycle().take(10_000) {
        is_refused = data::get(&emulator, token, ("npm", "team", "-/ping")).await.status() == 429;
        if is_refused {
            break;
        }
    }
    assert!(is_refused);
    // A stranger's requests are none of the account's.
    assert_eq!(data::get(&emulator, "unknown", ("npm", "team", "-/ping")).await.status(), 401);
}

/// A dependency request of Bundler counts once for each gem.
#[tokio::test]
async fn each_gem_that_is_asked_for_counts() {
    let emulator = start(&["per-token=1000"]).await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let token = data::token(&client).await;
    let gems: Vec<_> = (0..200).map(|number| format!("gem{number}")).collect();
    let path = format!("api/v1/dependencies?gems={}", gems.join(","));
    let mut let_in = 0;
    while let_in < 100 && data::get(&emulator, &token, ("ruby", "team", &path)).await.status() == 200 {
        let_in += 1;
    }
    assert!((5..100).contains(&let_in), "{let_in} requests of 200 gems were let in");
}

/// Whoever claims an account's key without its secret, or has none at all, uses up what is its address's.
#[tokio::test]
async fn an_account_pays_for_nobody_who_only_claims_to_be_of_it() {
    let emulator = start(&["ListDomains=1"]).await;
    let liar = client_as(&emulator, Credentials::new("test", "wrong", None, None, "test"));
    let list = async |client: aws_sdk_codeartifact::Client| {
        let refusal = client.list_domains().send().await.unwrap_err();
        refusal.raw_response().unwrap().status().as_u16()
    };
    while list(liar.clone()).await != 429 {}
    client(&emulator).list_domains().send().await.unwrap();
    // Strangers share it.
    while list(client_as(&emulator, key("stranger"))).await != 429 {}
}

#[tokio::test]
async fn requests_without_a_token_are_counted_for_each_address() {
    let emulator = start(&["unauthenticated=1"]).await;
    create(&with_domain(&emulator).await, "team").await;
    let ping = async |from: [u8; 4]| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        let request = Request::get(format!("/npm/d/acme-{ACCOUNT}/team/-/ping"));
        let request = request.header("host", emulator.address().to_string()).body(Full::default()).unwrap();
        exchange(socket.connect(emulator.address()).await.unwrap(), request).await.status().as_u16()
    };
    while ping([127, 0, 0, 1]).await != 429 {}
    assert_eq!(ping([127, 0, 0, 7]).await, 401);
}
