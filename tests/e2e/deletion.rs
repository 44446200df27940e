//! Deletion under odd circumstances: late answers of AWS, another account in the spec, refusals, no object any more.

use anyhow::{Result, ensure};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::scene::{NAMESPACE, Scene, scene};

const FINALIZER: &str = "codeartifact-operator.dev/finalizer";
const OWNER: &str = "codeartifact-operator.dev/owner";

fn domain(policy: &str) -> String {
    format!(
        "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {{name: acme}}\nspec: {{deletionPolicy: {policy}}}\n"
    )
}

#[tokio::test]
async fn a_domain_that_aws_does_not_show_yet_is_deleted_all_the_same() -> Result<()> {
    scene!(scene);
    delete_while_answers_are_late(&scene, "Delete").await?;
    ensure!(scene.aws().list_domains().send().await?.domains().is_empty(), "the domain is left in AWS");
    scene.until_event("Deleted", "acme is deleted in AWS").await
}

#[tokio::test]
async fn a_domain_that_aws_does_not_show_yet_is_let_go_without_our_tag() -> Result<()> {
    scene!(scene);
    delete_while_answers_are_late(&scene, "Retain").await?;
    ensure!(scene.tag("acme", OWNER).await?.is_none(), "the owner tag stayed");
    scene.until_event("Released", "our owner tag is off it").await
}

#[tokio::test]
async fn a_domain_deleted_by_hand_is_given_up_once_that_is_certain() -> Result<()> {
    scene!(scene);
    scene.apply(&domain("Delete")).await?;
    scene.ready("Domain", "acme").await?;
    // A reconcile that is still under way would make it anew.
    scene.until_idle().await?;
    scene.aws().delete_domain().domain("acme").send().await?;
    scene.delete("Domain", "acme").await?;
    scene.says(("Domain", "acme"), "Ready", "AWS does not show it").await?;
    scene.emulator.forward("1m").await?;
    scene.gone("Domain", "acme").await?;
    scene.until_event("Deleted", "nothing was left to delete").await
}

#[tokio::test]
async fn a_deletion_works_in_the_pinned_account_whatever_the_spec_names() -> Result<()> {
    scene!(scene);
    let url = scene.emulator.url();
    let elsewhere = json!({
        "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": "elsewhere"},
        "spec": {
            "accountId": "123456789012", "region": "eu-west-1", "endpoints": {"codeartifact": url, "sts": url},
            "credentials": {"secretRef": {"namespace": scene.install.operator_namespace, "name": "aws"}},
            "grants": [{"namespaces": {"all": true}, "manage": ["*", "*/*"]}],
        },
    });
    scene.apply(&elsewhere.to_string()).await?;
    scene.apply(&domain("Delete")).await?;
    scene.ready("Domain", "acme").await?;
    scene.apply(&domain("Delete, accountRef: {name: elsewhere}")).await?;
    let moved = scene.condition("Domain", "acme", "Stalled", "True").await?;
    ensure!(moved.reason == "IdentityChanged", "{moved:?}");
    scene.delete("Domain", "acme").await?;
    scene.gone("Domain", "acme").await?;
    ensure!(scene.aws().list_domains().send().await?.domains().is_empty(), "the domain is left in AWS");
    Ok(())
}

#[tokio::test]
async fn a_denied_deletion_is_blocked_and_says_how_to_let_go() -> Result<()> {
    scene!(scene);
    scene.apply(&domain("Delete")).await?;
    scene.ready("Domain", "acme").await?;
    scene.fault("DeleteDomain", &json!({"error": "AccessDeniedException"})).await?;
    scene.delete("Domain", "acme").await?;
    let blocked = scene.condition("Domain", "acme", "DeletionBlocked", "True").await?;
    ensure!(
        blocked.message.contains("DeleteDomain") && blocked.message.contains("spec.deletionPolicy to Retain"),
        "{blocked:?}"
    );
    scene.apply(&domain("Retain")).await?;
    scene.gone("Domain", "acme").await?;
    ensure!(scene.tag("acme", OWNER).await?.is_none(), "the owner tag stayed");
    Ok(())
}

