//! Bodies: read as a whole, within bounds.

use crate::error::Error;
use axum::body::{Body, Bytes, HttpBody};
use http::Request;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::time::Duration;

/// Larger bodies are refused. Assets in tests are small; the machine's memory is not endless.
const LIMIT: usize = 512 * 1024 * 1024;

/// How long the whole of a body may take to come.
const TIME: Duration = Duration::from_mins(1);

/// A request whose body did not come.
#[derive(Debug)]
pub(crate) struct Unread {
    /// With an empty body.
    pub(crate) request: Request<Bytes>,
    pub(crate) error: Error,
}

/// The request with its whole body.
pub(crate) async fn collected(request: Request<Body>) -> Result<Request<Bytes>, Box<Unread>> {
    let (parts, body) = request.into_parts();
    match read(body).await {
        Ok(body) => Ok(Request::from_parts(parts, body)),
        Err(error) => Err(Box::new(Unread { request: Request::from_parts(parts, Bytes::new()), error })),
    }
}

async fn read(body: Body) -> Result<Bytes, Error> {
    let large =
        || Error::new("RequestEntityTooLargeException", format!("The body has more than {LIMIT} bytes"));
    // What is announced need not be waited for.
    if body.size_hint().lower() > LIMIT as u64 {
        return Err(large());
    }
    match tokio::time::timeout(TIME, Limited::new(body, LIMIT).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(large()),
        Ok(Err(error)) => Err(Error::unparsable(format!("The body cannot be read: {error}"))),
        Err(_) => Err(Error::new("RequestTimeoutException", "The body did not come in time")),
    }
}
