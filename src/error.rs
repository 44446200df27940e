//! What can go wrong, and what the user should expect next.

mod kubernetes;

use std::time::Duration;

use crate::aws::AwsError;

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

/// What the user should expect. Decides the condition, the event and the requeue together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// It is tried again with backoff, 1 s to 5 min; not before the given time when AWS asked for one.
    Retrying(Option<Duration>),
    /// A dependency comes first; its event wakes this object, and it is looked at again now and then.
    Waiting,
    /// Access, quota or sign-in: tried again from 10 s to 5 min, Stalled once it has lasted 10 minutes.
    Denied,
    /// This spec must change; looked at again every interval.
    Stalled,
}

/// The closed list of condition and event reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// AWS is as declared.
    Synced,
    /// It exists and can be read; nothing is written in this mode.
    Observed,
    /// Work goes on.
    Progressing,
    /// The object, or its account, is suspended.
    Suspended,
    /// The spec cannot be carried out.
    InvalidSpec,
    /// The object could not be read at all.
    Malformed,
    /// The spec names another resource than the one pinned in status.
    IdentityChanged,
    /// Another owner's tag is on the resource.
    OwnedByOther,
    /// It exists, is not ours, and adoptionPolicy does not allow to take it.
    AdoptionRefused,
    /// No grant of the AwsAccount allows this.
    GrantMissing,
    /// The AwsAccount is missing or not ready.
    AccountNotReady,
    /// A referenced object is missing or not ready.
    DependencyNotReady,
    /// A resource in AWS is missing.
    NotFound,
    /// AWS denied access.
    AccessDenied,
    /// A quota of the account in AWS, or of the namespace, is reached.
    QuotaExceeded,
    /// Signing in failed.
    SignInFailed,
    /// AWS asked to slow down.
    Throttled,
    /// AWS failed or could not be reached.
    AwsUnavailable,
    /// AWS does not accept the request.
    AwsRejected,
    /// AWS reported a conflict.
    Conflict,
    /// The Kubernetes API server failed or could not be reached.
    KubernetesUnavailable,
    /// A webhook or a policy of the cluster refused what we wrote.
    AdmissionDenied,
    /// Our roles in the cluster do not allow it.
    KubernetesForbidden,
    /// The Kubernetes API server does not accept what we wrote.
    KubernetesRejected,
    /// AWS differs from the spec.
    Drifted,
    /// Nothing differs.
    InSync,
    /// Deletion cannot go on.
    DeletionBlocked,
    /// Deletion goes on.
    Deleting,
    /// The Secret holds a valid login.
    Issued,
    /// The token could not be renewed; the old one still works.
    RenewalFailing,
    /// A Secret of that name belongs to somebody else.
    SecretNotOurs,
    /// The Secret is being deleted and has not gone yet.
    SecretDeleting,
    /// A defect of ours.
    InternalError,
    /// Event: made in AWS.
    Created,
    /// Event: changed in AWS.
    Updated,
    /// Event: taken over.
    Adopted,
    /// Event: let go, and left in AWS.
    Released,
    /// Event: deleted in AWS.
    Deleted,
    /// Event: AWS had been changed from outside, and was put right.
    DriftCorrected,
    /// Event: a token was minted or renewed.
    Renewed,
}

impl Reason {
    /// The word as it stands in conditions, events and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::Observed => "Observed",
            Self::Progressing => "Progressing",
            Self::Suspended => "Suspended",
            Self::InvalidSpec => "InvalidSpec",
            Self::Malformed => "Malformed",
            Self::IdentityChanged => "IdentityChanged",
            Self::OwnedByOther => "OwnedByOther",
            Self::AdoptionRefused => "AdoptionRefused",
            Self::GrantMissing => "GrantMissing",
            Self::AccountNotReady => "AccountNotReady",
            Self::DependencyNotReady => "DependencyNotReady",
            Self::NotFound => "NotFound",
            Self::AccessDenied => "AccessDenied",
            Self::QuotaExceeded => "QuotaExceeded",
            Self::SignInFailed => "SignInFailed",
            Self::Throttled => "Throttled",
            Self::AwsUnavailable => "AwsUnavailable",
            Self::AwsRejected => "AwsRejected",
            Self::Conflict => "Conflict",
            Self::KubernetesUnavailable => "KubernetesUnavailable",
            Self::AdmissionDenied => "AdmissionDenied",
            Self::KubernetesForbidden => "KubernetesForbidden",
            Self::KubernetesRejected => "KubernetesRejected",
            Self::Drifted => "Drifted",
            Self::InSync => "InSync",
            Self::DeletionBlocked => "DeletionBlocked",
            Self::Deleting => "Deleting",
            Self::Issued => "Issued",
            Self::RenewalFailing => "RenewalFailing",
            Self::SecretNotOurs => "SecretNotOurs",
            Self::SecretDeleting => "SecretDeleting",
            Self::InternalError => "InternalError",
            Self::Created => "Created",
            Self::Updated => "Updated",
            Self::Adopted => "Adopted",
            Self::Released => "Released",
            Self::Deleted => "Deleted",
            Self::DriftCorrected => "DriftCorrected",
            Self::Renewed => "Renewed",
        }
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

    /// The same error with something that the reader needs to know first.
    #[must_use]
    pub fn after(self, note: &str) -> Self {
        let with = |message: String| format!("{note}: {message}");
        match self {
            Self::Aws(error) => Self::Aws(AwsError { message: with(error.message), ..error }),
            Self::Stalled { reason, message } => Self::Stalled { reason, message: with(message) },
            Self::Waiting { reason, message } => Self::Waiting { reason, message: with(message) },
            other => other,
        }
    }

    /// An account's error as its users have it: they cannot do anything about it, and try again before long.
    #[must_use]
    pub fn of_account(self) -> Self {
        match self {
            Self::Stalled { reason, message } => Self::Waiting { reason, message },
            other => other,
        }
    }

    /// What the user should expect.
    pub fn outlook(&self) -> Outlook {
        match self {
            Self::Invalid { .. } | Self::Stalled { .. } => Outlook::Stalled,
            Self::Waiting { .. } => Outlook::Waiting,
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
            Self::Stalled { reason, .. } | Self::Waiting { reason, .. } => *reason,
            Self::Aws(error) => error.reason(),
            Self::Shared(error) | Self::Noted { error, .. } => error.reason(),
            Self::Kube(error) => kubernetes::reason(error),
            Self::KubeTimeout(_) => Reason::KubernetesUnavailable,
            Self::Internal(_) => Reason::InternalError,
        }
    }
}