#[tokio::test]
async fn a_deletion_under_a_suspended_account_is_blocked_and_goes_on_with_it() -> Result<()> {
    scene!(scene);
    scene.apply(&domain("Delete")).await?;
    scene.ready("Domain", "acme").await?;
    scene.suspend_account(true).await?;
    scene.delete("Domain", "acme").await?;
    let blocked = scene.condition("Domain", "acme", "DeletionBlocked", "True").await?;
    ensure!(blocked.message.contains("suspended") && blocked.message.contains("Retain"), "{blocked:?}");
    scene.suspend_account(false).await?;
    scene.gone("Domain", "acme").await?;
    ensure!(scene.aws().list_domains().send().await?.domains().is_empty());
    Ok(())
}

#[tokio::test]
async fn nothing_is_created_for_an_object_that_is_gone_before_its_pin_was_written() -> Result<()> {
    scene!(scene);
    scene.fault("DescribeDomain", &json!({"hold": true})).await?;
    scene.apply(&domain("Delete")).await?;
    scene.until_held().await?;
    patch(&scene, "Domain", NAMESPACE, "acme", &json!({"metadata": {"finalizers": null}})).await?;
    scene.delete("Domain", "acme").await?;
    scene.gone("Domain", "acme").await?;
    let before = scene.reconciles("Domain").await?;
    scene.emulator.clear_faults().await?;
    scene.until_reconciles("Domain", before + 1.0).await?;
    ensure!(scene.calls("CreateDomain") == 0, "a domain was created that nobody declares");
    Ok(())
}

/// Applies the domain and deletes it while AWS answers as if it were not there yet; ends when the object is gone.
async fn delete_while_answers_are_late(scene: &Scene<'_>, policy: &str) -> Result<()> {
    scene.fault("DescribeDomain", &json!({"staleReads": "40s"})).await?;
    scene.apply(&domain(policy)).await?;
    scene.ready("Domain", "acme").await?;
    let described = scene.calls("DescribeDomain");
    scene.delete("Domain", "acme").await?;
    scene.until_calls("looked", "DescribeDomain", described + 1).await?;
    scene.emulator.forward("1m").await?;
    scene.emulator.clear_faults().await?;
    scene.gone("Domain", "acme").await
}

async fn patch(scene: &Scene<'_>, kind: &str, namespace: &str, name: &str, patch: &Value) -> Result<()> {
    let api = scene.cluster.api(kind, namespace).await?;
    api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await?;
    Ok(())
}

#[tokio::test]
async fn an_object_that_others_keep_says_that_nothing_stands_behind_it() -> Result<()> {
    scene!(scene);
    scene.apply(&domain("Delete")).await?;
    scene.ready("Domain", "acme").await?;
    let kept = json!({"metadata": {"finalizers": [FINALIZER, "example.com/keep"]}});
    patch(&scene, "Domain", NAMESPACE, "acme", &kept).await?;
    scene.delete("Domain", "acme").await?;
    scene.says(("Domain", "acme"), "Ready", "only finalizers of others keep the object").await?;
    let left = |object: &kube::api::DynamicObject| {
        let status = object.data.pointer("/status/arn");
        object.metadata.finalizers == Some(vec!["example.com/keep".into()]) && status.is_none()
    };
    scene.until("our finalizer is off", "Domain", "acme", left).await?;
    let store = json!({
        "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Repository", "metadata": {"name": "store"},
        "spec": {"domainRef": {"name": "acme"}},
    });
    scene.apply(&store.to_string()).await?;
    scene.says(("Repository", "store"), "Ready", "Domain team/acme is not ready (Deleted)").await?;
    ensure!(scene.calls("CreateRepository") == 0, "a repository was asked for in a domain that is gone");
    patch(&scene, "Domain", NAMESPACE, "acme", &json!({"metadata": {"finalizers": null}})).await?;
    scene.gone("Domain", "acme").await
}
