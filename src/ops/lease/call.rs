//! One call of the Kubernetes API, and how it fails.

use k8s_openapi::api::coordination::v1::Lease;

use super::CALL_TIMEOUT;

/// A failed call.
pub(super) enum Failure {
    /// Somebody else wrote in between.
    Conflict,
    /// Anything else.
    Other(String),
}

impl Failure {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Conflict => "another process wrote it in between".into(),
            Self::Other(text) => text,
        }
    }
}

pub(super) async fn call<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Failure> {
    match tokio::time::timeout(CALL_TIMEOUT, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(kube::Error::Api(status))) if status.is_conflict() || status.is_already_exists() => {
            Err(Failure::Conflict)
        }
        Ok(Err(error)) => Err(Failure::Other(error.to_string())),
        Err(_) => Err(Failure::Other(format!("no answer within {CALL_TIMEOUT:?}"))),
    }
}

/// A conflict while taking a Lease means that somebody else was faster.
pub(super) fn taken(answer: Result<Lease, Failure>) -> Result<Option<Lease>, String> {
    match answer {
        Ok(lease) => Ok(Some(lease)),
        Err(Failure::Conflict) => Ok(None),
        Err(failure) => Err(failure.into_text()),
    }
}
