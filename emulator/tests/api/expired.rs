//! What has expired is known for a day, and then forgotten, so that an emulator that runs for months does not grow.

use crate::data;
use crate::support::{admin, client_as, refused, start, sts_as, with_domain};
use aws_credential_types::Credentials;
use aws_sdk_codeartifact::Client;
use codeartifact_emulator::Emulator;
use futures::StreamExt;
use futures::stream::iter;
use jiff::SignedDuration;

/// With this many entries the emulator looks for those that have expired.
const MANY: usize = 1_000;
const ROLE: &str = "arn:aws:iam::123456789012:role/dev";

/// What the data plane says of a token that it does not take.
async fn told(emulator: &Emulator, token: &str) -> String {
    let answer = data::get(emulator, token, ("npm", "team", "left-pad")).await;
    assert_eq!(answer.status(), 401);
    String::from_utf8_lossy(answer.body()).into_owned()
}

#[tokio::test]
async fn a_token_is_known_for_a_day_after_its_end() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let first = data::token(&client).await;
    emulator.advance(SignedDuration::from_hours(24));
    let mint = |client: Client| async move { drop(data::token(&client).await) };
    iter(std::iter::repeat_n(client, MANY).map(mint)).buffer_unordered(8).collect::<Vec<_>>().await;
    let client = crate::support::client(&emulator);
    assert!(told(&emulator, &first).await.contains("expired"), "it ended half a day ago");
    emulator.advance(SignedDuration::from_hours(24));
    // As many again, so that the emulator looks through them.
    iter(std::iter::repeat_n(client, MANY).map(mint)).buffer_unordered(8).collect::<Vec<_>>().await;
    assert!(told(&emulator, &first).await.contains("not known"), "it ended one and a half days ago");
    assert_eq!(emulator.tokens_minted().len(), 2 * MANY + 1, "the texts are remembered for tests");
}

#[tokio::test]
async fn a_session_is_known_for_a_day_after_its_end() {
    let emulator = start().await;
    let role = serde_json::json!({ "roleArn": ROLE });
    crate::support::control(&emulator, "PUT", "/principals", role).await;
    let assume = || {
        let assume = sts_as(&emulator, admin()).assume_role().role_arn(ROLE).role_session_name("one");
        async move { assume.send().await.unwrap().credentials().unwrap().clone() }
    };
    let first = assume().await;
    let session = Some(first.session_token().to_owned());
    let first = Credentials::new(first.access_key_id(), first.secret_access_key(), session, None, "test");
    emulator.advance(SignedDuration::from_hours(24));
    let many = || iter((0..MANY).map(|_| assume())).buffer_unordered(8).collect::<Vec<_>>();
    many().await;
    let late = client_as(&emulator, first);
    refused(late.list_domains().send().await, 403, "ExpiredTokenException");
    emulator.advance(SignedDuration::from_hours(2));
    many().await;
    refused(late.list_domains().send().await, 403, "UnrecognizedClientException");
}
