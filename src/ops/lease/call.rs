//! One call of the Kubernetes API, and how it fails.

use k8s_openapi::api::coordination::v1::Lease;

use super::CALL_TIMEOUT;
use crate::error::Error;
use crate::kubernetes::kube_call_within;

/// A failed call.
pub(super) enum Failure {
    /// Somebody else wrote in between.
    Conflict,
    /// What was named does not exist.
    Missing,
    /// Anything else.
    Other(String),
}

impl Failure {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Conflict => "another process wrote it in between".into(),
            Self::Missing => "the Lease was deleted in between".into(),
            Self::Other(text) => text,
        }
    }
}

pub(super) async fn call<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Failure> {
    kube_call_within(CALL_TIMEOUT, call).await.map_err(|error| match error {
        Error::Kube(error) => match *error {
            kube::Error::Api(status) if status.is_conflict() || status.is_already_exists() => {
                Failure::Conflict
            }
            kube::Error::Api(status) if status.is_not_found() => Failure::Missing,
            other => Failure::Other(Error::from(other).to_string()),
        },
        other => Failure::Other(other.to_string()),
    })
}

/// A conflict while taking a Lease means that somebody else was faster; what is missing when a Lease is made is its namespace.
pub(super) fn taken(answer: Result<Lease, Failure>, namespace: &str) -> Result<Option<Lease>, String> {
    match answer {
        Ok(lease) => Ok(Some(lease)),
        Err(Failure::Conflict) => Ok(None),
        Err(Failure::Missing) => Err(format!(
            "the namespace {namespace} does not exist; create it, or name the operator's namespace with --operator-namespace"
        )),
        Err(failure) => Err(failure.into_text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_to_take_the_lease_says_what_to_do() {
        assert_eq!(taken(Ok(Lease::default()), "here"), Ok(Some(Lease::default())));
        assert_eq!(taken(Err(Failure::Conflict), "here"), Ok(None), "somebody else was faster");
        let missing = taken(Err(Failure::Missing), "here").unwrap_err();
        assert!(missing.contains("the namespace here does not exist"), "{missing}");
        assert!(missing.contains("--operator-namespace"), "{missing}");
        assert_eq!(taken(Err(Failure::Other("why".into())), "here"), Err("why".into()));
    }
}
