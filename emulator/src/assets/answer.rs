//! Requests to the port of assets, and how S3 answers them.

use super::bucket::Bucket;
use super::names::{GET, HEAD, SERVICE};
use crate::app::App;
use crate::call::{Access, Call, Payer, UNKNOWN, peer};
use crate::error::Error;
use crate::pipeline::perform;
use crate::unrouted::place;
use crate::wire::{elements, header_value, request_id};
use axum::body::Bytes;
use axum::response::Response;
use http::{HeaderValue, Method, Request, header};
use std::num::NonZeroU32;

/// Answer a request for a file. The journal gets no query, which is as good as a token.
pub(crate) async fn answer(app: &App, bucket: &Bucket, request: &Request<Bytes>) -> Response {
    let (operation, access) = match *request.method() {
        Method::GET => GET,
        Method::HEAD => HEAD,
        _ => (UNKNOWN, Access::Read),
    };
    let from = peer(request);
    let call = Call {
        service: SERVICE,
        operation: operation.into(),
        access,
        principal: None,
        from,
        payer: Payer::Address(from),
        requests: NonZeroU32::MIN,
        imports: None,
        domain: None,
        repositories: Vec::new(),
        parameters: place(request.method(), request.uri().path()),
        render,
    };
    perform(app, call, |state, now| bucket.get(state, request, now)).await
}

fn render(error: &Error) -> Response {
    let id = request_id();
    let host = request_id();
    let members = elements(&[
        ("Code", &error.code),
        ("Message", &error.message),
        ("RequestId", &id),
        ("HostId", &host),
    ]);
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>{members}</Error>");
    let mut response = Response::new(body.into());
    *response.status_mut() = error.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert("x-amz-request-id", header_value(&id));
    headers.insert("x-amz-id-2", header_value(&host));
    if let Some(seconds) = error.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
