//! The audit log: what everyone asked of the API server.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde::Deserialize;

use crate::control_plane::ControlPlane;
use crate::wait::{PATIENCE, wait_for};

/// One request, as the API server answered it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// `ResponseComplete`, or `ResponseStarted` of a watch.
    pub stage: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, …
    pub verb: String,
    /// Who asked.
    pub user: User,
    /// What was asked for; none for paths such as `/readyz`.
    #[serde(default)]
    pub object_ref: Option<Reference>,
    /// How it was answered.
    #[serde(default)]
    pub response_status: ResponseStatus,
    /// The path and query.
    #[serde(rename = "requestURI")]
    pub request_uri: String,
    /// When it was answered.
    pub stage_timestamp: Timestamp,
    /// Among others the authorizer's decision and its reason.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// The request's body, of our kinds and of events.
    #[serde(default)]
    pub request_object: serde_json::Value,
}

/// Who asked.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    /// For a ServiceAccount `system:serviceaccount:<namespace>:<name>`.
    pub username: String,
    /// What else the API server knows of who asked, such as the Pod that a token is bound to.
    #[serde(default)]
    pub extra: BTreeMap<String, Vec<String>>,
}

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reference {
    /// API group, empty for the core one.
    pub api_group: String,
    /// Plural, such as `secrets`.
    pub resource: String,
    /// Empty for cluster-scoped ones.
    pub namespace: String,
    /// Empty for lists.
    pub name: String,
    /// Such as `status`.
    pub subresource: String,
}

/// How a request was answered.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ResponseStatus {
    /// The HTTP status.
    #[serde(default)]
    pub code: u16,
    /// Why a request failed, in the API server's words.
    #[serde(default)]
    pub message: String,
}

impl AuditEvent {
    /// Whether RBAC refused it. A 403 of a request that RBAC allowed comes from admission, for example because its
    /// namespace is being deleted.
    pub fn denied(&self) -> bool {
        match self.annotations.get("authorization.k8s.io/decision") {
            Some(decision) => decision == "forbid",
            None => self.response_status.code == 403,
        }
    }

    /// Whether an admission policy of the chart refused it. The chart's policies confine the operator: what they refuse,
    /// the operator must not even try.
    pub fn refused_by_policy(&self) -> bool {
        let message = &self.response_status.message;
        message.contains("ValidatingAdmissionPolicy 'codeartifact-operator")
            && message.contains("denied request")
    }

    /// Whether it asked to change something. Leases of leader election are changed all the time and count apart, and a
    /// review of the caller's identity is a question that stores nothing.
    pub fn writes(&self) -> bool {
        const APART: [&str; 2] = ["leases", "selfsubjectreviews"];
        let apart = self.object_ref.as_ref().is_some_and(|object| APART.contains(&object.resource.as_str()));
        !apart && ["create", "update", "patch", "delete", "deletecollection"].contains(&self.verb.as_str())
    }

    /// The Pod whose token asked, where the token is bound to a Pod.
    pub fn pod(&self) -> Option<&str> {
        self.user.extra.get("authentication.kubernetes.io/pod-name")?.first().map(String::as_str)
    }

    /// One line for a report.
    pub fn summary(&self) -> String {
        let reason = self.annotations.get("authorization.k8s.io/reason").map_or("", String::as_str);
        let (user, status) = (&self.user.username, &self.response_status);
        format!("{user} {} {} → {} {reason} {}", self.verb, self.request_uri, status.code, status.message)
    }
}

/// Reads an audit log; its last line may still be in the making and is then left out.
pub fn read(path: &Path) -> Result<Vec<AuditEvent>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    complete
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("not an audit event: {line}")))
        .collect()
}

impl ControlPlane {
    /// All requests so far, watches once. Anything answered before this call is in it.
    pub async fn audit_log(&self) -> Result<Vec<AuditEvent>> {
        ensure!(self.options.audit, "this control plane was started without an audit log");
        let marker = crate::unique("/marker");
        let request = http::Request::get(marker.as_str()).body(Vec::new())?;
        // Nothing is there: the answer does not matter, only that the request is in the log after all others.
        drop(self.client()?.request_text(request).await);
        wait_for("the audit log is complete", PATIENCE, async || {
            let mut events = read(&self.audit_log)?;
            let end = events
                .iter()
                .position(|event| event.request_uri == marker)
                .context("the marker is not in it")?;
            events.truncate(end);
            events.retain(|event| event.verb != "watch" || event.stage == "ResponseStarted");
            Ok(events)
        })
        .await
    }
}
