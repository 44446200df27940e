//! Each deed in AWS is told once, with its own text, also when the answer to the write was lost or an answer was out of date.

use anyhow::{Context as _, Result, ensure};
use aws_sdk_codeartifact::types::Tag;
use harness::Fixture;
use harness::objects::object;
use serde_json::{Value, json};

fn domain(spec: &Value) -> Value {
    object("Domain", "acme", spec)
}

/// The next write takes effect, and its answer is an error.
async fn lose_one_answer(fixture: &Fixture, operation: &str) -> Result<()> {
    fixture.emulator.fault_once(operation, &json!({"failAfterWrite": true})).await
}

/// Waits for the event. Fails when the operator reported the deed twice, or when the emulator has not injected the fault.
async fn told_once(fixture: &Fixture, reason: &str, text: &str) -> Result<()> {
    fixture.until_event(reason, text).await?;
    fixture.until_idle().await?;
    let told = fixture.told(reason).await?;
    let of_text: Vec<_> = told.iter().filter(|(told, _)| told.contains(text)).collect();
    ensure!(matches!(of_text.as_slice(), [(_, 1)]), "{reason} {text}: {told:?}");
    let fired = fixture.emulator.faults().await?[0]["fired"].as_u64().context("no fault")?;
    ensure!(fired == 1, "{reason} {text}: the fault fired {fired} times");
    Ok(())
}

#[tokio::test]
async fn what_was_done_to_a_domain_is_told_although_each_answer_was_lost() -> Result<()> {
    let fixture = Fixture::own().await?;
    lose_one_answer(&fixture, "CreateDomain").await?;
    fixture.apply(&domain(&json!({"tags": {"team": "a"}}))).await?;
    fixture.ready("Domain", "acme").await?;
    told_once(&fixture, "Created", "create the domain").await?;

    lose_one_answer(&fixture, "TagResource").await?;
    fixture.apply(&domain(&json!({"tags": {"team": "b"}}))).await?;
    told_once(&fixture, "Updated", "set tag team to \"b\"").await?;

    let tag = Tag::builder().key("team").value("x").build()?;
    let arn = fixture.status("Domain", "acme", "/arn").await?;
    fixture.emulator.forward("1m").await?;
    fixture.emulator.aws().tag_resource().resource_arn(&arn).tags(tag).send().await?;
    lose_one_answer(&fixture, "TagResource").await?;
    fixture.reconcile_now("Domain", "acme").await?;
    told_once(&fixture, "DriftCorrected", "set tag team to \"b\"").await?;

    lose_one_answer(&fixture, "UntagResource").await?;
    fixture.apply(&domain(&json!({}))).await?;
    told_once(&fixture, "Updated", "remove tag team").await?;

    lose_one_answer(&fixture, "UntagResource").await?;
    fixture.delete("Domain", "acme").await?;
    fixture.gone("Domain", "acme").await?;
    told_once(&fixture, "Released", "our owner tag is off it").await?;

    lose_one_answer(&fixture, "TagResource").await?;
    fixture.apply(&domain(&json!({"adoptionPolicy": "IfIdentical", "deletionPolicy": "Delete"}))).await?;
    told_once(&fixture, "Adopted", "codeartifact-operator.dev/owner").await?;
    fixture.ready("Domain", "acme").await?;

    lose_one_answer(&fixture, "DeleteDomain").await?;
    fixture.delete("Domain", "acme").await?;
    fixture.until_calls("deleted", "DeleteDomain", 1).await?;
    fixture.condition("Domain", "acme", "Ready", "False").await?;
    fixture.emulator.forward("31s").await?;
    fixture.gone("Domain", "acme").await?;
    told_once(&fixture, "Deleted", "is deleted in AWS").await
}

#[tokio::test]
async fn what_was_done_to_a_repository_and_its_packages_is_told_although_each_answer_was_lost() -> Result<()>
{
    let fixture = Fixture::own().await?;
    fixture.apply(&domain(&json!({}))).await?;
    let repository = |spec: &Value| {
        let mut spec = spec.clone();
        spec["domainRef"] = json!({"name": "acme"});
        object("Repository", "npm", &spec)
    };
    lose_one_answer(&fixture, "CreateRepository").await?;
    fixture.apply(&repository(&json!({}))).await?;
    fixture.ready("Repository", "npm").await?;
    told_once(&fixture, "Created", "create the repository").await?;

    lose_one_answer(&fixture, "AssociateExternalConnection").await?;
    fixture.apply(&repository(&json!({"externalConnection": "public:npmjs"}))).await?;
    told_once(&fixture, "Updated", "attach public:npmjs").await?;

    lose_one_answer(&fixture, "DisassociateExternalConnection").await?;
    fixture.apply(&repository(&json!({}))).await?;
    told_once(&fixture, "Updated", "detach public:npmjs").await?;

    lose_one_answer(&fixture, "UpdateRepository").await?;
    fixture.apply(&repository(&json!({"description": "new"}))).await?;
    told_once(&fixture, "Updated", "set description to \"new\"").await?;

    lose_one_answer(&fixture, "PutPackageOriginConfiguration").await?;
    let policy = json!({"mode": "Enforce", "repositoryRef": {"name": "npm"}, "packages": [{"format": "pypi", "name": "p"}],
        "origin": {"publish": "Allow", "upstream": "Block"}});
    fixture.apply(&object("PackagePolicy", "internal", &policy)).await?;
    told_once(&fixture, "Updated", "set pypi/p to publish Allow, upstream Block").await
}

