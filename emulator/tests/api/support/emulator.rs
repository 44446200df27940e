//! What the tests share: an emulator, SDK clients for it, and plain requests to its control routes.

use aws_credential_types::Credentials;
use aws_sdk_codeartifact::config::{BehaviorVersion, Region};
use aws_sdk_codeartifact::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_async::time::TimeSource;
use aws_smithy_types::retry::RetryConfig;
use codeartifact_emulator::{Emulator, Options};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(crate) const ACCOUNT: &str = "123456789012";

/// An emulator as most tests want it.
pub(crate) async fn start() -> Arc<Emulator> {
    Arc::new(Emulator::start(Options::default()).await.unwrap())
}

/// Clients sign with the emulator's time.
#[derive(Clone)]
struct EmulatorTime(Arc<Emulator>);

impl std::fmt::Debug for EmulatorTime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "EmulatorTime({})", self.0.url())
    }
}

impl TimeSource for EmulatorTime {
    fn now(&self) -> SystemTime {
        SystemTime::from(self.0.now())
    }
}

/// The administrator's credentials.
pub(crate) fn admin() -> Credentials {
    Credentials::new("test", "test", None, None, "test")
}

/// A CodeArtifact client without retries, so that each answer is seen.
pub(crate) fn client(emulator: &Arc<Emulator>) -> aws_sdk_codeartifact::Client {
    client_as(emulator, admin())
}

pub(crate) fn client_as(emulator: &Arc<Emulator>, credentials: Credentials) -> aws_sdk_codeartifact::Client {
    let config = aws_sdk_codeartifact::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(emulator.url())
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .time_source(EmulatorTime(emulator.clone()))
        .build();
    aws_sdk_codeartifact::Client::from_conf(config)
}

pub(crate) fn sts_as(emulator: &Arc<Emulator>, credentials: Credentials) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(emulator.url())
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .time_source(EmulatorTime(emulator.clone()))
        .build();
    aws_sdk_sts::Client::from_conf(config)
}

/// A client with the domain `acme` made.
pub(crate) async fn with_domain(emulator: &Arc<Emulator>) -> aws_sdk_codeartifact::Client {
    let client = client(emulator);
    client.create_domain().domain("acme").send().await.unwrap();
    client
}

/// Create a repository in `acme`.
pub(crate) async fn create(client: &aws_sdk_codeartifact::Client, name: &str) {
    client.create_repository().domain("acme").repository(name).send().await.unwrap();
}

/// Status, code and message of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug, E>(result: Result<T, SdkError<E>>) -> (u16, String, String)
where
    E: ProvideErrorMetadata + std::fmt::Debug,
{
    let error = result.unwrap_err();
    let status = error.raw_response().unwrap().status().as_u16();
    let service = error.as_service_error().unwrap();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (status, text(service.code()), text(service.message()))
}

/// Assert status and code, and return the message.
pub(crate) fn refused<T: std::fmt::Debug, E>(
    result: Result<T, SdkError<E>>,
    status: u16,
    code: &str,
) -> String
where
    E: ProvideErrorMetadata + std::fmt::Debug,
{
    let (seen_status, seen_code, message) = refusal(result);
    assert_eq!((seen_status, seen_code.as_str()), (status, code), "{message}");
    message
}

/// A plain request; the whole answer.
pub(crate) async fn send(emulator: &Emulator, request: Request<Full<Bytes>>) -> http::Response<Bytes> {
    let stream = tokio::net::TcpStream::connect(emulator.address()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    connection.abort();
    http::Response::from_parts(parts, body)
}

/// A request to a control route, with a JSON body or none; the answer's JSON, null when empty.
pub(crate) async fn control(emulator: &Emulator, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = try_control(emulator, method, path, body).await;
    assert!(status < 300, "{method} {path}: {status} {answer}");
    answer
}

pub(crate) async fn try_control(emulator: &Emulator, method: &str, path: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder()
        .method(method)
        .uri(format!("/_emulator{path}"))
        .header("host", emulator.address().to_string())
        .body(Full::new(body))
        .unwrap();
    let response = send(emulator, request).await;
    let answer = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    (response.status().as_u16(), answer)
}

/// Ask again until the answer suits, for ten seconds at most.
pub(crate) async fn until<F, Fut>(what: &str, mut ask: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let asking = async {
        while !ask().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), asking).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}
