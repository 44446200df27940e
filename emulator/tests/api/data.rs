//! What package managers ask of the data plane, as plain requests.

use crate::support::{ACCOUNT, send};
use aws_sdk_codeartifact::Client;
use codeartifact_emulator::Emulator;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;

/// A token for `acme`.
pub(crate) async fn token(client: &Client) -> String {
    let mint = client.get_authorization_token().domain("acme").domain_owner(ACCOUNT);
    mint.send().await.unwrap().authorization_token().unwrap().to_owned()
}

/// What is at that path of a repository of `acme`, for the holder of the token.
pub(crate) async fn get(
    emulator: &Emulator,
    token: &str,
    (format, repository, path): (&str, &str, &str),
) -> Response<Bytes> {
    ask(emulator, ("GET", Some(token)), (format, repository, path)).await
}

/// The answer to a request without a body, with a token or without one.
pub(crate) async fn ask(
    emulator: &Emulator,
    (method, token): (&str, Option<&str>),
    (format, repository, path): (&str, &str, &str),
) -> Response<Bytes> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/{format}/d/acme-{ACCOUNT}/{repository}/{path}"))
        .header("host", emulator.address().to_string());
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    send(emulator, request.body(Full::default()).unwrap()).await
}
