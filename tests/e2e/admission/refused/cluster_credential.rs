//! ClusterRegistryCredential.

use serde_json::json;

use super::credential;
use crate::admission::{Row, row};

const KIND: &str = "ClusterRegistryCredential";

/// What a login of one namespace does not have.
pub(super) fn own() -> Vec<Row> {
    let pip = json!({"repository": {"domain": "acme", "name": "team"}, "formats": ["pip"]});
    let without = json!({"repositoryRef": {"name": "team"}, "formats": ["npm"]});
    vec![
        row(
            KIND,
            json!({"namespaceSelector": null}),
            "say which namespaces: namespaceSelector ({} picks every namespace), namespaces, or both",
        ),
        row(KIND, json!({"namespaces": []}), "spec.namespaces in body should have at least 1 items"),
        row(KIND, json!({"namespaces": ["Team"]}), "spec.namespaces[0] in body should match"),
        row(KIND, json!({"namespaces": ["team-*"]}), "spec.namespaces[0] in body should match"),
        row(
            KIND,
            json!({"excludedNamespaces": ["kube_*"]}),
            "spec.excludedNamespaces[0] in body should match",
        ),
        row(
            KIND,
            json!({"registries": [without]}),
            "repositoryRef needs a namespace in a ClusterRegistryCredential",
        ),
        row(
            KIND,
            json!({"registries": [pip, pip]}),
            "pip and sbt can each hold one registry; make a second ClusterRegistryCredential for the other",
        ),
    ]
}

/// What it has in common with a login of one namespace.
pub(super) fn shared() -> Vec<Row> {
    let rows = [credential::registries(), credential::names(), credential::settings()].into_iter().flatten();
    rows.filter(|row| row.kind == "RegistryCredential" && !row.message.contains("RegistryCredential"))
        .map(|of_namespace| row(KIND, of_namespace.change, of_namespace.message))
        .collect()
}
