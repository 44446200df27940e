//! A PackagePolicy of many packages while AWS allows few writes.

use anyhow::{Result, ensure};
use harness::objects::conditions;
use harness::wait::wait_for;
use harness::{Emulator, Install, shared, unique};
use serde_json::json;
use std::time::Duration;

const PUT: &str = "PutPackageOriginConfiguration";
const PACKAGES: usize = 100;

#[tokio::test]
async fn a_hundred_packages_are_all_done_though_aws_keeps_throttling() -> Result<()> {
    let emulator = Emulator::start().await?;
    let install = Install::into(shared().await?, &emulator).namespaced(1).start().await?;
    let account = unique("account");
    let grants = json!([{"namespaces": {"names": install.namespaces}, "manage": ["*", "*/*"]}]);
    install.account(&account, &grants).await?;
    emulator.aws().create_domain().domain("acme").send().await?;
    emulator.aws().create_repository().domain("acme").repository("store").send().await?;
    // One call in eight is throttled: a backoff that grows with each would rest for hours before the last.
    let throttled =
        json!({"match": {"operation": PUT}, "fault": {"error": "ThrottlingException"}, "probability": 0.125});
    emulator.set_faults(&json!({"seed": 7, "faults": [throttled]})).await?;

    let packages: Vec<_> =
        (0..PACKAGES).map(|number| json!({"format": "pypi", "name": format!("p{number:03}")})).collect();
    let spec = json!({
        "accountRef": {"name": account}, "mode": "Enforce", "repository": {"domain": "acme", "name": "store"},
        "packages": packages, "origin": {"publish": "Allow", "upstream": "Block"},
    });
    let policy = json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "PackagePolicy",
        "metadata": {"name": "internal"}, "spec": spec});
    install.apply(&policy.to_string()).await?;
    let waited = wait_for("all packages are restricted", Duration::from_mins(3), async || {
        let policy = install.control_plane.get("PackagePolicy", install.namespace(), "internal").await?;
        let ready = conditions(&policy).iter().any(|it| it.kind == "Ready" && it.status == "True");
        ensure!(ready && policy.data["status"]["packagesInSync"] == PACKAGES, "{:?}", policy.data["status"]);
        Ok(())
    });
    install.explain(waited.await)?;

    let puts: Vec<_> = emulator.journal(0).into_iter().filter(|call| call.operation == PUT).collect();
    let done = puts.iter().filter(|call| call.status == Some(200)).count();
    let refused = puts.len() - done;
    ensure!(done == PACKAGES, "{done} writes for {PACKAGES} packages");
    ensure!((5..PACKAGES).contains(&refused), "{refused} were throttled");
    println!("{PACKAGES} packages: {refused} calls were throttled");
    Ok(())
}
