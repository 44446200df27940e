//! An error as an answer of restJson1.

use super::header_value;
use crate::error::{Error, ResourceType};
use axum::response::Response;
use http::{HeaderValue, header};
use serde_json::{Map, Value};

impl Error {
    /// As restJson1 has it: the body's members, `x-amzn-errortype`, and `Retry-After`.
    pub(crate) fn to_json_response(&self) -> Response {
        let mut body = Map::new();
        body.insert("message".into(), self.message.as_str().into());
        if let Some(resource) = &self.resource {
            let id = resource.id.as_deref().map(|id| ("resourceId".into(), id.into()));
            let kind = resource.kind.and_then(ResourceType::name);
            body.extend(id);
            body.extend(kind.map(|name| ("resourceType".into(), name.into())));
        }
        if let Some(reason) = self.reason {
            body.insert("reason".into(), reason.name().into());
        }
        let mut response = Response::new(Value::Object(body).to_string().into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-amzn-errortype", header_value(&self.code));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_says_when_to_come_back() {
        let mut error = Error::new("ThrottlingException", "Rate exceeded");
        error.retry_after_seconds = Some(3);
        let response = error.to_json_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "3");
        assert_eq!(response.headers()["x-amzn-errortype"], "ThrottlingException");
    }
}
