//! SDK errors as they come out of real HTTP answers.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use axum::Router;
use axum::response::IntoResponse;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;

use super::{Aws, AwsError, AwsErrorKind, Limits, Named, Sdk};
use crate::api::{self, AwsAccount};
use crate::clock::Clock;
use crate::error::Error;
use crate::ops::Metrics;
use crate::reason::{Outlook, Reason};

/// An AwsAccount whose endpoints are all at one address.
pub(crate) fn account(endpoint: &str) -> AwsAccount {
    let spec = serde_json::json!({
        "region": "us-east-1", "accountId": "123456789012",
        "endpoints": {"codeartifact": endpoint, "sts": endpoint},
    });
    AwsAccount::new("default", serde_json::from_value(spec).unwrap())
}

/// A client of an address where nobody listens.
pub(crate) fn nowhere() -> aws_sdk_codeartifact::Client {
    let config = aws_sdk_codeartifact::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .endpoint_url(NOWHERE)
        .build();
    aws_sdk_codeartifact::Client::from_conf(config)
}

const NOWHERE: &str = "http://127.0.0.1:1";

fn keys() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test"))
}

struct Asked {
    result: Result<(), AwsError>,
    metrics: String,
}

impl Asked {
    fn error(&self) -> &AwsError {
        self.result.as_ref().unwrap_err()
    }
}

async fn ask(endpoint: &str, credentials: SharedCredentialsProvider, clock: Clock) -> Asked {
    let metrics = Metrics::new(clock.clone());
    let sdk = Sdk::new(clock, metrics.clone());
    let account = account(endpoint);
    let client = sdk.codeartifact(&sdk.config("us-east-1", credentials).await, &account);
    let limits = Limits::new(&api::Limits::default()).into();
    let aws = Aws::new(client, limits, "123456789012".into(), "us-east-1".into());
    let result = aws.reads().await.describe_domain().domain("acme").send().await.named("DescribeDomain");
    Asked { result: result.map(drop), metrics: metrics.encode().unwrap() }
}

/// Serves one answer to everything.
async fn serve(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(move || async move { answer });
    tokio::spawn(axum::serve(listener, router).into_future());
    url
}

