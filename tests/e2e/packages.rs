//! Policies for packages: with many packages, with a package that AWS refuses, and after their repository was deleted and made again.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::objects::{holds, object};
use harness::{Fixture, wait_for};
use serde_json::{Value, json};

const PUT: &str = "PutPackageOriginConfiguration";
const PACKAGES: usize = 100;

/// A PackagePolicy of these packages, with a repository by name or by reference.
fn policy(mut spec: Value, packages: &[Value], publish: &str) -> Value {
    spec["mode"] = json!("Enforce");
    spec["packages"] = json!(packages);
    spec["origin"] = json!({"publish": publish, "upstream": "Block"});
    spec
}

#[tokio::test]
async fn a_hundred_packages_are_all_done_though_aws_keeps_throttling() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    // One call in eight is throttled: a backoff that grows with each would rest for hours before the last.
    let throttled =
        json!({"match": {"operation": PUT}, "fault": {"error": "ThrottlingException"}, "probability": 0.125});
    fixture.emulator.set_faults(&json!({"seed": 7, "faults": [throttled]})).await?;

    let packages: Vec<_> =
        (0..PACKAGES).map(|number| json!({"format": "pypi", "name": format!("p{number:03}")})).collect();
    let spec = policy(json!({"repository": {"domain": "acme", "name": "store"}}), &packages, "Allow");
    fixture.apply(&fixture.object("PackagePolicy", "internal", &spec)).await?;
    let waited = wait_for("all packages are restricted", Duration::from_mins(3), async || {
        let policy = fixture.get("PackagePolicy", "internal").await?;
        let done = holds(&policy, "Ready") && policy.data["status"]["packagesInSync"] == PACKAGES;
        ensure!(done, "{:?}", policy.data["status"]);
        Ok(())
    });
    fixture.install.explain(waited.await)?;

    let puts: Vec<_> = fixture.emulator.journal(0).into_iter().filter(|call| call.operation == PUT).collect();
    let done = puts.iter().filter(|call| call.status == Some(200)).count();
    let refused = puts.len() - done;
    ensure!(done == PACKAGES, "{done} writes for {PACKAGES} packages");
    ensure!((5..PACKAGES).contains(&refused), "{refused} were throttled");
    println!("{PACKAGES} packages: {refused} calls were throttled");
    Ok(())
}

#[tokio::test]
async fn a_policy_by_aws_name_holds_again_when_its_repository_was_made_anew() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({"deletionPolicy": "Delete"}))).await?;
    let app = json!({"domainRef": {"name": "acme"}, "deletionPolicy": "Delete"});
    let app = object("Repository", "app", &app);
    fixture.apply(&app).await?;
    fixture.ready("Repository", "app").await?;
    let hello = [json!({"format": "npm", "name": "hello"})];
    let spec = policy(json!({"repository": {"domain": "acme", "name": "app"}}), &hello, "Allow");
    fixture.apply(&object("PackagePolicy", "private", &spec)).await?;
    fixture.ready("PackagePolicy", "private").await?;
    let put = fixture.emulator.calls(PUT, 0);
    fixture.delete("Repository", "app").await?;
    fixture.gone("Repository", "app").await?;
    fixture.apply(&app).await?;
    fixture.until_calls("set anew", PUT, put + 1).await
}

#[tokio::test]
async fn a_refused_package_leaves_no_other_open() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({}))).await?;
    fixture.apply(&object("Repository", "npm", &json!({"domainRef": {"name": "acme"}}))).await?;
    fixture.ready("Repository", "npm").await?;
    // The first call is refused.
    fixture.emulator.fault_once(PUT, &json!({"error": "ValidationException"})).await?;
    let packages: Vec<_> =
        (0..40).map(|number| json!({"format": "pypi", "name": format!("p{number:02}")})).collect();
    let spec = policy(json!({"repositoryRef": {"name": "npm"}}), &packages, "Allow");
    fixture.apply(&object("PackagePolicy", "internal", &spec)).await?;
    let told = "39 of 40 packages are as declared; 1 refused (pypi/p00)";
    fixture.stalled("PackagePolicy", "internal", told).await?;
    let policy = fixture.get("PackagePolicy", "internal").await?;
    ensure!(policy.data["status"]["packagesInSync"] == 39, "{:?}", policy.data["status"]);
    ensure!(fixture.emulator.took_effect(PUT) == 39);
    Ok(())
}

#[tokio::test]
async fn what_another_policy_leaves_behind_is_no_drift() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({}))).await?;
    fixture.apply(&object("Repository", "store", &json!({"domainRef": {"name": "acme"}}))).await?;
    let of_store = |name: &str, publish: &str| {
        let hello = [json!({"format": "npm", "name": "hello"})];
        let spec = policy(json!({"repositoryRef": {"name": "store"}}), &hello, publish);
        object("PackagePolicy", name, &spec)
    };
    fixture.apply(&of_store("open", "Allow")).await?;
    fixture.ready("PackagePolicy", "open").await?;
    fixture.apply(&of_store("shut", "Block")).await?;
    fixture.until_event("Updated", "publish").await?;
    fixture.until_idle().await?;
    let before = fixture.emulator.took_effect(PUT);
    fixture.delete("PackagePolicy", "shut").await?;
    fixture.until_calls("the other policy holds again", PUT, before + 1).await?;
    fixture.until_idle().await?;
    let told = fixture.told("DriftCorrected").await?;
    ensure!(told.is_empty(), "{told:?}");
    Ok(())
}
