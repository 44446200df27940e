//! Resources that exist in AWS already. The operator adopts them as `spec.adoptionPolicy` says, takes none from another owner, and adopts
//! again what an object with the deletion policy Retain has left.

use anyhow::{Result, ensure};
use aws_sdk_codeartifact::types::Tag;
use harness::Fixture;
use harness::objects::object;
use serde_json::json;

const DOMAIN: &str = "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {name: acme}\n";

#[tokio::test]
async fn what_exists_is_only_taken_over_as_the_adoption_policy_says() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture
        .emulator
        .aws()
        .create_domain()
        .domain("acme")
        .tags(Tag::builder().key("team").value("b").build()?)
        .send()
        .await?;
    fixture.apply(&format!("{DOMAIN}spec: {{tags: {{team: a}}}}\n")).await?;
    let refused = fixture.condition("Domain", "acme", "Stalled", "True").await?;
    ensure!(refused.reason == "AdoptionRefused" && refused.message.contains("adoptionPolicy"), "{refused:?}");

    fixture.apply(&format!("{DOMAIN}spec: {{adoptionPolicy: IfIdentical, tags: {{team: a}}}}\n")).await?;
    let differs = fixture.says("Domain", "acme", "Stalled", "Overwrite would").await?;
    ensure!(differs.message.contains("team"), "{differs:?}");
    ensure!(fixture.tag("acme", "team").await?.as_deref() == Some("b"), "a refused adoption wrote");

    fixture.apply(&format!("{DOMAIN}spec: {{adoptionPolicy: IfIdentical, tags: {{team: b}}}}\n")).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.until_event("Adopted", "acme").await?;
    let owner = fixture.tag("acme", "codeartifact-operator.dev/owner").await?.unwrap_or_default();
    ensure!(owner.ends_with(&format!("/{}/acme", fixture.namespace())), "{owner}");
    Ok(())
}

#[tokio::test]
async fn another_owners_domain_is_neither_written_nor_deleted() -> Result<()> {
    let fixture = Fixture::own().await?;
    let owner = Tag::builder().key("codeartifact-operator.dev/owner").value("elsewhere/team/acme").build()?;
    fixture.emulator.aws().create_domain().domain("acme").tags(owner).send().await?;
    fixture
        .apply(&format!(
            "{DOMAIN}spec: {{adoptionPolicy: Overwrite, deletionPolicy: Delete, tags: {{team: a}}}}\n"
        ))
        .await?;
    let refused = fixture.condition("Domain", "acme", "Stalled", "True").await?;
    ensure!(
        refused.reason == "OwnedByOther"
            && refused.message.contains("owned by the object team/acme of cluster elsewhere"),
        "{refused:?}"
    );
    fixture.delete("Domain", "acme").await?;
    fixture.gone("Domain", "acme").await?;
    ensure!(
        fixture.tag("acme", "codeartifact-operator.dev/owner").await?.as_deref()
            == Some("elsewhere/team/acme")
    );
    ensure!(fixture.tag("acme", "team").await?.is_none());
    Ok(())
}

#[tokio::test]
async fn what_another_object_has_let_go_is_taken_as_soon_as_it_is_free() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&format!("{DOMAIN}spec: {{}}\n")).await?;
    fixture.ready("Domain", "acme").await?;
    let other = DOMAIN.replace("{name: acme}", "{name: other}");
    fixture.apply(&format!("{other}spec: {{name: acme, adoptionPolicy: Overwrite}}\n")).await?;
    let refused = fixture.condition("Domain", "other", "Stalled", "True").await?;
    ensure!(refused.reason == "OwnedByOther", "{refused:?}");
    // The clock stands still, so that no retry is due.
    fixture.until_idle().await?;
    fixture.delete("Domain", "acme").await?;
    fixture.gone("Domain", "acme").await?;
    fixture.ready("Domain", "other").await.map(drop)
}

#[tokio::test]
async fn retain_lets_go_and_the_next_owner_may_adopt() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&format!("{DOMAIN}spec: {{}}\n")).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.delete("Domain", "acme").await?;
    fixture.gone("Domain", "acme").await?;
    ensure!(fixture.tag("acme", "codeartifact-operator.dev/owner").await?.is_none(), "the owner tag stayed");
    fixture.apply(&format!("{DOMAIN}spec: {{adoptionPolicy: IfIdentical}}\n")).await?;
    fixture.ready("Domain", "acme").await?;
    Ok(())
}

/// Logins stay, because a token is for the domain and not for who made the repository.
#[tokio::test]
async fn nothing_is_written_to_what_somebody_else_has_made_under_the_same_name() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({}))).await?;
    let store = json!({"domainRef": {"name": "acme"}});
    fixture.apply(&object("Repository", "store", &store)).await?;
    fixture.ready("Repository", "store").await?;
    let login = fixture
        .ready_login(
            "login",
            &json!({"registries": [{"repositoryRef": {"name": "store"}, "formats": ["npm"]}]}),
        )
        .await?;

    let (aws, owner) = (fixture.emulator.aws(), "codeartifact-operator.dev/owner");
    let other = Tag::builder().key(owner).value("elsewhere/team/store").build()?;
    aws.delete_repository().domain("acme").repository("store").send().await?;
    aws.create_repository().domain("acme").repository("store").tags(other).send().await?;
    fixture.reconcile_now("Repository", "store").await?;
    fixture.ready_for("Repository", "store", "OwnedByOther").await?;

    let before = fixture.emulator.last_call();
    let policy = json!({"mode": "Enforce", "repositoryRef": {"name": "store"}, "packages": [{"format": "npm", "name": "a"}],
        "origin": {"publish": "Allow", "upstream": "Block"}});
    fixture.apply(&object("PackagePolicy", "late", &policy)).await?;
    let waits = fixture.ready_for("PackagePolicy", "late", "DependencyNotReady").await?;
    ensure!(waits.message.contains("store is not ready (OwnedByOther)"), "{waits:?}");
    ensure!(fixture.emulator.calls("PutPackageOriginConfiguration", before) == 0, "the policy was written");
    fixture.until_holds("login", &login).await?;
    fixture.issued("login").await?;

    aws.delete_repository().domain("acme").repository("store").send().await?;
    fixture.reconcile_now("Repository", "store").await?;
    fixture.ready("PackagePolicy", "late").await?;

    aws.delete_repository().domain("acme").repository("store").send().await?;
    aws.delete_domain().domain("acme").send().await?;
    aws.create_domain().domain("acme").send().await?;
    fixture.reconcile_now("Domain", "acme").await?;
    fixture.ready_for("Domain", "acme", "AdoptionRefused").await?;
    let before = fixture.emulator.last_call();
    fixture.apply(&object("Repository", "late", &store)).await?;
    let waits = fixture.ready_for("Repository", "late", "DependencyNotReady").await?;
    ensure!(waits.message.contains("acme is not ready (AdoptionRefused)"), "{waits:?}");
    ensure!(fixture.emulator.calls("CreateRepository", before) == 0, "a repository was made");
    Ok(())
}
