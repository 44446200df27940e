//! Each deed in AWS is told once, with its own text, also when the answer to the write was lost or an answer was out of date.

use anyhow::{Context as _, Result, ensure};
use aws_sdk_codeartifact::types::Tag;
use serde_json::{Value, json};

use crate::scene::{NAMESPACE, Scene, object, scene};

fn domain(spec: &Value) -> String {
    object("Domain", "acme", spec)
}

/// The next write takes effect, and its answer is an error.
async fn lose_one_answer(scene: &Scene<'_>, operation: &str) -> Result<()> {
    let fault = json!({"match": {"operation": operation}, "fault": {"failAfterWrite": true}, "times": 1});
    scene.emulator.set_faults(&json!([fault])).await
}

/// Waits for the event. Fails when the operator reported the deed twice, or when the emulator has not injected the fault.
async fn told_once(scene: &Scene<'_>, reason: &str, text: &str) -> Result<()> {
    scene.until_event(reason, text).await?;
    scene.until_idle().await?;
    let told = scene.told(reason).await?;
    let of_text: Vec<_> = told.iter().filter(|(told, _)| told.contains(text)).collect();
    ensure!(matches!(of_text.as_slice(), [(_, 1)]), "{reason} {text}: {told:?}");
    let fired = scene.emulator.faults().await?[0]["fired"].as_u64().context("no fault")?;
    ensure!(fired == 1, "{reason} {text}: the fault fired {fired} times");
    Ok(())
}

#[tokio::test]
async fn what_was_done_to_a_domain_is_told_although_each_answer_was_lost() -> Result<()> {
    scene!(scene);
    lose_one_answer(&scene, "CreateDomain").await?;
    scene.apply(&domain(&json!({"tags": {"team": "a"}}))).await?;
    scene.ready("Domain", "acme").await?;
    told_once(&scene, "Created", "create the domain").await?;

    lose_one_answer(&scene, "TagResource").await?;
    scene.apply(&domain(&json!({"tags": {"team": "b"}}))).await?;
    told_once(&scene, "Updated", "set tag team to \"b\"").await?;

    let tag = Tag::builder().key("team").value("x").build()?;
    let arn = scene.status("Domain", "acme", "/arn").await?;
    scene.emulator.forward("1m").await?;
    scene.aws().tag_resource().resource_arn(&arn).tags(tag).send().await?;
    lose_one_answer(&scene, "TagResource").await?;
    scene.reconcile_now("Domain", "acme").await?;
    told_once(&scene, "DriftCorrected", "set tag team to \"b\"").await?;

    lose_one_answer(&scene, "UntagResource").await?;
    scene.apply(&domain(&json!({}))).await?;
    told_once(&scene, "Updated", "remove tag team").await?;

    lose_one_answer(&scene, "UntagResource").await?;
    scene.delete("Domain", "acme").await?;
    scene.gone("Domain", "acme").await?;
    told_once(&scene, "Released", "our owner tag is off it").await?;

    lose_one_answer(&scene, "TagResource").await?;
    scene.apply(&domain(&json!({"adoptionPolicy": "IfIdentical", "deletionPolicy": "Delete"}))).await?;
    told_once(&scene, "Adopted", "codeartifact-operator.dev/owner").await?;
    scene.ready("Domain", "acme").await?;

    lose_one_answer(&scene, "DeleteDomain").await?;
    scene.delete("Domain", "acme").await?;
    scene.until_calls("deleted", "DeleteDomain", 1).await?;
    scene.condition("Domain", "acme", "Ready", "False").await?;
    scene.emulator.forward("31s").await?;
    scene.gone("Domain", "acme").await?;
    told_once(&scene, "Deleted", "is deleted in AWS").await
}

#[tokio::test]
async fn what_was_done_to_a_repository_and_its_packages_is_told_although_each_answer_was_lost() -> Result<()>
{
    scene!(scene);
    scene.apply(&domain(&json!({}))).await?;
    let repository = |spec: &Value| {
        let mut spec = spec.clone();
        spec["domainRef"] = json!({"name": "acme"});
        object("Repository", "npm", &spec)
    };
    lose_one_answer(&scene, "CreateRepository").await?;
    scene.apply(&repository(&json!({}))).await?;
    scene.ready("Repository", "npm").await?;
    told_once(&scene, "Created", "create the repository").await?;

    lose_one_answer(&scene, "AssociateExternalConnection").await?;
    scene.apply(&repository(&json!({"externalConnection": "public:npmjs"}))).await?;
    told_once(&scene, "Updated", "attach public:npmjs").await?;

    lose_one_answer(&scene, "DisassociateExternalConnection").await?;
    scene.apply(&repository(&json!({}))).await?;
    told_once(&scene, "Updated", "detach public:npmjs").await?;

    lose_one_answer(&scene, "UpdateRepository").await?;
    scene.apply(&repository(&json!({"description": "new"}))).await?;
    told_once(&scene, "Updated", "set description to \"new\"").await?;

    lose_one_answer(&scene, "PutPackageOriginConfiguration").await?;
    let policy = json!({"mode": "Enforce", "repositoryRef": {"name": "npm"}, "packages": [{"format": "pypi", "name": "p"}],
        "origin": {"publish": "Allow", "upstream": "Block"}});
    scene.apply(&object("PackagePolicy", "internal", &policy)).await?;
    told_once(&scene, "Updated", "set pypi/p to publish Allow, upstream Block").await
}

