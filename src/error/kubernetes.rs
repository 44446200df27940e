//! What the Kubernetes API server said, in words for users. Pure.

use kube::core::Status;

use crate::reason::{Outlook, Reason};

/// What a failed call to the API server means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// A webhook or a policy of the cluster refused it.
    Admission,
    /// A `ResourceQuota` of the namespace is used up.
    Quota,
    /// The operator's roles do not allow it.
    Forbidden,
    /// The request is not acceptable as it is.
    Rejected,
    /// Somebody else wrote first.
    Conflict,
    /// The API server did not answer, or answered that it has failed.
    Unavailable,
}

/// The word for conditions, events and metrics.
pub(super) fn reason(error: &kube::Error) -> Reason {
    match failure(error) {
        Failure::Admission => Reason::AdmissionDenied,
        Failure::Quota => Reason::QuotaExceeded,
        Failure::Forbidden => Reason::KubernetesForbidden,
        Failure::Rejected => Reason::KubernetesRejected,
        Failure::Conflict => Reason::Conflict,
        Failure::Unavailable => Reason::KubernetesUnavailable,
    }
}

/// What the user should expect: a refusal lasts until an administrator acts.
pub(super) fn outlook(error: &kube::Error) -> Outlook {
    match failure(error) {
        Failure::Admission | Failure::Quota | Failure::Forbidden | Failure::Rejected => Outlook::Denied,
        Failure::Conflict | Failure::Unavailable => Outlook::Retrying(None),
    }
}

/// Who refused, and the API server's own sentence.
pub(super) fn words(error: &kube::Error) -> String {
    let kube::Error::Api(status) = error else {
        return format!("the Kubernetes API server could not be reached: {}", chain(error));
    };
    let said = said(status);
    match failure(error) {
        Failure::Admission => {
            format!("the cluster's admission control refused what the operator wrote: {said}")
        }
        Failure::Quota => format!("a ResourceQuota of the namespace is used up: {said}"),
        Failure::Forbidden if status.code == 401 => format!(
            "the Kubernetes API server does not accept the operator's ServiceAccount token; restart the operator's pod, so that the pod \
             gets a new one: {said}"
        ),
        Failure::Forbidden => {
            format!("the operator's roles do not allow it; install the roles of its chart: {said}")
        }
        Failure::Rejected => format!("the Kubernetes API server does not accept it: {said}"),
        Failure::Conflict => format!("somebody else changed the object at the same time: {said}"),
        Failure::Unavailable => format!("the Kubernetes API server failed: {said}"),
    }
}

fn failure(error: &kube::Error) -> Failure {
    let kube::Error::Api(status) = error else { return Failure::Unavailable };
    let said = |word: &str| status.message.contains(word);
    match status.code {
        429 | 500.. => Failure::Unavailable,
        400..500 if said("admission webhook") || said("AdmissionPolicy") => Failure::Admission,
        403 if said("exceeded quota") || said("failed quota") => Failure::Quota,
        403 if said("cannot ") && said("in API group") => Failure::Forbidden,
        // Other admission plugins, and authorizers with words of their own.
        401 => Failure::Forbidden,
        409 => Failure::Conflict,
        _ => Failure::Rejected,
    }
}

/// The API server's sentence, or its code when it has none.
fn said(status: &Status) -> String {
    if status.message.is_empty() { format!("HTTP {}", status.code) } else { status.message.clone() }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn api(code: u16, message: &str) -> Error {
        let status = Status { code, message: message.into(), reason: "X".into(), ..Status::default() };
        kube::Error::Api(Box::new(status)).into()
    }

    #[test]
    fn refusals_keep_the_api_servers_sentence_and_say_who_refused() {
        let denied = Outlook::Denied;
        let again = Outlook::Retrying(None);
        for (code, message, reason, outlook) in [
            (400, r#"admission webhook "a.example" denied the request: no"#, Reason::AdmissionDenied, denied),
            (
                422,
                r#"secrets "login" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"#,
                Reason::AdmissionDenied,
                denied,
            ),
            (
                403,
                r#"secrets "login" is forbidden: exceeded quota: q, used: count/secrets=1"#,
                Reason::QuotaExceeded,
                denied,
            ),
            (
                403,
                r#"secrets is forbidden: User "u" cannot create resource "secrets" in API group "" in the namespace "n""#,
                Reason::KubernetesForbidden,
                denied,
            ),
            (403, "configmaps cannot be changed now", Reason::KubernetesRejected, denied),
            (403, "no such kind in API group x", Reason::KubernetesRejected, denied),
            (401, "Unauthorized", Reason::KubernetesForbidden, denied),
            (
                403,
                r#"secrets "login" is forbidden: unable to create new content in namespace n because it is being terminated"#,
                Reason::KubernetesRejected,
                denied,
            ),
            (
                422,
                r#"Secret "login" is invalid: metadata.labels: Invalid value"#,
                Reason::KubernetesRejected,
                denied,
            ),
            (409, "the object has been modified", Reason::Conflict, again),
            (429, "too many requests", Reason::KubernetesUnavailable, again),
            (500, r#"failed calling webhook "a": timeout"#, Reason::KubernetesUnavailable, again),
        ] {
            let error = api(code, message);
            assert_eq!((error.reason(), error.outlook()), (reason, outlook), "{message}");
            let text = error.to_string();
            assert!(text.ends_with(message), "{text}");
            assert!(!text.contains("Status {") && !text.contains("ApiError"), "{text}");
        }
        assert!(api(503, "").to_string().ends_with("failed: HTTP 503"));
    }

    #[test]
    fn what_did_not_answer_is_unavailable() {
        let error: Error = kube::Error::Service("connection refused".into()).into();
        assert_eq!(error.reason(), Reason::KubernetesUnavailable);
        assert!(error.to_string().contains("connection refused"), "{error}");
    }

    #[test]
    fn causes_follow_in_one_line_and_none_is_said_twice() {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Outer(&'static str, #[source] std::io::Error);
        let refused = || std::io::Error::other("connection refused");
        assert_eq!(chain(&Outer("cannot connect", refused())), "cannot connect: connection refused");
        assert_eq!(
            chain(&Outer("connection refused by 127.0.0.1", refused())),
            "connection refused by 127.0.0.1"
        );
    }
}
