//! From the SDK's errors to ours, in one place.

use std::time::Duration;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::error::{Outlook, Reason};

/// An AWS call that did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct AwsError {
    /// The operation, such as `CreateDomain`.
    pub operation: &'static str,
    /// What kind of failure it was.
    pub kind: AwsErrorKind,
    /// AWS's own words, or why there was no answer. Holds no part of a response body but its message.
    pub message: String,
}

/// The kinds of failure that lead to different behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsErrorKind {
    /// 403: the identity may not do this.
    Denied,
    /// The credentials themselves are missing, wrong or expired.
    SignIn,
    /// 404.
    NotFound,
    /// 409.
    Conflict,
    /// 402.
    Quota,
    /// 429, with the wait that AWS asked for.
    Throttled(Option<Duration>),
    /// 400: the request is not acceptable as it is.
    Rejected,
    /// 5xx, a timeout or no connection.
    Unavailable,
}

impl AwsError {
    /// Sorts an SDK error into our kinds.
    pub fn new<E>(operation: &'static str, error: &SdkError<E, Response>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let (kind, message) = match error {
            SdkError::ServiceError(service) => {
                let code = service.err().code().unwrap_or("Unknown");
                let said = service.err().message().unwrap_or("no message");
                (kind_of(code, service.raw()), format!("{code}: {said}"))
            }
            SdkError::ConstructionFailure(_) => (AwsErrorKind::Rejected, chain(error)),
            SdkError::DispatchFailure(failure) if failure.is_other() || failure.is_user() => {
                (AwsErrorKind::SignIn, chain(error))
            }
            _ => (AwsErrorKind::Unavailable, chain(error)),
        };
        Self { operation, kind, message }
    }

    /// Whether AWS said that the thing is not there.
    pub fn is_not_found(&self) -> bool {
        self.kind == AwsErrorKind::NotFound
    }

    /// Whether AWS reported a conflict.
    pub fn is_conflict(&self) -> bool {
        self.kind == AwsErrorKind::Conflict
    }

    /// What the user should expect.
    pub fn outlook(&self) -> Outlook {
        match self.kind {
            AwsErrorKind::Denied | AwsErrorKind::SignIn | AwsErrorKind::Quota => Outlook::Denied,
            AwsErrorKind::Rejected => Outlook::Stalled,
            AwsErrorKind::NotFound => Outlook::Waiting,
            AwsErrorKind::Throttled(wait) => Outlook::Retrying(wait),
            AwsErrorKind::Conflict | AwsErrorKind::Unavailable => Outlook::Retrying(None),
        }
    }

    /// The word for conditions, events and metrics.
    pub fn reason(&self) -> Reason {
        match self.kind {
            AwsErrorKind::Denied => Reason::AccessDenied,
            AwsErrorKind::SignIn => Reason::SignInFailed,
            AwsErrorKind::NotFound => Reason::NotFound,
            AwsErrorKind::Conflict => Reason::Conflict,
            AwsErrorKind::Quota => Reason::QuotaExceeded,
            AwsErrorKind::Throttled(_) => Reason::Throttled,
            AwsErrorKind::Rejected => Reason::AwsRejected,
            AwsErrorKind::Unavailable => Reason::AwsUnavailable,
        }
    }
}

/// Turns an SDK result into ours, naming the operation.
pub trait Named<T> {
    /// Names the operation that failed.
    fn named(self, operation: &'static str) -> Result<T, AwsError>;
}

impl<T, E> Named<T> for Result<T, SdkError<E, Response>>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    fn named(self, operation: &'static str) -> Result<T, AwsError> {
        self.map_err(|error| AwsError::new(operation, &error))
    }
}

fn kind_of(code: &str, response: &Response) -> AwsErrorKind {
    match (code, response.status().as_u16()) {
        (
            "ExpiredTokenException"
            | "ExpiredToken"
            | "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "IncompleteSignature",
            _,
        ) => AwsErrorKind::SignIn,
        ("ThrottlingException" | "Throttling" | "TooManyRequestsException", _) | (_, 429) => {
            AwsErrorKind::Throttled(retry_after(response))
        }
        ("AccessDeniedException" | "AccessDenied" | "OptInRequired", _) | (_, 401 | 403) => {
            AwsErrorKind::Denied
        }
        ("ResourceNotFoundException", _) => AwsErrorKind::NotFound,
        ("ConflictException", _) | (_, 409) => AwsErrorKind::Conflict,
        ("ServiceQuotaExceededException", _) | (_, 402) => AwsErrorKind::Quota,
        (_, 408 | 500..) => AwsErrorKind::Unavailable,
        _ => AwsErrorKind::Rejected,
    }
}

fn retry_after(response: &Response) -> Option<Duration> {
    response.headers().get("retry-after").and_then(|value| value.parse().ok()).map(Duration::from_secs)
}

/// An error and its causes in one line. Our own calls never put a response body into an error.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
