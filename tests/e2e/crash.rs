//! Killed with -9 right after each AWS write of a create and of a delete, then restarted: nothing is lost, nothing made twice.

use anyhow::{Result, ensure};
use harness::Fixture;
use serde_json::json;

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
        let fixture = Fixture::own().await?;
        fixture.emulator.fault(operation, &json!({"hold": true})).await?;
        fixture.apply(MANIFEST).await?;
        fixture.until_held(1).await?;
        fixture.install.operator.kill().await?;
        fixture.emulator.clear_faults().await?;
        fixture.install.operator.start_again().await?;
        for (kind, name) in [("Domain", "acme"), ("Repository", "npm-store"), ("PackagePolicy", "private")] {
            fixture.ready(kind, name).await?;
        }
        for made in ["CreateDomain", "CreateRepository", "AssociateExternalConnection"] {
            let done = fixture.emulator.took_effect(made);
            ensure!(done == 1, "killed after {operation}: {made} took effect {done} times");
        }
        let repository = fixture
            .emulator
            .aws()
            .describe_repository()
            .domain("acme")
            .repository("npm-store")
            .send()
            .await?;
        let connections = repository.repository().map(|it| it.external_connections().len());
        ensure!(connections == Some(1), "killed after {operation}: {connections:?} connections");
    }
    Ok(())
}

#[tokio::test]
async fn a_kill_after_any_write_of_a_delete_leaves_nothing_behind() -> Result<()> {
    for operation in ["DeleteRepository", "DeleteDomain"] {
        let fixture = Fixture::own().await?;
        fixture.apply(MANIFEST).await?;
        fixture.ready("Repository", "npm-store").await?;
        fixture.ready("PackagePolicy", "private").await?;
        fixture.emulator.fault(operation, &json!({"hold": true})).await?;
        for (kind, name) in [("PackagePolicy", "private"), ("Domain", "acme"), ("Repository", "npm-store")] {
            fixture.delete(kind, name).await?;
        }
        fixture.until_held(1).await?;
        fixture.install.operator.kill().await?;
        fixture.emulator.clear_faults().await?;
        fixture.install.operator.start_again().await?;
        fixture.gone("Repository", "npm-store").await?;
        fixture.gone("Domain", "acme").await?;
        let left = fixture.emulator.aws().list_domains().send().await?;
        ensure!(left.domains().is_empty(), "killed after {operation}: {:?}", left.domains());
    }
    Ok(())
}

#[tokio::test]
async fn a_kill_between_the_mint_and_its_store_ends_in_a_valid_login() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(MANIFEST).await?;
    fixture.ready("Repository", "npm-store").await?;
    fixture.emulator.fault("GetAuthorizationToken", &json!({"hold": true})).await?;
    fixture.apply(LOGIN).await?;
    fixture.until_held(1).await?;
    fixture.install.operator.kill().await?;
    fixture.emulator.clear_faults().await?;
    fixture.install.operator.start_again().await?;
    fixture.ready("RegistryCredential", "login").await?;
    // The first token was never stored, so that a second one is right; a third is not.
    ensure!(fixture.emulator.took_effect("GetAuthorizationToken") == 2);
    let secret = fixture.get("Secret", "login").await?;
    ensure!(secret.data["data"]["token"].is_string(), "the Secret holds no token");
    Ok(())
}
