//! What changed in AWS: put right where the mode is Enforce, and only told where the mode is Observe.

use anyhow::{Result, ensure};
use aws_sdk_codeartifact::types::Tag;
use harness::Fixture;

const DOMAIN: &str = "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {name: acme}\n";

#[tokio::test]
async fn drift_is_corrected_and_tags_of_other_tools_stay() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&format!("{DOMAIN}spec: {{tags: {{team: a}}}}\n")).await?;
    fixture.ready("Domain", "acme").await?;
    let arn = fixture.status("Domain", "acme", "/arn").await?;
    for (key, value) in [("team", "wrong"), ("cost", "42")] {
        fixture
            .emulator
            .aws()
            .tag_resource()
            .resource_arn(&arn)
            .tags(Tag::builder().key(key).value(value).build()?)
            .send()
            .await?;
    }
    fixture.emulator.forward("70m").await?;
    fixture.until_tag("acme", "team", "a").await?;
    fixture.until_tag("acme", "cost", "42").await?;
    fixture.until_event("DriftCorrected", "team").await?;
    Ok(())
}

#[tokio::test]
async fn what_was_deleted_by_hand_is_made_again_and_told_as_drift() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&format!("{DOMAIN}spec: {{}}\n")).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.until_event("Created", "create the domain").await?;
    fixture.emulator.aws().delete_domain().domain("acme").send().await?;
    fixture.reconcile_now("Domain", "acme").await?;
    fixture.until_event("DriftCorrected", "create the domain").await?;
    fixture.ready("Domain", "acme").await?;
    let created = fixture.told("Created").await?;
    ensure!(created.len() == 1 && created[0].1 == 1, "{created:?}");
    Ok(())
}

#[tokio::test]
async fn observe_writes_nothing_and_shows_the_drift() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.emulator.aws().create_domain().domain("acme").send().await?;
    let mark = fixture.mark().await?;
    fixture.apply(&format!("{DOMAIN}spec: {{mode: Observe, tags: {{team: a}}}}\n")).await?;
    let drifted = fixture.condition("Domain", "acme", "Drifted", "True").await?;
    ensure!(drifted.message.contains("team"), "{drifted:?}");
    fixture.ready("Domain", "acme").await?;
    fixture.apply(&format!("{DOMAIN}spec: {{mode: Observe}}\n")).await?;
    let level = fixture.condition("Domain", "acme", "Drifted", "False").await?;
    ensure!(level.reason == "InSync", "{level:?}");
    fixture.delete("Domain", "acme").await?;
    fixture.gone("Domain", "acme").await?;
    ensure!(fixture.since(&mark).await?.aws_writes == 0);
    Ok(())
}
