//! Plain HTTP on loopback: the operator's own pages and the emulator's control routes.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Nothing on loopback that is asked here takes longer, but for long polls, which end after 30 s.
const PATIENCE: Duration = Duration::from_secs(40);

/// Sends one request and returns status and body as they are.
pub async fn send(method: Method, url: &str, body: impl Into<Bytes>) -> Result<(StatusCode, String)> {
    let request = Request::builder().method(method).uri(url).header("content-type", "application/json");
    answer(url, request.body(Full::new(body.into()))?).await
}

/// Status and body of a page that wants a token.
pub async fn get_with_token(url: &str, token: &str) -> Result<(StatusCode, String)> {
    let request = Request::get(url).header("authorization", format!("Bearer {token}"));
    answer(url, request.body(Full::default())?).await
}

async fn answer(url: &str, request: Request<Full<Bytes>>) -> Result<(StatusCode, String)> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let exchange = async {
        let response = client.request(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        anyhow::Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    };
    tokio::time::timeout(PATIENCE, exchange)
        .await
        .context("no answer in time")
        .flatten()
        .with_context(|| url.to_owned())
}

/// The body of a page that must answer with success.
pub async fn get(url: &str) -> Result<String> {
    let (status, body) = send(Method::GET, url, Bytes::new()).await?;
    ensure!(status.is_success(), "{url} answered {status}: {body}");
    Ok(body)
}