#[tokio::test]
async fn what_came_after_a_create_hides_no_create() -> Result<()> {
    scene!(scene);
    scene.apply(&domain(&json!({}))).await?;
    scene.ready("Domain", "acme").await?;
    let endpoint =
        json!({"match": {"operation": "GetRepositoryEndpoint"}, "fault": {"status": 503}, "times": 1});
    scene.emulator.set_faults(&json!([endpoint])).await?;
    scene.apply(&object("Repository", "npm", &json!({"domainRef": {"name": "acme"}}))).await?;
    scene.ready("Repository", "npm").await?;
    told_once(&scene, "Created", "create the repository").await
}

#[tokio::test]
async fn a_secret_that_was_written_by_a_pass_that_failed_then_is_told() -> Result<()> {
    scene!(scene);
    scene.apply(&domain(&json!({}))).await?;
    scene.apply(&object("Repository", "npm", &json!({"domainRef": {"name": "acme"}}))).await?;
    let login = |secret: &str| {
        let registries = json!([{"repositoryRef": {"name": "npm"}, "formats": ["npm"]}]);
        object("RegistryCredential", "login", &json!({"registries": registries, "secret": {"name": secret}}))
    };
    scene.apply(&login("first")).await?;
    scene.ready("RegistryCredential", "login").await?;
    // The Secret of the new name is written, and the one of the old name cannot be removed.
    scene.refuse("secrets", "DELETE").await?;
    scene.apply(&login("second")).await?;
    scene.condition("RegistryCredential", "login", "Ready", "False").await?;
    ensure!(scene.cluster.get("Secret", NAMESPACE, "second").await.is_ok(), "it is not written");
    scene.refuse_no_more("secrets", "DELETE").await?;
    scene.ready("RegistryCredential", "login").await?;
    scene.until_event("Updated", "Secret second written as declared").await?;
    scene.until_idle().await?;
    let told = scene.told("Updated").await?;
    ensure!(matches!(told.as_slice(), [(_, 1)]), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn what_is_done_again_because_of_a_stale_answer_is_told_once() -> Result<()> {
    scene!(scene);
    scene.apply(&domain(&json!({"tags": {"team": "a"}}))).await?;
    scene.ready("Domain", "acme").await?;
    scene.emulator.forward("1m").await?;
    scene.fault("ListTagsForResource", &json!({"staleReads": "20s"})).await?;
    scene.apply(&domain(&json!({"tags": {"team": "b"}}))).await?;
    scene.until_calls("tagged", "TagResource", 1).await?;
    scene.ready("Domain", "acme").await?;
    scene.reconcile_now("Domain", "acme").await?;
    ensure!(scene.calls("TagResource") == 2, "the stale answer led to no second write");
    scene.until_event("Updated", "set tag team to \"b\"").await?;
    scene.until_idle().await?;
    let (updated, corrected) = (scene.told("Updated").await?, scene.told("DriftCorrected").await?);
    ensure!(updated.len() == 1 && updated[0].1 == 1 && corrected.is_empty(), "{updated:?} {corrected:?}");
    Ok(())
}

#[tokio::test]
async fn what_another_policy_leaves_behind_is_no_drift() -> Result<()> {
    scene!(scene);
    scene.apply(&domain(&json!({}))).await?;
    scene.apply(&object("Repository", "store", &json!({"domainRef": {"name": "acme"}}))).await?;
    let policy = |name: &str, publish: &str| {
        let packages = json!([{"format": "npm", "name": "hello"}]);
        let origin = json!({"publish": publish, "upstream": "Block"});
        let spec = json!({"repositoryRef": {"name": "store"}, "mode": "Enforce", "packages": packages, "origin": origin});
        object("PackagePolicy", name, &spec)
    };
    scene.apply(&policy("open", "Allow")).await?;
    scene.ready("PackagePolicy", "open").await?;
    scene.apply(&policy("shut", "Block")).await?;
    scene.until_event("Updated", "publish").await?;
    scene.until_idle().await?;
    let before = scene.took_effect("PutPackageOriginConfiguration");
    scene.delete("PackagePolicy", "shut").await?;
    scene.until_calls("the other policy holds again", "PutPackageOriginConfiguration", before + 1).await?;
    scene.until_idle().await?;
    let told = scene.told("DriftCorrected").await?;
    ensure!(told.is_empty(), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn a_correction_that_aws_interrupts_is_told_as_one() -> Result<()> {
    scene!(scene);
    scene.apply(&domain(&json!({}))).await?;
    let spec = json!({"domainRef": {"name": "acme"}, "description": "declared", "tags": {"team": "a"}});
    scene.apply(&object("Repository", "store", &spec)).await?;
    scene.ready("Repository", "store").await?;
    let updated = scene.told("Updated").await?;
    let aws = scene.aws();
    aws.update_repository().domain("acme").repository("store").description("by hand").send().await?;
    let arn = scene.status("Repository", "store", "/arn").await?;
    aws.untag_resource().resource_arn(arn).tag_keys("team").send().await?;
    // Each of the two corrections takes effect, and its answer is an error.
    let lost = |operation: &str| json!({"match": {"operation": operation}, "fault": {"failAfterWrite": true}, "times": 1});
    scene.emulator.set_faults(&json!([lost("UpdateRepository"), lost("TagResource")])).await?;
    scene.reconcile_now("Repository", "store").await?;
    told_once(&scene, "DriftCorrected", "set description to \"declared\"").await?;
    told_once(&scene, "DriftCorrected", "set tag team").await?;
    let told = scene.told("Updated").await?;
    ensure!(told == updated, "{told:?}");
    Ok(())
}
