//! An emulator, SDK clients for it, and plain requests to its control routes: what the tests of the API and
//! those of package managers share.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::time::TimeSource;
use aws_smithy_types::retry::RetryConfig;
use codeartifact_emulator::{Emulator, Options};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::net::TcpStream;

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
    aws_sdk_codeartifact::Client::new(&config(emulator, credentials))
}

/// What clients of either service are made of.
pub(crate) fn config(emulator: &Arc<Emulator>, credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(emulator.url())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .time_source(EmulatorTime(emulator.clone()))
        .build()
}

/// A client with the domain `acme` made.
pub(crate) async fn with_domain(emulator: &Arc<Emulator>) -> aws_sdk_codeartifact::Client {
    let client = client(emulator);
    client.create_domain().domain("acme").send().await.unwrap();
    client
}

/// A plain request; the whole answer.
pub(crate) async fn send(emulator: &Emulator, request: Request<Full<Bytes>>) -> http::Response<Bytes> {
    exchange(TcpStream::connect(emulator.address()).await.unwrap(), request).await
}

/// The same over a connection that is there already.
pub(crate) async fn exchange(stream: TcpStream, request: Request<Full<Bytes>>) -> http::Response<Bytes> {
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
