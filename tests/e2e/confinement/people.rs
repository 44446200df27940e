//! What people may do with the kinds through the aggregated roles.

use super::template;
use anyhow::{Result, ensure};
use harness::{shared, unique, wait_for};

#[tokio::test]
async fn editors_declare_and_viewers_look_and_nobody_writes_status() -> Result<()> {
    let control_plane = shared().await?;
    let namespace = unique("people");
    control_plane.namespace(&namespace, &[]).await?;
    let roles = ["--show-only", "templates/rbac-aggregated.yaml"];
    let manifest = template(control_plane, &namespace, &roles).await?;
    control_plane.apply(&namespace, &manifest).await?;
    for role in ["view", "edit"] {
        let account = format!("{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {role}}}}}");
        control_plane.apply(&namespace, &account).await?;
        let subject = format!("--serviceaccount={namespace}:{role}");
        control_plane
            .kubectl(&["create", "rolebinding", role, "--clusterrole", role, &subject, "-n", &namespace])
            .await?;
    }
    let may = async |role: &str, verb: &str, what: &str, part: &str| {
        let user = format!("system:serviceaccount:{namespace}:{role}");
        // kubectl prints `no` and fails when it is not allowed.
        control_plane
            .kubectl(&["auth", "can-i", verb, what, "--subresource", part, "--as", &user, "-n", &namespace])
            .await
            .is_ok()
    };
    let domains = "domains.codeartifact-operator.dev";
    wait_for("the roles are aggregated", harness::wait::PATIENCE, async || {
        ensure!(
            may("edit", "create", domains, "").await && may("view", "get", domains, "").await,
            "they are not yet"
        );
        Ok(())
    })
    .await?;
    for plural in ["domains", "repositories", "packagepolicies", "registrycredentials"] {
        let kind = format!("{plural}.codeartifact-operator.dev");
        for verb in ["get", "list", "watch", "create", "update", "patch", "delete"] {
            let reads = ["get", "list", "watch"].contains(&verb);
            assert!(may("edit", verb, &kind, "").await, "edit {verb} {kind}");
            assert_eq!(may("view", verb, &kind, "").await, reads, "view {verb} {kind}");
            assert!(!may("edit", verb, &kind, "status").await, "edit {verb} {kind}/status");
        }
    }
    Ok(())
}
