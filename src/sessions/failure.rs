//! A failed sign-in, in a form that can be told to everyone who waits for it.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::aws::{AwsError, AwsErrorKind};
use crate::error::Error;
use crate::reason::Reason;

/// A failed sign-in is not tried again for this long, so that many users of an account do not each try.
const REMEMBER_FAILURE: SignedDuration = SignedDuration::from_secs(5);
/// The same for a failure that may pass by itself.
const REMEMBER_TROUBLE: SignedDuration = SignedDuration::from_secs(1);

/// Why signing in did not work.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// AWS refused, or the credentials are missing.
    Aws(AwsError),
    /// The AwsAccount must change.
    Stalled(String),
    /// The Kubernetes API server refused, failed or could not be reached. The note says what for.
    Cluster {
        /// What could not be done.
        note: String,
        /// Why.
        error: Arc<Error>,
    },
}

impl Failure {
    /// The credentials are missing or cannot work, in our own words.
    pub(super) fn sign_in(message: impl Into<String>) -> Self {
        Self::Aws(AwsError { operation: "SignIn", kind: AwsErrorKind::SignIn, message: message.into() })
    }

    /// For how long nobody tries again.
    pub(super) fn remembered_for(&self) -> SignedDuration {
        match self {
            Self::Stalled(_) => REMEMBER_FAILURE,
            Self::Aws(error)
                if !matches!(error.kind, AwsErrorKind::Throttled(_) | AwsErrorKind::Unavailable) =>
            {
                REMEMBER_FAILURE
            }
            Self::Aws(_) | Self::Cluster { .. } => REMEMBER_TROUBLE,
        }
    }
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Aws(error) => Self::Aws(error),
            Failure::Stalled(message) => Self::stalled(Reason::SignInFailed, message),
            Failure::Cluster { note, error } => Self::Noted { note, error },
        }
    }
}
