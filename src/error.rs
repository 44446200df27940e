//! What can go wrong, and what the user should expect next.

mod kubernetes;

use std::time::Duration;

use crate::aws::AwsError;
use crate::reason::{Outlook, Reason};

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a reconcile did not end in sync.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The spec cannot be carried out as it is written.
    #[error("{field} is {value}: {remedy}")]
    Invalid {
        /// Path of the field, such as `spec.upstreams[1].name`.
        field: String,
        /// What it says.
        value: String,
        /// What to do about it.
        remedy: String,
    },
    /// The object itself cannot go on until somebody decides; the reason says which decision.
    #[error("{message}")]
    Stalled {
        /// Why.
        reason: Reason,
        /// What is wrong and what to do.
        message: String,
    },
    /// Something else must come first.
    #[error("{message}")]
    Waiting {
        /// Why.
        reason: Reason,
        /// What is waited for, by name.
        message: String,
    },
    /// Somebody must allow it, and it is tried again.
    #[error("{message}")]
    Denied {
        /// Why.
        reason: Reason,
        /// What is refused and what to do.
        message: String,
    },
    /// AWS refused, or could not be reached.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The Kubernetes API server refused, or could not be reached.
    #[error("{}", kubernetes::words(.0))]
    Kube(#[source] Box<kube::Error>),
    /// A call to the Kubernetes API server took too long.
    #[error("the Kubernetes API server did not answer within {0:?}")]
    KubeTimeout(Duration),
    /// What failed for several at once.
    #[error("{0}")]
    Shared(std::sync::Arc<Error>),
    /// What failed for several at once, with what was tried.
    #[error("{note}: {error}")]
    Noted {
        /// What could not be done.
        note: String,
        /// Why.
        error: std::sync::Arc<Error>,
    },
    /// A defect of ours.
    #[error(
        "internal error: {0}; please report it, with the operator's log, where you got the operator from"
    )]
    Internal(String),
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Self {
        Self::Kube(Box::new(error))
    }
}

impl Error {
    /// A spec that cannot be carried out.
    pub fn invalid(field: impl Into<String>, value: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), value: value.into(), remedy: remedy.into() }
    }

    /// Somebody must decide.
    pub fn stalled(reason: Reason, message: impl Into<String>) -> Self {
        Self::Stalled { reason, message: message.into() }
    }

    /// Something else must come first.
    pub fn waiting(reason: Reason, message: impl Into<String>) -> Self {
        Self::Waiting { reason, message: message.into() }
    }

    /// Somebody must allow it.
    pub fn denied(reason: Reason, message: impl Into<String>) -> Self {
        Self::Denied { reason, message: message.into() }
    }

    /// The same error with something that the reader needs to know first.
    #[must_use]
    pub fn after(self, note: &str) -> Self {
        let with = |message: String| format!("{note}: {message}");
        match self {
            Self::Aws(error) => Self::Aws(AwsError { message: with(error.message), ..error }),
            Self::Stalled { reason, message } => Self::Stalled { reason, message: with(message) },
            Self::Waiting { reason, message } => Self::Waiting { reason, message: with(message) },
            Self::Denied { reason, message } => Self::Denied { reason, message: with(message) },
            Self::Shared(shared) => match shared.as_ref() {
                Self::Aws(error) => Self::Aws(error.clone()).after(note),
                Self::Stalled { reason, message } => {
                    Self::Stalled { reason: *reason, message: with(message.clone()) }
                }
                Self::Waiting { reason, message } => {
                    Self::Waiting { reason: *reason, message: with(message.clone()) }
                }
                _ => Self::Shared(shared),
            },
            other => other,
        }
    }

    /// The error of an AwsAccount of that name as its users have the error: they cannot do anything about it, and try again before long.
    #[must_use]
    pub fn of_account(self, name: &str) -> Self {
        match self {
            Self::Stalled { reason, message } => Self::Waiting { reason, message },
            other if other.reason() == Reason::SignInFailed => {
                other.after(&format!("AwsAccount {name} cannot sign in"))
            }
            other => other,
        }
    }

    /// Whether nothing is wrong, and work only waits until a suspension ends.
    pub fn is_suspension(&self) -> bool {
        self.outlook() == Outlook::Waiting && self.reason() == Reason::Suspended
    }

    /// What the user should expect.
    pub fn outlook(&self) -> Outlook {
        match self {
            Self::Invalid { .. } | Self::Stalled { .. } => Outlook::Stalled,
            Self::Waiting { .. } => Outlook::Waiting,
            Self::Denied { .. } => Outlook::Denied,
            Self::Aws(error) => error.outlook(),
            Self::Shared(error) | Self::Noted { error, .. } => error.outlook(),
            Self::Kube(error) => kubernetes::outlook(error),
            Self::KubeTimeout(_) | Self::Internal(_) => Outlook::Retrying(None),
        }
    }

    /// The word for conditions, events and metrics.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Invalid { .. } => Reason::InvalidSpec,
            Self::Stalled { reason, .. } | Self::Waiting { reason, .. } | Self::Denied { reason, .. } => {
                *reason
            }
            Self::Aws(error) => error.reason(),
            Self::Shared(error) | Self::Noted { error, .. } => error.reason(),
            Self::Kube(error) => kubernetes::reason(error),
            Self::KubeTimeout(_) => Reason::KubernetesUnavailable,
            Self::Internal(_) => Reason::InternalError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::AwsErrorKind;

    fn aws(kind: AwsErrorKind) -> Error {
        AwsError { operation: "Call", kind, message: String::new() }.into()
    }

    fn kubernetes(code: u16, message: &str) -> Error {
        let status = kube::core::Status { code, message: message.into(), ..kube::core::Status::default() };
        kube::Error::Api(Box::new(status)).into()
    }

    #[test]
    fn a_failure_stands_where_the_table_of_reasons_says() {
        use AwsErrorKind::{Conflict, Denied, NotFound, Quota, Rejected, SignIn, Throttled, Unavailable};
        let of_aws =
            [Conflict, Denied, NotFound, Quota, Rejected, SignIn, Throttled(None), Unavailable].map(aws);
        let of_kubernetes = [
            (400, "admission webhook said no"),
            (403, "exceeded quota: q"),
            (401, ""),
            (422, "is invalid"),
            (409, ""),
            (503, ""),
        ]
        .map(|(code, message)| kubernetes(code, message));
        let own = [
            Error::invalid("spec.name", "x", "y"),
            Error::KubeTimeout(Duration::ZERO),
            Error::Internal(String::new()),
        ];
        for error in of_aws.into_iter().chain(of_kubernetes).chain(own) {
            assert_eq!(error.reason().place(), Some(error.outlook().place()), "{:?}", error.reason());
        }
    }
}
