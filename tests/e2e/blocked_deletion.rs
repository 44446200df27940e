//! A deletion that something is in the way of: it names what that is, and goes on when that has gone.

use anyhow::{Result, ensure};
use codeartifact_emulator::Entry;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use serde_json::json;

const DOMAIN: &str = "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {name: acme}\nspec: {deletionPolicy: Delete}\n";

/// A Repository that is deleted with its object.
fn repository(name: &str, upstreams: &str) -> String {
    format!(
        "---\napiVersion: codeartifact-operator.dev/v1alpha1\nkind: Repository\nmetadata: {{name: {name}}}\n\
         spec: {{domainRef: {{name: acme}}, deletionPolicy: Delete, upstreams: [{upstreams}]}}\n"
    )
}

#[tokio::test]
async fn a_blocked_deletion_goes_on_when_the_change_of_what_blocks_it_took_effect() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture
        .apply(&format!("{DOMAIN}{}{}", repository("base", ""), repository("app", "{name: base}")))
        .await?;
    fixture.ready("Repository", "app").await?;
    fixture.delete("Repository", "base").await?;
    let blocked = fixture.condition("Repository", "base", "DeletionBlocked", "True").await?;
    ensure!(blocked.message.contains("app"), "{blocked:?}");
    until_patient(&fixture).await?;
    // The change is declared, and AWS does not have it yet, since the reconcile is held that would make it: a look at that moment
    // finds the deletion blocked.
    let look_before_write = json!({"operation": "ListTagsForResource", "repository": "app"});
    fixture.emulator.set_faults(&json!([{"match": look_before_write, "fault": {"hold": true}}])).await?;
    fixture.apply(&repository("app", "")).await?;
    fixture.until_held(1).await?;
    fixture.until_idle().await?;
    fixture.condition("Repository", "base", "DeletionBlocked", "True").await?;
    fixture.emulator.clear_faults().await?;
    fixture.gone("Repository", "base").await
}

/// Lets a blocked deletion be tried so often that it would rest for minutes.
async fn until_patient(fixture: &Fixture) -> Result<()> {
    let looks = || {
        let base =
            |call: &&Entry| call.operation == "DescribeRepository" && call.parameters["repository"] == "base";
        fixture.emulator.journal(0).iter().filter(base).count()
    };
    for _ in 0..8 {
        let before = looks();
        fixture.emulator.forward("15m").await?;
        wait_for("the deletion is tried again", PATIENCE, async || {
            ensure!(looks() > before, "it is not");
            Ok(())
        })
        .await?;
        // The clock must not jump during a reconcile: AWS would refuse the signatures of that reconcile, and the backoff would begin anew.
        fixture.until_idle().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_blocked_deletion_names_what_is_in_the_way_and_goes_on_when_it_is_gone() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&format!("{DOMAIN}{}", repository("team", ""))).await?;
    fixture.ready("Repository", "team").await?;
    fixture.delete("Domain", "acme").await?;
    let blocked = fixture.condition("Domain", "acme", "DeletionBlocked", "True").await?;
    ensure!(blocked.message.contains("team") && blocked.message.contains("Retain"), "{blocked:?}");
    fixture.delete("Repository", "team").await?;
    fixture.gone("Repository", "team").await?;
    fixture.gone("Domain", "acme").await?;
    ensure!(fixture.emulator.aws().list_domains().send().await?.domains().is_empty());
    Ok(())
}
