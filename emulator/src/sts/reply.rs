//! Answers of the Query protocol.

use crate::error::Error;
use crate::state::principal::Credentials;
use crate::wire::{REQUEST_ID, elements, header_value, request_id};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub(super) fn success(action: &str, result: &str) -> Response {
    let id = request_id();
    let body = format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>"
    );
    xml(StatusCode::OK, &id, body)
}

/// The members that every answer with a session has.
pub(super) fn session(credentials: &Credentials) -> String {
    let secrets = elements(&[
        ("AccessKeyId", &credentials.access_key_id),
        ("SecretAccessKey", &credentials.secret_access_key),
        ("SessionToken", &credentials.token),
        ("Expiration", &credentials.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    ]);
    let user = elements(&[("Arn", &credentials.arn), ("AssumedRoleId", &credentials.user_id)]);
    format!("<Credentials>{secrets}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>")
}

pub(crate) fn error_response(error: &Error) -> Response {
    let kind = if error.status.is_server_error() { "Receiver" } else { "Sender" };
    let id = request_id();
    let detail = elements(&[("Type", kind), ("Code", &error.code), ("Message", &error.message)]);
    let body = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error>{detail}</Error><RequestId>{id}</RequestId>\
         </ErrorResponse>"
    );
    let mut response = xml(error.status, &id, body);
    if let Some(seconds) = error.retry_after_seconds {
        let seconds = header_value(&seconds.to_string());
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// The answer has its id in its header too.
fn xml(status: StatusCode, id: &str, body: String) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    headers.insert(REQUEST_ID, header_value(id));
    response
}
