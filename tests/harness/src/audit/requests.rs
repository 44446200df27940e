//! Was an operator's request refused by RBAC, or by an admission policy of the chart?

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;

use crate::control_plane::{AuditEvent, read_audit_log};

/// What was checked, and what was refused.
#[derive(Debug, Default)]
pub struct Checked {
    /// How many audit logs.
    pub logs: usize,
    /// How many requests of operators.
    pub requests: usize,
    /// One line for each that was refused.
    pub denied: Vec<String>,
}

/// Reads all audit logs among the files and judges the requests of these users.
pub fn check_requests(files: &[PathBuf], operators: &BTreeSet<String>) -> Result<Checked> {
    let mut checked = Checked::default();
    for file in audit_logs(files) {
        checked.logs += 1;
        let mut log = read_audit_log(file)?;
        log.retain(|event| operators.contains(&event.user.username));
        checked.requests += log.len();
        checked.denied.extend(refused(&log).map(AuditEvent::summary));
    }
    Ok(checked)
}

/// The audit logs of API servers among the files.
pub(super) fn audit_logs(files: &[PathBuf]) -> impl Iterator<Item = &PathBuf> {
    files.iter().filter(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("audit-") && name.ends_with(".log")
    })
}

/// The requests that were refused for good, by RBAC or by the chart's own admission policies. An API server that has just started refuses everybody until it has read its
/// roles; the same request is then allowed when it is made again. What the chart forgets is never allowed.
pub fn refused(log: &[AuditEvent]) -> impl Iterator<Item = &AuditEvent> {
    log.iter()
        .enumerate()
        .filter(|(index, event)| {
            let allowed_later =
                || log[*index..].iter().any(|later| !is_refusal(later) && same_request(later, event));
            is_refusal(event) && !allowed_later()
        })
        .map(|(_, event)| event)
}

fn is_refusal(event: &AuditEvent) -> bool {
    event.denied() || event.refused_by_policy()
}

/// A create that RBAC refuses is refused before its body is read, so that the log does not know the name.
fn same_request(later: &AuditEvent, refused: &AuditEvent) -> bool {
    let mut object = later.object_ref.clone();
    if let (Some(object), Some(refused)) = (&mut object, &refused.object_ref)
        && refused.name.is_empty()
    {
        object.name.clear();
    }
    (&later.user.username, &later.verb, &object)
        == (&refused.user.username, &refused.verb, &refused.object_ref)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(verb: &str, resource: &str, decision: &str) -> AuditEvent {
        let event = json!({
            "stage": "ResponseComplete", "verb": verb, "user": {"username": "operator"}, "requestURI": "/",
            "objectRef": {"resource": resource}, "stageTimestamp": "2026-01-01T00:00:00Z",
            "annotations": {"authorization.k8s.io/decision": decision},
        });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn a_refusal_by_a_policy_of_the_chart_counts_and_one_by_another_does_not() {
        let told = |policy: &str| {
            let message = format!(
                "secrets \"login\" is forbidden: ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request: no"
            );
            let mut event = event("patch", "secrets", "allow");
            event.response_status.code = 422;
            event.response_status.message = message;
            event
        };
        let log =
            [told("somebody-else"), told("codeartifact-operator-team"), event("list", "secrets", "allow")];
        assert_eq!(refused(&log).count(), 1);
    }

    #[test]
    fn a_create_that_is_allowed_later_was_not_refused_though_its_refusal_has_no_name() {
        let mut allowed = event("create", "secrets", "allow");
        allowed.object_ref.as_mut().unwrap().name = "login".into();
        assert_eq!(refused(&[event("create", "secrets", "forbid"), allowed.clone()]).count(), 0);
        allowed.object_ref.as_mut().unwrap().namespace = "elsewhere".into();
        assert_eq!(refused(&[event("create", "secrets", "forbid"), allowed]).count(), 1);
    }

    #[test]
    fn what_is_allowed_when_it_is_asked_again_was_not_refused() {
        let log = [
            event("watch", "domains", "allow"),
            event("watch", "domains", "forbid"),
            event("watch", "domains", "allow"),
            event("list", "pods", "forbid"),
            event("watch", "secrets", "allow"),
            event("watch", "secrets", "forbid"),
        ];
        let refused: Vec<_> = refused(&log)
            .map(|event| (event.verb.as_str(), event.object_ref.as_ref().unwrap().resource.as_str()))
            .collect();
        assert_eq!(refused, [("list", "pods"), ("watch", "secrets")]);
    }
}
