//! The one error that callers get: a code, a status, a message, and the members that the model declares.

mod members;

pub(crate) use members::{Reason, Resource, ResourceType};

use http::StatusCode;
use serde_json::Value;
use std::borrow::Cow;

/// A refusal, as a caller sees it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct Error {
    pub(crate) code: Cow<'static, str>,
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    pub(crate) resource: Option<Box<Resource>>,
    pub(crate) reason: Option<Reason>,
    pub(crate) retry_after_seconds: Option<u32>,
}

/// What an operation returns.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Any code; those of the service get their status here.
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let code = code.into();
        let status = status_of(&code);
        Self {
            code,
            status,
            message: message.into(),
            resource: None,
            reason: None,
            retry_after_seconds: None,
        }
    }

    /// The same with another status than its code usually has.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn access_denied(message: impl Into<String>) -> Self {
        Self::new("AccessDeniedException", message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new("InternalServerException", message)
    }

    pub(crate) fn unknown_operation() -> Self {
        Self::new("UnknownOperationException", "The operation is not known")
    }

    pub(crate) fn conflict(kind: ResourceType, id: &str, message: impl Into<String>) -> Self {
        Self::new("ConflictException", message).about(kind, id)
    }

    pub(crate) fn not_found(kind: ResourceType, id: &str, message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", message).about(kind, id)
    }

    pub(crate) fn quota(kind: ResourceType, id: &str, message: impl Into<String>) -> Self {
        Self::new("ServiceQuotaExceededException", message).about(kind, id)
    }

    /// All the values that break constraints, in AWS's own words, each told by [`violation`].
    pub(crate) fn constraints(violations: &[String]) -> Self {
        let count = violations.len();
        let plural = if count == 1 { "" } else { "s" };
        let told = violations.join("; ");
        Self::validation(
            Reason::FieldValidationFailed,
            format!("{count} validation error{plural} detected: {told}"),
        )
    }

    /// A request that the service understands and will not do.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::validation(Reason::Other, message)
    }

    pub(crate) fn unparsable(message: impl Into<String>) -> Self {
        Self::validation(Reason::CannotParse, message)
    }

    /// A KMS key that cannot be used.
    pub(crate) fn encryption_key(message: impl Into<String>) -> Self {
        Self::validation(Reason::EncryptionKeyError, message)
    }

    fn validation(reason: Reason, message: impl Into<String>) -> Self {
        Self::new("ValidationException", message).because(Some(reason))
    }

    /// The same with another reason.
    pub(crate) fn because(self, reason: Option<Reason>) -> Self {
        Self { reason, ..self }
    }

    /// The same about another resource.
    pub(crate) fn of(self, resource: Resource) -> Self {
        Self { resource: Some(Box::new(resource)), ..self }
    }

    fn about(self, kind: ResourceType, id: &str) -> Self {
        self.of(Resource { id: Some(id.into()), kind: Some(kind) })
    }
}

/// What is wrong with one value.
pub(crate) fn violation(value: &Value, member: &str, constraint: &str) -> String {
    let shown = match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => format!("'{text}'"),
        other => format!("'{other}'"),
    };
    format!("Value {shown} at '{member}' failed to satisfy constraint: {constraint}")
}

/// The status of each code that the service model or the list of common errors names.
fn status_of(code: &str) -> StatusCode {
    match code {
        // The data plane's; the model does not have it.
        "UnauthorizedException" => StatusCode::UNAUTHORIZED,
        "ServiceQuotaExceededException" => StatusCode::PAYMENT_REQUIRED,
        "AccessDeniedException"
        | "AccessDenied"
        | "ExpiredTokenException"
        | "ExpiredToken"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "OptInRequired"
        | "MissingAuthenticationTokenException"
        | "MissingAuthenticationToken" => StatusCode::FORBIDDEN,
        "ResourceNotFoundException" | "UnknownOperationException" => StatusCode::NOT_FOUND,
        "ConflictException" => StatusCode::CONFLICT,
        "RequestTimeoutException" => StatusCode::REQUEST_TIMEOUT,
        "RequestEntityTooLargeException" => StatusCode::PAYLOAD_TOO_LARGE,
        "ThrottlingException" => StatusCode::TOO_MANY_REQUESTS,
        "InternalServerException" | "InternalFailure" => StatusCode::INTERNAL_SERVER_ERROR,
        "ServiceUnavailable" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraint_messages_read_like_the_service() {
        let violation = violation(&Value::from("A"), "domain", "Member must be good");
        let error = Error::constraints(&[violation]);
        assert_eq!(
            error.message,
            "1 validation error detected: Value 'A' at 'domain' failed to satisfy constraint: \
             Member must be good"
        );
        assert_eq!(error.status, StatusCode::BAD_REQUEST);
    }
}
