//! Requests that come to no operation. They are calls too: the journal tells them by method and path.

use crate::app::App;
use crate::call::{Access, Call, peer};
use crate::error::Error;
use crate::pipeline::perform;
use crate::signer::Signer;
use axum::body::Bytes;
use axum::response::Response;
use http::{Method, Request};
use serde_json::{Value, json};
use std::num::NonZeroU32;

/// Longer texts are cut. No name of a domain, a repository or a package is longer.
const LONGEST: usize = 256;

/// What the journal keeps of a text of a request.
pub(crate) fn shortened(text: &str) -> String {
    let mut kept: String = text.chars().take(LONGEST).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

/// What the journal keeps of such a request. A query may have a signature or a token in it.
pub(crate) fn place(method: &Method, path: &str) -> Value {
    json!({ "method": method.as_str(), "path": shortened(path) })
}

/// Answer such a request: `Unknown` or `Unread` of a service.
pub(crate) async fn refuse(
    app: &App,
    (service, operation): (&'static str, &'static str),
    request: &Request<Bytes>,
    error: Error,
    render: fn(&Error) -> Response,
) -> Response {
    let signer = Signer::of(app, request, service, false);
    let call = Call {
        service,
        operation: operation.into(),
        access: Access::Read,
        payer: signer.payer(request),
        requests: NonZeroU32::MIN,
        principal: signer.claimed,
        from: peer(request),
        domain: None,
        repositories: Vec::new(),
        imports: None,
        parameters: place(request.method(), request.uri().path()),
        render,
    };
    perform(app, call, |_, _| Err(error)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_are_cut() {
        let path = format!("/{}", "é".repeat(300));
        let kept = place(&Method::GET, &path)["path"].as_str().unwrap().to_owned();
        assert_eq!((kept.chars().count(), kept.ends_with('…')), (LONGEST + 1, true));
        assert_eq!(place(&Method::PUT, "/nope"), json!({ "method": "PUT", "path": "/nope" }));
    }
}
