//! From the SDK's errors to ours, in one place.

use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::remedy::remedy;
use crate::reason::{Outlook, Place, Reason};
use crate::visible::visible;

/// Whatever AWS asks for, somebody looks again after this long.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// In characters.
const LONGEST_MESSAGE: usize = 1000;
const NOT_REACHED: &str = "; check the network and DNS between the operator and AWS, and spec.endpoints of the AwsAccount where it is set";

/// An AWS call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// What is wrong is known more closely than the service's code tells.
    Known(Reason),
}

impl AwsError {
    /// Sorts an SDK error into our kinds.
    pub fn new<E>(operation: &'static str, error: &SdkError<E, Response>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let (kind, message) = match error {
            SdkError::ServiceError(service) => {
                said(service.err().code(), service.err().message(), service.raw())
            }
            // A role that could not be assumed, or other credentials that could not be had, before anything was sent.
            _ => match (cause::<Self>(error), cause::<CredentialsError>(error)) {
                (Some(inner), _) => (inner.kind, inner.to_string()),
                (None, Some(missing)) => {
                    (AwsErrorKind::SignIn, format!("no credentials: {}", chain(missing)))
                }
                (None, None) => (silent(error), format!("{}{}", chain(error), without_answer(error))),
            },
        };
        let message = format!("{}{}", legible(&message), remedy(operation, kind));
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
            AwsErrorKind::Throttled(wait) => Outlook::Retrying(wait),
            AwsErrorKind::Conflict | AwsErrorKind::Unavailable => Outlook::Retrying(None),
            AwsErrorKind::Known(reason) if reason.place() == Some(Place::Denied) => Outlook::Denied,
            AwsErrorKind::NotFound | AwsErrorKind::Known(_) => Outlook::Waiting,
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
            AwsErrorKind::Known(reason) => reason,
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

/// The kind and the words of an answer that is an error.
fn said(code: Option<&str>, message: Option<&str>, response: &Response) -> (AwsErrorKind, String) {
    let status = response.status().as_u16();
    let text = match (code, message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => format!("{code} (HTTP {status})"),
        (None, _) if (200..300).contains(&status) => {
            "the answer cannot be read; is the endpoint right?".to_owned()
        }
        (None, _) if status >= 500 => format!("HTTP {status} of AWS without a reason"),
        (None, _) => format!("HTTP {status} without an error code of AWS; is the endpoint right?"),
    };
    if message.is_some_and(|message| {
        message.starts_with("Signature expired") || message.starts_with("Signature not yet current")
    }) {
        // The keys may well be good.
        return (AwsErrorKind::Unavailable, format!("{text}; is the clock of this machine right?"));
    }
    (kind_of(code.unwrap_or_default(), response), text)
}

fn kind_of(code: &str, response: &Response) -> AwsErrorKind {
    match (code, response.status().as_u16()) {
        (
            "ExpiredTokenException"
            | "ExpiredToken"
            | "RequestExpired"
            | "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidIdentityToken"
            | "InvalidToken"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "IncompleteSignature"
            | "IncompleteSignatureException",
            _,
        ) => AwsErrorKind::SignIn,
        ("ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded", _)
        | (_, 429) => AwsErrorKind::Throttled(retry_after(response)),
        ("AccessDeniedException" | "AccessDenied" | "OptInRequired", _) | (_, 401 | 403) => {
            AwsErrorKind::Denied
        }
        // Only the code says that the thing is missing; a bare 404 may come from a wrong endpoint.
        ("ResourceNotFoundException", _) => AwsErrorKind::NotFound,
        ("ConflictException", _) | (_, 409) => AwsErrorKind::Conflict,
        ("ServiceQuotaExceededException", _) | (_, 402) => AwsErrorKind::Quota,
        // 2xx: an answer that cannot be read. Without a code: a proxy or load balancer on the way answered, and not AWS.
        (_, 200..300 | 408 | 500..) | ("", _) => AwsErrorKind::Unavailable,
        _ => AwsErrorKind::Rejected,
    }
}

/// The kind of a failure without an answer.
fn silent<E>(error: &SdkError<E, Response>) -> AwsErrorKind {
    match error {
        SdkError::ConstructionFailure(_) => AwsErrorKind::Rejected,
        SdkError::DispatchFailure(failure) if failure.is_user() => AwsErrorKind::Rejected,
        _ => AwsErrorKind::Unavailable,
    }
}

/// What can be done where nobody answered.
fn without_answer<E>(error: &SdkError<E, Response>) -> &'static str {
    match error {
        SdkError::DispatchFailure(failure) if !failure.is_user() => NOT_REACHED,
        SdkError::TimeoutError(_) => NOT_REACHED,
        _ => "",
    }
}

/// In whole seconds, or in milliseconds as AWS's own header has it.
fn retry_after(response: &Response) -> Option<Duration> {
    let number = |name: &str| response.headers().get(name).and_then(|value| value.trim().parse().ok());
    number("retry-after")
        .map(Duration::from_secs)
        .or_else(|| number("x-amz-retry-after").map(Duration::from_millis))
        .map(|wait| wait.min(LONGEST_WAIT))
}

/// The nearest cause of that type.
fn cause<'a, C: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a C> {
    std::iter::successors(error.source(), |error| error.source()).find_map(|error| error.downcast_ref())
}

/// Fit for a condition: one line, not longer than a paragraph.
fn legible(message: &str) -> String {
    let line = visible(&message.split_whitespace().collect::<Vec<_>>().join(" "));
    match line.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
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
