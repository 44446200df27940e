//! What control routes are asked, read strictly; what they do not understand is told as JSON.

use crate::body::collected;
use crate::state::ledger::Unsaved;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use std::fmt::Display;

/// An answer to a request that a control route does not take.
pub(super) struct Refused {
    status: StatusCode,
    told: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, told: impl Into<String>) -> Self {
        Self { status, told: told.into() }
    }

    /// For what the emulator could not do.
    pub(super) fn failed(told: impl Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, told.to_string())
    }

    pub(super) fn bad_request(told: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, told.to_string())
    }
}

impl From<Unsaved> for Refused {
    fn from(unsaved: Unsaved) -> Self {
        Self::failed(unsaved)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.told }))).into_response()
    }
}

/// Where something is that has a name and a value is no help; where JSON ends is.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(text) if error.is_data() => text.to_owned(),
        _ => text,
    }
}

/// A query string with known members.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let query = axum::extract::Query::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|error| {
            let why = std::error::Error::source(&error).map(ToString::to_string);
            Refused::bad_request(why.unwrap_or_else(|| error.body_text()))
        })
    }
}

/// A whole number in a query.
pub(super) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(|_| D::Error::custom(format!("{text:?} is not a whole number")))
}

/// A body of JSON, whatever the request calls it.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        parse(&body(request).await?).map(Self)
    }
}

/// A body that is an object of JSON.
pub(super) struct Object<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Object<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        let body = body(request).await?;
        // A list of what the members hold would be understood, too.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(Refused::bad_request("the body must be an object of JSON"));
        }
        parse(&body).map(Self)
    }
}

async fn body(request: Request) -> Result<Bytes, Refused> {
    let request = collected(request).await;
    let body = request.map_err(|unread| Refused::new(unread.error.status, unread.error.message))?.into_body();
    if body.is_empty() {
        return Err(Refused::bad_request("a body of JSON is needed"));
    }
    Ok(body)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused::bad_request(told(&error)))
}
