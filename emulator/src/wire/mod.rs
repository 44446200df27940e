//! The wire protocol: signatures, errors, timestamps, pages, XML.

mod error;
pub(crate) mod page;
pub(crate) mod sigv4;
mod xml;

pub(crate) use xml::elements;

use axum::response::Response;
use http::{HeaderValue, header};
use jiff::Timestamp;
use serde_json::Value;

/// A timestamp as restJson1 sends it: epoch seconds with a fraction.
pub(crate) fn timestamp(at: Timestamp) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of an epoch fit into 53 bits")]
    Value::from(at.as_millisecond() as f64 / 1_000.0)
}

/// The header that has the id of each answer.
pub(crate) const REQUEST_ID: &str = "x-amzn-requestid";

/// A header value; text that no header can carry becomes an empty one.
pub(crate) fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_bytes(text.as_bytes()).unwrap_or(HeaderValue::from_static(""))
}

/// A success with a JSON body.
pub(crate) fn json_response(body: &Value) -> Response {
    let mut response = Response::new(body.to_string().into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An id in the shape of a UUID, for requests.
pub(crate) fn request_id() -> String {
    uuid_shaped(fastrand::u128(..))
}

/// 128 bits written as a UUID is.
pub(crate) fn uuid_shaped(bits: u128) -> String {
    let digits = format!("{bits:032x}");
    [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]).join("-")
}
