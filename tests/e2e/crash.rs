//! Killed with -9 right after each AWS write of a create and of a delete, then restarted: nothing is lost, nothing made twice.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::scene::{NAMESPACE, scene};

const MANIFEST: &str = r#"
apiVersion: codeartifact-operator.dev/v1alpha1
kind: Domain
metadata: {name: acme}
spec: {deletionPolicy: Delete, tags: {team: a}}
---
apiVersion: codeartifact-operator.dev/v1alpha1
kind: Repository
metadata: {name: npm-store}
spec: {domainRef: {name: acme}, externalConnection: "public:npmjs", deletionPolicy: Delete, tags: {team: a}}
---
apiVersion: codeartifact-operator.dev/v1alpha1
kind: PackagePolicy
metadata: {name: private}
spec:
  mode: Enforce
  repositoryRef: {name: npm-store}
  packages: [{format: npm, namespace: acme, name: hello}]
  origin: {publish: Allow, upstream: Block}
"#;

const LOGIN: &str = r"
apiVersion: codeartifact-operator.dev/v1alpha1
kind: RegistryCredential
metadata: {name: login}
spec: {registries: [{repositoryRef: {name: npm-store}, formats: [npm]}]}
";

#[tokio::test]
async fn a_kill_after_any_write_of_a_create_loses_nothing_and_makes_nothing_twice() -> Result<()> {
    for operation in
        ["CreateDomain", "CreateRepository", "AssociateExternalConnection", "PutPackageOriginConfiguration"]
    {
        scene!(scene);
        scene.fault(operation, &json!({"hold": true})).await?;
        scene.apply(MANIFEST).await?;
        scene.until_held().await?;
        scene.install.operator.kill().await?;
        scene.emulator.clear_faults().await?;
        scene.install.operator.start_again().await?;
        for (kind, name) in [("Domain", "acme"), ("Repository", "npm-store"), ("PackagePolicy", "private")] {
            scene.ready(kind, name).await?;
        }
        for made in ["CreateDomain", "CreateRepository", "AssociateExternalConnection"] {
            let done = scene.took_effect(made);
            ensure!(done == 1, "killed after {operation}: {made} took effect {done} times");
        }
        let repository =
            scene.aws().describe_repository().domain("acme").repository("npm-store").send().await?;
        let connections = repository.repository().map(|it| it.external_connections().len());
        ensure!(connections == Some(1), "killed after {operation}: {connections:?} connections");
    }
    Ok(())
}

#[tokio::test]
async fn a_kill_after_any_write_of_a_delete_leaves_nothing_behind() -> Result<()> {
    for operation in ["DeleteRepository", "DeleteDomain"] {
        scene!(scene);
        scene.apply(MANIFEST).await?;
        scene.ready("Repository", "npm-store").await?;
        scene.ready("PackagePolicy", "private").await?;
        scene.fault(operation, &json!({"hold": true})).await?;
        for (kind, name) in [("PackagePolicy", "private"), ("Domain", "acme"), ("Repository", "npm-store")] {
            scene.delete(kind, name).await?;
        }
        scene.until_held().await?;
        scene.install.operator.kill().await?;
        scene.emulator.clear_faults().await?;
        scene.install.operator.start_again().await?;
        scene.gone("Repository", "npm-store").await?;
        scene.gone("Domain", "acme").await?;
        let left = scene.aws().list_domains().send().await?;
        ensure!(left.domains().is_empty(), "killed after {operation}: {:?}", left.domains());
    }
    Ok(())
}

#[tokio::test]
async fn a_kill_between_the_mint_and_its_store_ends_in_a_valid_login() -> Result<()> {
    scene!(scene);
    scene.apply(MANIFEST).await?;
    scene.ready("Repository", "npm-store").await?;
    scene.fault("GetAuthorizationToken", &json!({"hold": true})).await?;
    scene.apply(LOGIN).await?;
    scene.until_held().await?;
    scene.install.operator.kill().await?;
    scene.emulator.clear_faults().await?;
    scene.install.operator.start_again().await?;
    scene.ready("RegistryCredential", "login").await?;
    // The first token was never stored, so that a second one is right; a third is not.
    ensure!(scene.took_effect("GetAuthorizationToken") == 2);
    let secret = scene.cluster.get("Secret", NAMESPACE, "login").await?;
    ensure!(secret.data["data"]["token"].is_string(), "the Secret holds no token");
    Ok(())
}
