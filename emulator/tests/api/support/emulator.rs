//! An emulator, SDK clients for it, and plain requests to its control routes: what the tests of the API and
//! those of package managers share.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_codeartifact::config::SharedHttpClient;
use aws_smithy_async::time::TimeSource;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_types::retry::RetryConfig;
use codeartifact_emulator::Emulator;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

pub(crate) const ACCOUNT: &str = "123456789012";

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
        .http_client(http_client(emulator))
        .retry_config(RetryConfig::disabled())
        .time_source(EmulatorTime(emulator.clone()))
        .build()
}

fn http_client(emulator: &Emulator) -> SharedHttpClient {
    let client = aws_smithy_http_client::Builder::new();
    let Some(authority) = emulator.authority() else { return client.build_http() };
    let trusted = TrustStore::empty().with_pem_certificate(authority);
    let context = TlsContext::builder().with_trust_store(trusted).build().unwrap();
    client.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https()
}

/// A client with the domain `acme` made.
pub(crate) async fn with_domain(emulator: &Arc<Emulator>) -> aws_sdk_codeartifact::Client {
    let client = client(emulator);
    client.create_domain().domain("acme").send().await.unwrap();
    client
}

/// A plain request; the whole answer.
pub(crate) async fn send(emulator: &Emulator, request: Request<Full<Bytes>>) -> http::Response<Bytes> {
    let stream = TcpStream::connect(emulator.address()).await.unwrap();
    match emulator.authority() {
        Some(authority) => exchange(secure(stream, &authority).await, request).await,
        None => exchange(stream, request).await,
    }
}

/// TLS with whoever listens there.
async fn secure(stream: TcpStream, authority: &str) -> TlsStream<TcpStream> {
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(trusted).with_no_client_auth();
    let host = ServerName::from(stream.peer_addr().unwrap().ip());
    TlsConnector::from(Arc::new(config)).connect(host, stream).await.unwrap()
}

/// The same over a connection that is there already.
pub(crate) async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> http::Response<Bytes> {
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