#[tokio::test]
async fn what_came_after_a_create_hides_no_create() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&domain(&json!({}))).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.emulator.fault_once("GetRepositoryEndpoint", &json!({"status": 503})).await?;
    fixture.apply(&object("Repository", "npm", &json!({"domainRef": {"name": "acme"}}))).await?;
    fixture.ready("Repository", "npm").await?;
    told_once(&fixture, "Created", "create the repository").await
}

#[tokio::test]
async fn a_secret_that_was_written_by_a_reconcile_that_failed_then_is_told() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&domain(&json!({}))).await?;
    fixture.apply(&object("Repository", "npm", &json!({"domainRef": {"name": "acme"}}))).await?;
    let login = |secret: &str| {
        let registries = json!([{"repositoryRef": {"name": "npm"}, "formats": ["npm"]}]);
        object("RegistryCredential", "login", &json!({"registries": registries, "secret": {"name": secret}}))
    };
    fixture.apply(&login("first")).await?;
    fixture.ready("RegistryCredential", "login").await?;
    // The Secret of the new name is written, and the one of the old name cannot be removed.
    fixture.refuse("secrets", "DELETE").await?;
    fixture.apply(&login("second")).await?;
    fixture.condition("RegistryCredential", "login", "Ready", "False").await?;
    ensure!(fixture.get("Secret", "second").await.is_ok(), "it is not written");
    fixture.refuse_no_more("secrets", "DELETE").await?;
    fixture.ready("RegistryCredential", "login").await?;
    fixture.until_event("Updated", "Secret second written as declared").await?;
    fixture.until_idle().await?;
    let told = fixture.told("Updated").await?;
    ensure!(matches!(told.as_slice(), [(_, 1)]), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn what_is_done_again_because_of_a_stale_answer_is_told_once() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&domain(&json!({"tags": {"team": "a"}}))).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.emulator.forward("1m").await?;
    fixture.emulator.fault("ListTagsForResource", &json!({"staleReads": "20s"})).await?;
    fixture.apply(&domain(&json!({"tags": {"team": "b"}}))).await?;
    fixture.until_calls("tagged", "TagResource", 1).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.reconcile_now("Domain", "acme").await?;
    ensure!(fixture.emulator.calls("TagResource", 0) == 2, "the stale answer led to no second write");
    fixture.until_event("Updated", "set tag team to \"b\"").await?;
    fixture.until_idle().await?;
    let (updated, corrected) = (fixture.told("Updated").await?, fixture.told("DriftCorrected").await?);
    ensure!(updated.len() == 1 && updated[0].1 == 1 && corrected.is_empty(), "{updated:?} {corrected:?}");
    Ok(())
}

#[tokio::test]
async fn a_correction_that_aws_interrupts_is_told_as_one() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&domain(&json!({}))).await?;
    let spec = json!({"domainRef": {"name": "acme"}, "description": "declared", "tags": {"team": "a"}});
    fixture.apply(&object("Repository", "store", &spec)).await?;
    fixture.ready("Repository", "store").await?;
    let updated = fixture.told("Updated").await?;
    let aws = fixture.emulator.aws();
    aws.update_repository().domain("acme").repository("store").description("by hand").send().await?;
    let arn = fixture.status("Repository", "store", "/arn").await?;
    aws.untag_resource().resource_arn(arn).tag_keys("team").send().await?;
    // Each of the two corrections takes effect, and its answer is an error.
    let lost = |operation: &str| json!({"match": {"operation": operation}, "fault": {"failAfterWrite": true}, "times": 1});
    fixture.emulator.set_faults(&json!([lost("UpdateRepository"), lost("TagResource")])).await?;
    fixture.reconcile_now("Repository", "store").await?;
    told_once(&fixture, "DriftCorrected", "set description to \"declared\"").await?;
    told_once(&fixture, "DriftCorrected", "set tag team").await?;
    let told = fixture.told("Updated").await?;
    ensure!(told == updated, "{told:?}");
    Ok(())
}
