//! Signatures in the headers, over requests that no SDK would make.

use crate::support::{admin, control, send, start};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use codeartifact_emulator::Emulator;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::Value;
use std::time::SystemTime;

const DESCRIBE: &str = "/v1/domain?domain=acme";
const WHO_AM_I: &str = "/?Action=GetCallerIdentity&Version=2011-06-15";

/// A request that is sent with other headers than those that it is signed with.
fn request(
    emulator: &Emulator,
    (service, path): (&'static str, &str),
    signed: &[(&str, &str)],
    sent: &[(&str, &str)],
) -> Request<Full<Bytes>> {
    let identity = admin().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(SystemTime::from(emulator.now()))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let uri = format!("{}{path}", emulator.url());
    let headers = signed.iter().copied();
    let signable = SignableRequest::new("GET", uri, headers, SignableBody::Bytes(b"")).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let mut request = Request::get(path).header("host", emulator.address().to_string());
    for (name, value) in sent {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Full::default()).unwrap();
    for (name, value) in instructions.headers() {
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    request
}

fn code(answer: &Response<Bytes>) -> &str {
    answer.headers()["x-amzn-errortype"].to_str().unwrap()
}

#[tokio::test]
async fn all_values_of_a_signed_header_count() {
    let emulator = start().await;
    let twice = [("x-foo", " 1"), ("x-bar", "a  b"), ("x-foo", "2 ")];
    for (signed, sent, expected) in [
        (&[("x-bar", "a b"), ("x-foo", "1,2")][..], &twice[..], "ResourceNotFoundException"),
        (&[("x-bar", "a b"), ("x-foo", "1")], &twice, "InvalidSignatureException"),
        (&[("x-bar", "a b"), ("x-foo", "2,1")], &twice, "InvalidSignatureException"),
        (&[("x-bar", "a b")], &twice, "ResourceNotFoundException"),
        (&[("x-foo", "1")], &[], "InvalidSignatureException"),
        (&[], &[("x-amz-date", "20260101T000000Z")], "IncompleteSignature"),
        (&[], &[("authorization", "AWS4-HMAC-SHA256 Credential=a")], "IncompleteSignature"),
    ] {
        let request = request(&emulator, ("codeartifact", DESCRIBE), signed, sent);
        assert_eq!(code(&send(&emulator, request).await), expected, "{signed:?} {sent:?}");
    }
    let answer = send(&emulator, request(&emulator, ("sts", WHO_AM_I), &[("x-foo", "1")], &[])).await;
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    assert!(body.contains("<Code>SignatureDoesNotMatch</Code>"), "{body}");
}

#[tokio::test]
async fn the_list_of_signed_headers_is_the_one_that_was_signed() {
    let emulator = start().await;
    for (listed, expected) in [
        ("host;x-amz-date", "ResourceNotFoundException"),
        ("host", "InvalidSignatureException"),
        ("host;x-amz-date;x-amz-security-token", "InvalidSignatureException"),
    ] {
        let mut request = request(&emulator, ("codeartifact", DESCRIBE), &[], &[]);
        let authorization = request.headers_mut().get_mut("authorization").unwrap();
        let altered = authorization.to_str().unwrap().replace("host;x-amz-date", listed);
        *authorization = altered.parse().unwrap();
        assert_eq!(code(&send(&emulator, request).await), expected, "{listed}");
    }
}

#[tokio::test]
async fn no_refusal_and_no_entry_of_the_journal_repeats_a_secret() {
    const SECRET: &str = "c2VjcmV0IG9mIHNvbWVib2R5";
    let emulator = start().await;
    let scope = "Credential=test/20260101/us-east-1/sts/aws4_request, SignedHeaders=host";
    let long = SECRET.repeat(1_000);
    let form = |token: &str| {
        let role = "RoleArn=arn:aws:iam::123456789012:role/x&RoleSessionName=one";
        format!("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&{role}&WebIdentityToken={token}")
    };
    let good = format!("AWS4-HMAC-SHA256 {scope}, Signature={SECRET}");
    for path in ["/", "/v1/domain", "/v1/domain?domain=acme"] {
        for (authorization, token, body) in [
            (good.clone(), SECRET, form(SECRET)),
            (good.clone(), "", form(&long)),
            (good.clone(), SECRET, "Action=GetCallerIdentity&Version=2011-06-15".into()),
            (format!("AWS4-HMAC-SHA256 {scope}, Signature {SECRET}"), "", String::new()),
            (format!("Bearer {SECRET}"), SECRET, form("x.y.z")),
            (SECRET.into(), SECRET, form(&format!("{SECRET}.{SECRET}.{SECRET}"))),
        ] {
            let request = Request::post(path)
                .header("host", emulator.address().to_string())
                .header("x-amz-date", "20260101T000000Z")
                .header("x-amz-security-token", token)
                .header("authorization", authorization);
            let answer = send(&emulator, request.body(Full::new(body.into())).unwrap()).await;
            let told = String::from_utf8_lossy(answer.body()).into_owned();
            assert!(answer.status().is_client_error() && !told.contains(SECRET), "{told}");
        }
    }
    let journal = control(&emulator, "GET", "/journal", Value::Null).await.to_string();
    assert!(!journal.contains(SECRET), "{journal}");
}
