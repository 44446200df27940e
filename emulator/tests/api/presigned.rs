//! Signatures in the query, as presigned URLs have them.

use crate::identities::session;
use crate::support::{admin, client, control, send, start, sts_as};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use codeartifact_emulator::Emulator;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const WHO_AM_I: &str = "/?Action=GetCallerIdentity&Version=2011-06-15";

/// A path with the signature in its query, good for a minute.
fn presign(emulator: &Emulator, service: &str, path: &str, credentials: Credentials) -> String {
    presign_as("GET", emulator, service, path, credentials)
}

fn presign_as(
    method: &str,
    emulator: &Emulator,
    service: &str,
    path: &str,
    credentials: Credentials,
) -> String {
    let identity = credentials.into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_mins(1));
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(SystemTime::from(emulator.now()))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let uri = format!("{}{path}", emulator.url());
    let signable = SignableRequest::new(method, &uri, std::iter::empty(), SignableBody::Bytes(b"")).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let mut request = Request::get(uri).body(()).unwrap();
    instructions.apply_to_request_http1x(&mut request);
    request.uri().path_and_query().unwrap().as_str().to_owned()
}

async fn get(emulator: &Emulator, path: &str) -> Response<Bytes> {
    let request = Request::get(path).header("host", emulator.address().to_string());
    send(emulator, request.body(Full::default()).unwrap()).await
}

fn text(response: &Response<Bytes>) -> String {
    String::from_utf8(response.body().to_vec()).unwrap()
}

async fn role_session(emulator: &Arc<Emulator>) -> Credentials {
    let role = "arn:aws:iam::123456789012:role/reader";
    control(emulator, "PUT", "/principals", json!({ "roleArn": role })).await;
    let assumed = sts_as(emulator, admin()).assume_role().role_arn(role).role_session_name("one");
    session(assumed.send().await.unwrap().credentials().unwrap())
}

#[tokio::test]
async fn a_presigned_request_is_answered_until_it_expires() {
    let emulator = start().await;
    client(&emulator).create_domain().domain("acme").send().await.unwrap();
    let temporary = role_session(&emulator).await;
    for credentials in [admin(), temporary] {
        let who = presign(&emulator, "sts", WHO_AM_I, credentials.clone());
        let describe = presign(&emulator, "codeartifact", "/v1/domain?domain=acme", credentials.clone());
        let answer = get(&emulator, &who).await;
        assert_eq!(answer.status(), 200, "{}", text(&answer));
        assert!(text(&answer).contains("<Account>123456789012</Account>"));
        assert_eq!(get(&emulator, &describe).await.status(), 200);

        emulator.advance(SignedDuration::from_secs(61));
        let late = get(&emulator, &who).await;
        assert_eq!(late.status(), 403);
        assert!(text(&late).contains("<Code>SignatureDoesNotMatch</Code>"), "{}", text(&late));
        let late = get(&emulator, &describe).await;
        assert_eq!(late.headers()["x-amzn-errortype"], "InvalidSignatureException");
    }
}

/// The SDK for Python presigns its requests to STS as POSTs without a body.
#[tokio::test]
async fn sts_takes_parameters_from_the_query_of_a_post() {
    let emulator = start().await;
    let path = presign_as("POST", &emulator, "sts", WHO_AM_I, admin());
    let request = Request::post(path).header("host", emulator.address().to_string());
    let answer = send(&emulator, request.body(Full::default()).unwrap()).await;
    assert_eq!(answer.status(), 200, "{}", text(&answer));
    assert!(text(&answer).contains("<Account>123456789012</Account>"));
}

#[tokio::test]
async fn the_id_in_an_answer_of_sts_is_that_of_its_header() {
    let emulator = start().await;
    let good = presign(&emulator, "sts", WHO_AM_I, admin());
    for (path, status) in [(good.as_str(), 200), (WHO_AM_I, 403)] {
        let answer = get(&emulator, path).await;
        assert_eq!(answer.status(), status, "{path}");
        let id = answer.headers()["x-amzn-requestid"].to_str().unwrap();
        assert!(text(&answer).contains(&format!("<RequestId>{id}</RequestId>")), "{id}: {}", text(&answer));
    }
}

#[tokio::test]
async fn a_changed_presigned_request_is_refused_and_never_journaled_with_its_token() {
    let emulator = start().await;
    let temporary = role_session(&emulator).await;
    let token = temporary.session_token().unwrap().to_owned();
    let path = presign(&emulator, "codeartifact", "/v1/domain?domain=acme", temporary);
    let signature = path.split_once("X-Amz-Signature=").unwrap().1;
    for (changed, code) in [
        (path.replace("domain=acme", "domain=other"), "InvalidSignatureException"),
        (path.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), "InvalidSignatureException"),
        (path.replace(&token, "token"), "UnrecognizedClientException"),
        (path.replace("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=date"), "InvalidSignatureException"),
        (path.replace("us-east-1", "eu-west-1"), "InvalidSignatureException"),
        (path.replace("X-Amz-Date", "X-Amz-Day"), "IncompleteSignature"),
        (format!("{path}&extra=1"), "InvalidSignatureException"),
    ] {
        let answer = get(&emulator, &changed).await;
        assert_eq!(answer.status(), 403, "{changed}");
        assert_eq!(answer.headers()["x-amzn-errortype"], code, "{changed}");
    }
    assert_eq!(get(&emulator, &path).await.status(), 404, "the domain does not exist");
    let journal = control(&emulator, "GET", "/journal", Value::Null).await.to_string();
    assert!(!journal.contains(&token) && !journal.contains(&signature[..32]), "{journal}");
}
