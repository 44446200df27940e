//! Deletion: late answers of AWS, another account in the spec, refusals, a whole namespace, and what many deletions cost.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use harness::Fixture;
use harness::objects::object;
use kube::api::{DeleteParams, DynamicObject};
use serde_json::{Value, json};

const FINALIZER: &str = "codeartifact-operator.dev/finalizer";
const OWNER: &str = "codeartifact-operator.dev/owner";

fn domain(policy: &str) -> String {
    format!(
        "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {{name: acme}}\nspec: {{deletionPolicy: {policy}}}\n"
    )
}

/// A Repository of that domain, which is deleted with its object.
fn repository(name: &str) -> Value {
    object("Repository", name, &json!({"domainRef": {"name": "acme"}, "deletionPolicy": "Delete"}))
}

#[tokio::test]
async fn a_domain_that_aws_does_not_show_yet_is_deleted_all_the_same() -> Result<()> {
    let fixture = Fixture::own().await?;
    delete_while_answers_are_late(&fixture, "Delete").await?;
    ensure!(
        fixture.emulator.aws().list_domains().send().await?.domains().is_empty(),
        "the domain is left in AWS"
    );
    fixture.until_event("Deleted", "acme is deleted in AWS").await
}

#[tokio::test]
async fn a_domain_that_aws_does_not_show_yet_is_let_go_without_our_tag() -> Result<()> {
    let fixture = Fixture::own().await?;
    delete_while_answers_are_late(&fixture, "Retain").await?;
    ensure!(fixture.tag("acme", OWNER).await?.is_none(), "the owner tag stayed");
    fixture.until_event("Released", "our owner tag is off it").await
}

#[tokio::test]
async fn a_domain_deleted_by_hand_is_given_up_once_that_is_certain() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&domain("Delete")).await?;
    fixture.ready("Domain", "acme").await?;
    // A reconcile that is still under way would make it anew.
    fixture.until_idle().await?;
    fixture.emulator.aws().delete_domain().domain("acme").send().await?;
    fixture.delete("Domain", "acme").await?;
    fixture.says("Domain", "acme", "Ready", "AWS does not show it").await?;
    fixture.emulator.forward("1m").await?;
    fixture.gone("Domain", "acme").await?;
    fixture.until_event("Deleted", "nothing was left to delete").await
}

#[tokio::test]
async fn a_deletion_works_in_the_pinned_account_whatever_the_spec_names() -> Result<()> {
    let fixture = Fixture::own().await?;
    let elsewhere = json!({
        "region": "eu-west-1", "grants": [{"namespaces": {"all": true}, "manage": ["*", "*/*"]}],
    });
    fixture.make_account("elsewhere", elsewhere).await?;
    fixture.apply(&domain("Delete")).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.apply(&domain("Delete, accountRef: {name: elsewhere}")).await?;
    let moved = fixture.condition("Domain", "acme", "Stalled", "True").await?;
    ensure!(moved.reason == "IdentityChanged", "{moved:?}");
    fixture.delete("Domain", "acme").await?;
    fixture.gone("Domain", "acme").await?;
    ensure!(
        fixture.emulator.aws().list_domains().send().await?.domains().is_empty(),
        "the domain is left in AWS"
    );
    Ok(())
}

#[tokio::test]
async fn a_denied_deletion_is_blocked_and_says_how_to_let_go() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&domain("Delete")).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.emulator.fault("DeleteDomain", &json!({"error": "AccessDeniedException"})).await?;
    fixture.delete("Domain", "acme").await?;
    let blocked = fixture.condition("Domain", "acme", "DeletionBlocked", "True").await?;
    ensure!(
        blocked.message.contains("DeleteDomain") && blocked.message.contains("spec.deletionPolicy to Retain"),
        "{blocked:?}"
    );
    fixture.apply(&domain("Retain")).await?;
    fixture.gone("Domain", "acme").await?;
    ensure!(fixture.tag("acme", OWNER).await?.is_none(), "the owner tag stayed");
    Ok(())
}

#[tokio::test]
async fn a_deletion_under_a_suspended_account_is_blocked_and_goes_on_with_it() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&domain("Delete")).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.suspend_account(true).await?;
    fixture.delete("Domain", "acme").await?;
    let blocked = fixture.condition("Domain", "acme", "DeletionBlocked", "True").await?;
    ensure!(blocked.message.contains("suspended") && blocked.message.contains("Retain"), "{blocked:?}");
    fixture.suspend_account(false).await?;
    fixture.gone("Domain", "acme").await?;
    ensure!(fixture.emulator.aws().list_domains().send().await?.domains().is_empty());
    Ok(())
}

