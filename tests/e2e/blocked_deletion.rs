//! Many deletions of one domain, and what waits for something that has an AWS name.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use codeartifact_emulator::Entry;
use harness::wait::PATIENCE;
use harness::wait_for;
use serde_json::json;

use crate::scene::{Scene, scene};

const DOMAIN: &str = "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {name: acme}\nspec: {deletionPolicy: Delete}\n";

/// A Repository that is deleted with its object.
fn repository(name: &str, upstreams: &str) -> String {
    format!(
        "---\napiVersion: codeartifact-operator.dev/v1alpha1\nkind: Repository\nmetadata: {{name: {name}}}\n\
         spec: {{domainRef: {{name: acme}}, deletionPolicy: Delete, upstreams: [{upstreams}]}}\n"
    )
}

#[tokio::test]
async fn deleting_many_repositories_costs_a_few_calls_each() -> Result<()> {
    const REPOSITORIES: usize = 30;
    const CALLS_EACH: usize = 8;
    scene!(scene);
    let mut manifest = DOMAIN.to_owned();
    let names: Vec<_> = (0..REPOSITORIES).map(|number| format!("r{number}")).collect();
    for name in &names {
        write!(manifest, "{}", repository(name, ""))?;
    }
    scene.apply(&manifest).await?;
    for name in &names {
        scene.ready("Repository", name).await?;
    }
    let before = scene.emulator.last_call();
    for name in &names {
        scene.delete("Repository", name).await?;
    }
    for name in &names {
        scene.gone("Repository", name).await?;
    }
    let calls = scene.emulator.calls("*", before);
    ensure!(calls <= REPOSITORIES * CALLS_EACH, "{calls} calls for {REPOSITORIES} repositories");
    let left = scene.aws().list_repositories_in_domain().domain("acme").send().await?;
    ensure!(left.repositories().is_empty(), "{:?}", left.repositories());
    Ok(())
}

#[tokio::test]
async fn a_blocked_deletion_goes_on_when_the_change_of_what_blocks_it_took_effect() -> Result<()> {
    scene!(scene);
    scene.apply(&format!("{DOMAIN}{}{}", repository("base", ""), repository("app", "{name: base}"))).await?;
    scene.ready("Repository", "app").await?;
    scene.delete("Repository", "base").await?;
    let blocked = scene.condition("Repository", "base", "DeletionBlocked", "True").await?;
    ensure!(blocked.message.contains("app"), "{blocked:?}");
    until_patient(&scene).await?;
    // The change is declared, and AWS does not have it yet, since the reconcile is held that would make it: a look at that moment
    // finds the deletion blocked.
    let look_before_write = json!({"operation": "ListTagsForResource", "repository": "app"});
    scene.emulator.set_faults(&json!([{"match": look_before_write, "fault": {"hold": true}}])).await?;
    scene.apply(&repository("app", "")).await?;
    scene.until_held().await?;
    scene.until_idle().await?;
    scene.condition("Repository", "base", "DeletionBlocked", "True").await?;
    scene.emulator.clear_faults().await?;
    scene.gone("Repository", "base").await
}

#[tokio::test]
async fn a_policy_by_aws_name_holds_again_when_its_repository_was_made_anew() -> Result<()> {
    scene!(scene);
    scene.apply(&format!("{DOMAIN}{}", repository("app", ""))).await?;
    scene.ready("Repository", "app").await?;
    scene
        .apply(
            "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: PackagePolicy\nmetadata: {name: private}\n\
             spec: {mode: Enforce, repository: {domain: acme, name: app}, packages: [{format: npm, name: hello}], \
             origin: {publish: Allow, upstream: Block}}\n",
        )
        .await?;
    scene.ready("PackagePolicy", "private").await?;
    let put = scene.calls("PutPackageOriginConfiguration");
    scene.delete("Repository", "app").await?;
    scene.gone("Repository", "app").await?;
    scene.apply(&repository("app", "")).await?;
    scene.until_calls("set anew", "PutPackageOriginConfiguration", put + 1).await
}

#[tokio::test]
async fn a_cycle_by_aws_names_is_over_for_all_when_one_of_them_leaves_it() -> Result<()> {
    scene!(scene);
    scene.apply(&format!("{DOMAIN}{}", repository("left", ""))).await?;
    scene.ready("Repository", "left").await?;
    scene.apply(&repository("right", "{name: left}")).await?;
    scene.ready("Repository", "right").await?;
    scene.apply(&repository("left", "{name: right}")).await?;
    scene.condition("Repository", "left", "Stalled", "True").await?;
    scene.emulator.forward("70m").await?;
    scene.condition("Repository", "right", "Stalled", "True").await?;
    scene.apply(&repository("left", "")).await?;
    scene.ready("Repository", "left").await?;
    scene.ready("Repository", "right").await?;
    Ok(())
}

/// Lets a blocked deletion be tried so often that it would rest for minutes.
async fn until_patient(scene: &Scene<'_>) -> Result<()> {
    let looks = || {
        let base =
            |call: &&Entry| call.operation == "DescribeRepository" && call.parameters["repository"] == "base";
        scene.journal().iter().filter(base).count()
    };
    for _ in 0..8 {
        let before = looks();
        scene.emulator.forward("15m").await?;
        wait_for("the deletion is tried again", PATIENCE, async || {
            ensure!(looks() > before, "it is not");
            Ok(())
        })
        .await?;
        // A jump in the middle of a look makes its signatures invalid, which is another failure and begins the backoff anew.
        scene.until_idle().await?;
    }
    Ok(())
}