async fn answered(status: u16, code: &'static str, headers: &[(&'static str, &'static str)]) -> Asked {
    let mut map = HeaderMap::new();
    for (name, value) in
        headers.iter().chain([&("x-amzn-errortype", code)]).filter(|(_, value)| !value.is_empty())
    {
        map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let body = r#"{"message":"so it\nis"}"#;
    ask(&serve((StatusCode::from_u16(status).unwrap(), map, body)).await, keys(), Clock::default()).await
}

#[tokio::test]
async fn answers_are_told_apart() {
    use AwsErrorKind::{Conflict, Denied, NotFound, Quota, Rejected, SignIn, Throttled, Unavailable};
    let table = [
        (400, "ValidationException", Rejected, Reason::AwsRejected, "rejected"),
        (402, "ServiceQuotaExceededException", Quota, Reason::QuotaExceeded, "quota"),
        (403, "AccessDeniedException", Denied, Reason::AccessDenied, "denied"),
        (403, "ExpiredTokenException", SignIn, Reason::SignInFailed, "denied"),
        (403, "UnrecognizedClientException", SignIn, Reason::SignInFailed, "denied"),
        (403, "InvalidSignatureException", SignIn, Reason::SignInFailed, "denied"),
        (404, "ResourceNotFoundException", NotFound, Reason::NotFound, "not_found"),
        (404, "", Unavailable, Reason::AwsUnavailable, "not_found"),
        (413, "", Unavailable, Reason::AwsUnavailable, "rejected"),
        (409, "ConflictException", Conflict, Reason::Conflict, "conflict"),
        (429, "ThrottlingException", Throttled(None), Reason::Throttled, "throttled"),
        (500, "InternalServerException", Unavailable, Reason::AwsUnavailable, "unavailable"),
        (503, "", Unavailable, Reason::AwsUnavailable, "unavailable"),
    ];
    for (status, code, kind, reason, outcome) in table {
        let asked = answered(status, code, &[]).await;
        let error = asked.error();
        assert_eq!((error.kind, error.reason()), (kind, reason), "{status} {code}: {error}");
        let said = if code.is_empty() { format!("HTTP {status}") } else { format!("{code}: so it is") };
        assert!(error.to_string().starts_with(&format!("DescribeDomain: {said}")), "{error}");
        let remedy = match kind {
            Denied => "as in the statement Domains of deploy/iam/domains-and-repositories.json",
            Quota => "ask AWS to raise the quota (Service Quotas, CodeArtifact)",
            _ => "",
        };
        assert!(error.to_string().ends_with(remedy), "{error}");
        let endpoint = error.to_string().contains("is the endpoint right?");
        assert_eq!(
            endpoint,
            status < 500 && code.is_empty(),
            "who has an outage has no wrong endpoint: {error}"
        );
        let counted = format!(r#"aws_calls_total{{operation="DescribeDomain",outcome="{outcome}"}} 1"#);
        assert!(asked.metrics.contains(&counted), "{status} {code}: {}", asked.metrics);
    }
}

#[tokio::test]
async fn a_wrong_clock_is_not_a_wrong_key() {
    let body = r#"{"message":"Signature expired: 20260101T000000Z is now earlier than 20260101T040000Z"}"#;
    let url = serve((StatusCode::FORBIDDEN, [("x-amzn-errortype", "InvalidSignatureException")], body)).await;
    let asked = ask(&url, keys(), Clock::default()).await;
    assert_eq!(asked.error().outlook(), Outlook::Retrying(None));
    assert!(asked.error().message.ends_with("is the clock of this machine right?"));
}

#[tokio::test]
async fn the_wait_that_aws_asks_for_is_kept() {
    let table = [
        ("retry-after", "3", Some(Duration::from_secs(3))),
        ("x-amz-retry-after", "1500", Some(Duration::from_millis(1500))),
        ("retry-after", "86400", Some(Duration::from_mins(15))),
        ("retry-after", "soon", None),
    ];
    for (name, value, wait) in table {
        let asked = answered(429, "ThrottlingException", &[(name, value)]).await;
        assert_eq!(asked.error().outlook(), Outlook::Retrying(wait), "{name}: {value}");
    }
}

#[tokio::test]
async fn an_endless_message_is_cut() {
    let body = serde_json::json!({"message": "long ".repeat(5000)}).to_string();
    let url = serve((StatusCode::BAD_REQUEST, [("x-amzn-errortype", "ValidationException")], body)).await;
    let asked = ask(&url, keys(), Clock::default()).await;
    assert!(asked.error().message.len() < 1100, "{}", asked.error().message.len());
}

#[tokio::test]
async fn a_message_hides_nothing_and_turns_nothing() {
    let body = serde_json::json!({"message": "red \u{1b}[31m, turned \u{202e}txt, hidden \u{200b}.\nnext"})
        .to_string();
    let url = serve((StatusCode::BAD_REQUEST, [("x-amzn-errortype", "ValidationException")], body)).await;
    let asked = ask(&url, keys(), Clock::default()).await;
    let message = &asked.error().message;
    assert!(message.ends_with("red \u{fffd}[31m, turned \u{fffd}txt, hidden \u{fffd}. next"), "{message:?}");
}

#[tokio::test]
async fn no_connection_is_tried_again() {
    let asked = ask(NOWHERE, keys(), Clock::default()).await;
    assert_eq!(asked.error().kind, AwsErrorKind::Unavailable, "{}", asked.error());
    assert!(asked.metrics.contains(r#"outcome="no_answer"} 1"#), "{}", asked.metrics);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_tried_again_and_its_body_is_not_told() {
    let asked = ask(&serve("sesame: not JSON").await, keys(), Clock::default()).await;
    let error = asked.error();
    assert_eq!(error.kind, AwsErrorKind::Unavailable, "{error}");
    assert!(!error.to_string().contains("sesame"), "{error}");
}

#[derive(Debug)]
struct Failing(fn() -> CredentialsError);

impl ProvideCredentials for Failing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err((self.0)()))
    }
}

#[tokio::test]
async fn missing_credentials_are_a_failed_sign_in() {
    let missing = SharedCredentialsProvider::new(Failing(|| CredentialsError::not_loaded("nothing set")));
    let asked = ask(NOWHERE, missing, Clock::default()).await;
    let error = asked.error();
    assert_eq!(error.kind, AwsErrorKind::SignIn, "{error}");
    assert_eq!(Error::from(error.clone()).outlook(), Outlook::Denied);
    assert!(error.to_string().contains("nothing set"), "{error}");
    assert!(asked.metrics.contains(r#"outcome="not_sent"} 1"#), "{}", asked.metrics);
}

#[tokio::test]
async fn a_role_that_could_not_be_assumed_keeps_its_kind() {
    let throttled = || {
        CredentialsError::provider_error(AwsError {
            operation: "AssumeRole",
            kind: AwsErrorKind::Throttled(None),
            message: "Throttling: Rate exceeded".into(),
        })
    };
    let asked = ask(NOWHERE, SharedCredentialsProvider::new(Failing(throttled)), Clock::default()).await;
    assert_eq!(asked.error().kind, AwsErrorKind::Throttled(None));
    assert_eq!(asked.error().to_string(), "DescribeDomain: AssumeRole: Throttling: Rate exceeded");
}

#[tokio::test]
async fn signatures_follow_our_clock() {
    let (sent, mut seen) = tokio::sync::mpsc::channel(1);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(move |headers: HeaderMap| async move {
        sent.send(headers["x-amz-date"].to_str().unwrap().to_owned()).await.unwrap();
        StatusCode::INTERNAL_SERVER_ERROR
    });
    tokio::spawn(axum::serve(listener, router).into_future());
    let clock = Clock::default();
    clock.set("2031-05-06T07:08:09Z".parse::<Timestamp>().unwrap());
    ask(&url, keys(), clock).await;
    assert!(seen.recv().await.unwrap().starts_with("20310506T0708"));
}
