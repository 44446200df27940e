//! Compares the reasons that the operators of a run wrote in conditions and events with the documented reasons.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::audit::requests::audit_logs;
use crate::control_plane::read_audit_log;

/// The page that lists every reason. A unit test of the operator fails when the page lacks one.
const PAGE: &str = include_str!("../../../../docs/conditions.md");

/// Reasons that no test of the running operator can produce, with why.
const UNIT_TESTS_ONLY: [(&str, &str); 1] = [(
    "InternalError",
    "only a defect of the operator gives this reason; engine::controller tests plant one",
)];

/// The reasons of the documentation page, in its order.
pub fn documented_reasons() -> Result<Vec<&'static str>> {
    let rows = PAGE.lines().skip_while(|line| !line.starts_with("| reason |")).skip(2);
    let reasons: Vec<_> = rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next()).collect();
    ensure!(!reasons.is_empty(), "docs/conditions.md lists no reason");
    Ok(reasons)
}

/// The documented reasons that the operators of these names wrote in no condition and no event, by the audit logs among the files.
pub fn reasons_of_nobody(files: &[PathBuf], operators: &BTreeSet<String>) -> Result<Vec<&'static str>> {
    let mut given = BTreeSet::new();
    for file in audit_logs(files) {
        for event in read_audit_log(file)? {
            if operators.contains(&event.user.username) {
                given.extend(reasons_in(&event.request_object).into_iter().map(str::to_owned));
            }
        }
    }
    let known =
        |reason: &&str| given.contains(*reason) || UNIT_TESTS_ONLY.iter().any(|(exempt, _)| exempt == reason);
    Ok(documented_reasons()?.into_iter().filter(|reason| !known(reason)).collect())
}

/// The reasons that a request's body gives, whether it is an event, a status or a JSON patch of a status.
fn reasons_in(body: &Value) -> Vec<&str> {
    match body {
        Value::Array(items) => items.iter().flat_map(reasons_in).collect(),
        Value::Object(members) => {
            let own = members.get("reason").and_then(Value::as_str);
            own.into_iter().chain(members.values().flat_map(reasons_in)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_and_events_give_reasons() {
        let status = json!([{"op": "test", "path": "/metadata/uid", "value": "1"},
            {"op": "add", "path": "/status", "value": {"conditions": [{"reason": "Synced"}, {"reason": "Drifted"}]}}]);
        assert_eq!(reasons_in(&status), ["Synced", "Drifted"]);
        assert_eq!(reasons_in(&json!({"reason": "Created", "note": "x"})), ["Created"]);
        assert!(reasons_in(&Value::Null).is_empty());
    }

    #[test]
    fn the_page_is_read_to_its_end() -> Result<()> {
        let reasons = documented_reasons()?;
        assert_eq!((reasons.first(), reasons.last()), (Some(&"Synced"), Some(&"Renewed")));
        Ok(())
    }
}
