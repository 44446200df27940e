//! What package managers ask of the data plane, as plain requests.

use crate::support::{ACCOUNT, send};
use aws_sdk_codeartifact::Client;
use codeartifact_emulator::Emulator;
use http::request::Builder;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;

/// A token for `acme`.
pub(crate) async fn token(client: &Client) -> String {
    let mint = client.get_authorization_token().domain("acme").domain_owner(ACCOUNT);
    mint.send().await.unwrap().authorization_token().unwrap().to_owned()
}

/// What is at that path of a repository of `acme`, for the holder of the token.
pub(crate) async fn get(emulator: &Emulator, token: &str, place: (&str, &str, &str)) -> Response<Bytes> {
    get_as(emulator, token, place, &[]).await
}

/// The same for a client that accepts those media types.
pub(crate) async fn get_as(
    emulator: &Emulator,
    token: &str,
    place: (&str, &str, &str),
    accepts: &[&str],
) -> Response<Bytes> {
    let request = request(emulator, ("GET", Some(token)), place);
    let request = accepts.iter().fold(request, |request, accept| request.header("accept", *accept));
    send(emulator, request.body(Full::default()).unwrap()).await
}

/// The answer to a request without a body, with a token or without one.
pub(crate) async fn ask(
    emulator: &Emulator,
    (method, token): (&str, Option<&str>),
    place: (&str, &str, &str),
) -> Response<Bytes> {
    send(emulator, request(emulator, (method, token), place).body(Full::default()).unwrap()).await
}

/// That request without its body.
fn request(
    emulator: &Emulator,
    (method, token): (&str, Option<&str>),
    (format, repository, path): (&str, &str, &str),
) -> Builder {
    let request = Request::builder()
        .method(method)
        .uri(format!("/{format}/d/acme-{ACCOUNT}/{repository}/{path}"))
        .header("host", emulator.address().to_string());
    match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    }
}
