//! Which Secrets the operator may write, change and delete.

use super::{Release, refused, secret};
use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

/// A Secret as the operator writes it for a RegistryCredential.
pub(super) fn owned(name: &str, change: impl FnOnce(&mut Value)) -> Result<Secret> {
    let owner = json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "RegistryCredential",
        "name": "login", "uid": "7d0b2c5e-0000-4000-8000-000000000000", "controller": true});
    let labels = json!({"app.kubernetes.io/managed-by": "codeartifact-operator"});
    let mut document = json!({"metadata": {"name": name, "labels": labels, "ownerReferences": [owner]}});
    change(&mut document);
    Ok(serde_json::from_value(document)?)
}

#[tokio::test]
async fn the_operator_writes_its_own_kind_of_secret_only() -> Result<()> {
    let release = Release::install().await?;
    let secrets = release.secrets(&release.tenant);
    let create = PostParams { dry_run: true, ..PostParams::default() };
    secrets.create(&create, &owned("login", |_| {})?).await.context("a Secret as it should be")?;
    let of_cluster = owned("login", |secret| {
        secret["metadata"]["ownerReferences"][0]["kind"] = json!("ClusterRegistryCredential");
    })?;
    secrets.create(&create, &of_cluster).await.context("a Secret of a ClusterRegistryCredential")?;
    let refusals: [(fn(&mut Value), &str); 5] = [
        (|secret| secret["type"] = json!("kubernetes.io/basic-auth"), "of type Opaque only"),
        (
            |secret| secret["metadata"]["labels"] = json!({}),
            "app.kubernetes.io/managed-by=codeartifact-operator only",
        ),
        (
            |secret| secret["metadata"]["labels"]["codeartifact-operator.dev/component"] = json!("token"),
            "the label codeartifact-operator.dev/component marks the operator's own Secrets",
        ),
        (
            |secret| secret["metadata"]["ownerReferences"] = json!([]),
            "that a RegistryCredential or a ClusterRegistryCredential controls only",
        ),
        (
            |secret| secret["metadata"]["ownerReferences"][0]["kind"] = json!("Deployment"),
            "that a RegistryCredential or a ClusterRegistryCredential controls only",
        ),
    ];
    for (change, message) in refusals {
        let basic = json!({"username": "", "password": ""});
        let wrong = owned("login", |secret| {
            secret["stringData"] = basic;
            change(secret);
        })?;
        refused(secrets.create(&create, &wrong).await, message)?;
    }
    Ok(())
}

#[tokio::test]
async fn the_operator_touches_no_secret_of_somebody_else() -> Result<()> {
    let release = Release::install().await?;
    let secrets = release.secrets(&release.tenant);
    let foreign = release.foreign_secret(&release.tenant).await?;
    let theft = owned(&foreign, |secret| {
        secret["apiVersion"] = json!("v1");
        secret["kind"] = json!("Secret");
    })?;
    let apply = PatchParams::apply("codeartifact-operator").force();
    let message = "changes and deletes no Secret of somebody else";
    refused(secrets.patch(&foreign, &apply, &Patch::Apply(&theft)).await, message)?;
    refused(secrets.delete(&foreign, &DeleteParams::default()).await, message)?;

    // Its own, also with the label taken off by somebody, it puts right and removes. The owner is real, lest the
    // garbage collector removes the Secret first.
    let credential = json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "RegistryCredential",
        "metadata": {"name": "login"},
        "spec": {"registries": [{"repositoryRef": {"name": "team"}, "formats": ["npm"]}]}});
    let applied = release.control_plane.apply(&release.tenant, &credential.to_string()).await?;
    let uid = applied.first().and_then(ResourceExt::uid).context("no uid")?;
    let unlabelled = owned("login", |secret| {
        secret["metadata"]["labels"] = json!({});
        secret["metadata"]["ownerReferences"][0]["uid"] = json!(uid);
    })?;
    let administrator: Api<Secret> = Api::namespaced(release.control_plane.client()?, &release.tenant);
    administrator.create(&PostParams::default(), &unlabelled).await?;
    let labels = json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "codeartifact-operator"}}});
    secrets
        .patch("login", &PatchParams::default(), &Patch::Merge(&labels))
        .await
        .context("its own, without a label")?;
    secrets.delete("login", &DeleteParams::default()).await.context("its own")?;
    Ok(())
}

#[tokio::test]
async fn tokens_lie_in_the_operators_namespace_only() -> Result<()> {
    let release = Release::install().await?;
    let labels = json!({"app.kubernetes.io/managed-by": "codeartifact-operator", "codeartifact-operator.dev/component": "token"});
    let token = secret("token", &labels, &json!({}))?;
    let own = release.secrets(&release.own);
    own.create(&PostParams::default(), &token).await.context("a token in its own namespace")?;
    own.delete("token", &DeleteParams::default()).await?;
    let tenant = release.secrets(&release.tenant);
    refused(
        tenant.create(&PostParams::default(), &token).await,
        "codeartifact-operator.dev/component marks",
    )?;
    let unlabelled =
        secret("token", &json!({"app.kubernetes.io/managed-by": "codeartifact-operator"}), &json!({}))?;
    refused(
        own.create(&PostParams::default(), &unlabelled).await,
        "codeartifact-operator.dev/component marks",
    )
}
