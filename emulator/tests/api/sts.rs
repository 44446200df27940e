//! STS: who am I, sessions of roles, their end.

use crate::identities::session;
use crate::support::{ACCOUNT, admin, client_as, control, refused, send, start, sts_as, with_domain};
use aws_credential_types::Credentials;
use codeartifact_emulator::Emulator;
use http_body_util::Full;
use jiff::SignedDuration;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/ci/builder";

async fn put_role(emulator: &Emulator, external_id: Value) {
    let policy = json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } });
    let body = json!({ "roleArn": ROLE, "policy": policy, "externalId": external_id });
    control(emulator, "PUT", "/principals", body).await;
}

#[tokio::test]
async fn callers_are_told_who_they_are() {
    let emulator = start().await;
    let identity = sts_as(&emulator, admin()).get_caller_identity().send().await.unwrap();
    assert_eq!(identity.account(), Some(ACCOUNT));
    assert_eq!(identity.arn(), Some("arn:aws:iam::123456789012:user/admin"));
    let liar = Credentials::new("test", "wrong", None, None, "test");
    let refusal = sts_as(&emulator, liar).get_caller_identity().send().await;
    refused(refusal, 403, "SignatureDoesNotMatch");
    let stranger = Credentials::new("stranger", "test", None, None, "test");
    let refusal = sts_as(&emulator, stranger).get_caller_identity().send().await;
    refused(refusal, 403, "InvalidClientTokenId");
}

#[tokio::test]
async fn a_session_works_until_it_expires() {
    let emulator = start().await;
    with_domain(&emulator).await;
    put_role(&emulator, Value::Null).await;
    let sts = sts_as(&emulator, admin());
    let assumed = sts.assume_role().role_arn(ROLE).role_session_name("e2e").duration_seconds(900);
    let assumed = assumed.send().await.unwrap();
    let arn = "arn:aws:sts::123456789012:assumed-role/builder/e2e";
    assert_eq!(assumed.assumed_role_user().unwrap().arn(), arn);
    let issued = assumed.credentials().unwrap();
    let credentials = session(issued);
    let identity = sts_as(&emulator, credentials.clone()).get_caller_identity().send().await;
    assert_eq!(identity.unwrap().arn(), Some(arn));

    let client = client_as(&emulator, credentials.clone());
    let bound = client.get_authorization_token().domain("acme").duration_seconds(0).send().await;
    let bound = bound.unwrap().expiration().unwrap().secs();
    assert_eq!(bound, issued.expiration().secs(), "0 ends with the session");
    let outliving = client.get_authorization_token().domain("acme").send().await.unwrap();
    assert!(outliving.expiration().unwrap().secs() > bound + 40_000);

    emulator.advance(SignedDuration::from_secs(901));
    refused(client.list_domains().send().await, 403, "ExpiredTokenException");
    let late = sts_as(&emulator, credentials).get_caller_identity().send().await;
    refused(late, 403, "ExpiredToken");
}

#[tokio::test]
async fn the_external_id_is_demanded() {
    let emulator = start().await;
    put_role(&emulator, json!("secret-id")).await;
    let sts = sts_as(&emulator, admin());
    let assume = || sts.assume_role().role_arn(ROLE).role_session_name("e2e");
    let message = refused(assume().send().await, 403, "AccessDenied");
    assert!(message.contains("sts:AssumeRole") && message.contains(ROLE), "{message}");
    refused(assume().external_id("other").send().await, 403, "AccessDenied");
    assume().external_id("secret-id").send().await.unwrap();
}

#[tokio::test]
async fn impossible_sessions_are_refused() {
    let emulator = start().await;
    put_role(&emulator, Value::Null).await;
    let sts = sts_as(&emulator, admin());
    let assume = |role: &str, name: &str| sts.assume_role().role_arn(role).role_session_name(name);
    let absent = assume("arn:aws:iam::123456789012:role/none", "e2e").send().await;
    refused(absent, 403, "AccessDenied");
    let user = assume("arn:aws:iam::123456789012:user/admin", "e2e").send().await;
    refused(user, 403, "AccessDenied");
    refused(assume(ROLE, "a b").send().await, 400, "ValidationError");
    let short = assume(ROLE, "e2e").duration_seconds(60).send().await;
    refused(short, 400, "ValidationError");
    let first = assume(ROLE, "e2e").send().await.unwrap();
    let chained = sts_as(&emulator, session(first.credentials().unwrap()));
    let chained = || chained.assume_role().role_arn(ROLE).role_session_name("e2e");
    chained().send().await.unwrap();
    refused(chained().duration_seconds(7_200).send().await, 400, "ValidationError");
}

#[tokio::test]
async fn the_journal_has_no_secret_of_a_session() {
    let emulator = start().await;
    put_role(&emulator, json!("the-external-id")).await;
    let sts = sts_as(&emulator, admin());
    let assumed = sts.assume_role().role_arn(ROLE).role_session_name("e2e");
    let assumed = assumed.external_id("the-external-id").send().await.unwrap();
    let credentials = assumed.credentials().unwrap();
    sts_as(&emulator, session(credentials)).get_caller_identity().send().await.unwrap();
    let journal = control(&emulator, "GET", "/journal", Value::Null).await;
    assert_eq!(journal[0]["operation"], "AssumeRole");
    assert_eq!(journal[0]["parameters"]["RoleArn"], ROLE);
    let text = journal.to_string();
    assert!(!text.contains(credentials.session_token()));
    assert!(!text.contains(credentials.secret_access_key()));
    assert!(!text.contains("the-external-id"));
}

#[tokio::test]
async fn an_action_of_any_length_is_not_kept_whole() {
    let emulator = start().await;
    for action in ["A".repeat(300_000), "GetSessionToken".into()] {
        let request = http::Request::post("/").header("host", emulator.address().to_string());
        let body = format!("Version=2011-06-15&Action={action}");
        let answer = send(&emulator, request.body(Full::new(body.into())).unwrap()).await;
        assert_eq!(answer.status(), 400);
    }
    let journal = emulator.journal(0);
    assert!(journal[0].operation == "Unknown", "{} letters", journal[0].operation.len());
    assert!(journal[0].parameters.to_string().len() < 100, "{}", journal[0].parameters);
    assert_eq!(journal[1].operation, "GetSessionToken");
}