#[tokio::test]
async fn nothing_is_created_for_an_object_that_is_gone_before_its_pin_was_written() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.emulator.fault("DescribeDomain", &json!({"hold": true})).await?;
    fixture.apply(&domain("Delete")).await?;
    fixture.until_held(1).await?;
    fixture.set_finalizers("Domain", "acme", Value::Null).await?;
    fixture.delete("Domain", "acme").await?;
    fixture.gone("Domain", "acme").await?;
    let before = fixture.reconciles("Domain").await?;
    fixture.emulator.clear_faults().await?;
    fixture.until_reconciles("Domain", before + 1.0).await?;
    ensure!(fixture.emulator.calls("CreateDomain", 0) == 0, "a domain was created that nobody declares");
    Ok(())
}

/// Applies the domain and deletes it while AWS answers as if it were not there yet; ends when the object is gone.
async fn delete_while_answers_are_late(fixture: &Fixture, policy: &str) -> Result<()> {
    fixture.emulator.fault("DescribeDomain", &json!({"staleReads": "40s"})).await?;
    fixture.apply(&domain(policy)).await?;
    fixture.ready("Domain", "acme").await?;
    let described = fixture.emulator.calls("DescribeDomain", 0);
    fixture.delete("Domain", "acme").await?;
    fixture.until_calls("looked", "DescribeDomain", described + 1).await?;
    fixture.emulator.forward("1m").await?;
    fixture.emulator.clear_faults().await?;
    fixture.gone("Domain", "acme").await
}

#[tokio::test]
async fn an_object_that_others_keep_says_that_nothing_stands_behind_it() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&domain("Delete")).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.set_finalizers("Domain", "acme", json!([FINALIZER, "example.com/keep"])).await?;
    fixture.delete("Domain", "acme").await?;
    fixture.says("Domain", "acme", "Ready", "only finalizers of others keep the object").await?;
    let left = |object: &DynamicObject| {
        let status = object.data.pointer("/status/arn");
        object.metadata.finalizers == Some(vec!["example.com/keep".into()]) && status.is_none()
    };
    fixture.until("our finalizer is off", "Domain", "acme", left).await?;
    let store = object("Repository", "store", &json!({"domainRef": {"name": "acme"}}));
    fixture.apply(&store).await?;
    fixture.says("Repository", "store", "Ready", "Domain team/acme is not ready (Deleted)").await?;
    ensure!(
        fixture.emulator.calls("CreateRepository", 0) == 0,
        "a repository was asked for in a domain that is gone"
    );
    fixture.set_finalizers("Domain", "acme", Value::Null).await?;
    fixture.gone("Domain", "acme").await
}

#[tokio::test]
async fn a_namespace_deleted_at_once_leaves_nothing_in_aws() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&format!("{}---\n{}\n", domain("Delete"), repository("team"))).await?;
    fixture.ready("Repository", "team").await?;
    fixture.cluster.api("Namespace", "").await?.delete(fixture.namespace(), &DeleteParams::default()).await?;
    fixture.install.gone("Namespace", "", fixture.namespace()).await?;
    ensure!(fixture.emulator.aws().list_domains().send().await?.domains().is_empty());
    Ok(())
}

#[tokio::test]
async fn deleting_many_repositories_costs_a_few_calls_each() -> Result<()> {
    const REPOSITORIES: usize = 30;
    const CALLS_EACH: usize = 8;
    let fixture = Fixture::own().await?;
    let mut manifest = domain("Delete");
    let names: Vec<_> = (0..REPOSITORIES).map(|number| format!("r{number}")).collect();
    for name in &names {
        write!(manifest, "---\n{}\n", repository(name))?;
    }
    fixture.apply(&manifest).await?;
    for name in &names {
        fixture.ready("Repository", name).await?;
    }
    let before = fixture.emulator.last_call();
    for name in &names {
        fixture.delete("Repository", name).await?;
    }
    for name in &names {
        fixture.gone("Repository", name).await?;
    }
    let calls = fixture.emulator.calls("*", before);
    ensure!(calls <= REPOSITORIES * CALLS_EACH, "{calls} calls for {REPOSITORIES} repositories");
    let left = fixture.emulator.aws().list_repositories_in_domain().domain("acme").send().await?;
    ensure!(left.repositories().is_empty(), "{:?}", left.repositories());
    Ok(())
}
