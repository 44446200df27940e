//! Domains and Repositories from apply to delete: creation, drift, adoption, other owners, letting go, blocked deletion.

use anyhow::{Result, ensure};
use aws_sdk_codeartifact::types::{RepositoryDescription, Tag};

use kube::api::DeleteParams;

use serde_json::json;

use crate::scene::{NAMESPACE, object, scene};

const DOMAIN: &str = "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {name: acme}\n";
const REPOSITORY: &str =
    "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Repository\nmetadata: {name: team}\n";

#[tokio::test]
async fn objects_in_the_wrong_order_become_ready_and_a_domain_costs_three_calls() -> Result<()> {
    scene!(scene);
    scene.apply(&format!("{REPOSITORY}spec: {{domainRef: {{name: acme}}, upstreams: [{{repositoryRef: {{name: base}}}}]}}\n")).await?;
    let waiting = scene.condition("Repository", "team", "Ready", "False").await?;
    ensure!(waiting.reason == "DependencyNotReady" && waiting.message.contains("acme"), "{waiting:?}");
    scene.apply(&format!("{DOMAIN}spec: {{tags: {{team: a}}}}\n")).await?;
    scene.ready("Domain", "acme").await?;
    let calls = scene
        .journal()
        .iter()
        .filter(|call| call.parameters["repository"].is_null() && call.service == "codeartifact")
        .count();
    ensure!(calls <= 3, "a domain took {calls} calls");
    scene
        .apply(
            &REPOSITORY
                .replace("team", "base")
                .replace("name: base}", "name: base}\nspec: {domainRef: {name: acme}}"),
        )
        .await?;
    scene.ready("Repository", "team").await?;
    let team = scene.aws().describe_repository().domain("acme").repository("team").send().await?;
    let upstreams: Vec<_> = team
        .repository()
        .map(RepositoryDescription::upstreams)
        .unwrap_or_default()
        .iter()
        .filter_map(|it| it.repository_name())
        .collect();
    ensure!(upstreams == ["base"], "{upstreams:?}");
    Ok(())
}

#[tokio::test]
async fn drift_is_corrected_and_tags_of_other_tools_stay() -> Result<()> {
    scene!(scene);
    scene.apply(&format!("{DOMAIN}spec: {{tags: {{team: a}}}}\n")).await?;
    scene.ready("Domain", "acme").await?;
    let arn = scene.status("Domain", "acme", "/arn").await?;
    for (key, value) in [("team", "wrong"), ("cost", "42")] {
        scene
            .aws()
            .tag_resource()
            .resource_arn(&arn)
            .tags(Tag::builder().key(key).value(value).build()?)
            .send()
            .await?;
    }
    scene.emulator.forward("70m").await?;
    scene.until_tag("acme", "team", "a").await?;
    scene.until_tag("acme", "cost", "42").await?;
    scene.until_event("DriftCorrected", "team").await?;
    Ok(())
}

#[tokio::test]
async fn what_exists_is_only_taken_over_as_the_adoption_policy_says() -> Result<()> {
    scene!(scene);
    scene
        .aws()
        .create_domain()
        .domain("acme")
        .tags(Tag::builder().key("team").value("b").build()?)
        .send()
        .await?;
    scene.apply(&format!("{DOMAIN}spec: {{tags: {{team: a}}}}\n")).await?;
    let refused = scene.condition("Domain", "acme", "Stalled", "True").await?;
    ensure!(refused.reason == "AdoptionRefused" && refused.message.contains("adoptionPolicy"), "{refused:?}");

    scene.apply(&format!("{DOMAIN}spec: {{adoptionPolicy: IfIdentical, tags: {{team: a}}}}\n")).await?;
    let differs = scene.says(("Domain", "acme"), "Stalled", "Overwrite would").await?;
    ensure!(differs.message.contains("team"), "{differs:?}");
    ensure!(scene.tag("acme", "team").await?.as_deref() == Some("b"), "a refused adoption wrote");

    scene.apply(&format!("{DOMAIN}spec: {{adoptionPolicy: IfIdentical, tags: {{team: b}}}}\n")).await?;
    scene.ready("Domain", "acme").await?;
    scene.until_event("Adopted", "acme").await?;
    let owner = scene.tag("acme", "codeartifact-operator.dev/owner").await?.unwrap_or_default();
    ensure!(owner.ends_with(&format!("/{NAMESPACE}/acme")), "{owner}");
    Ok(())
}

#[tokio::test]
async fn another_owners_domain_is_neither_written_nor_deleted() -> Result<()> {
    scene!(scene);
    let owner = Tag::builder().key("codeartifact-operator.dev/owner").value("elsewhere/team/acme").build()?;
    scene.aws().create_domain().domain("acme").tags(owner).send().await?;
    scene
        .apply(&format!(
            "{DOMAIN}spec: {{adoptionPolicy: Overwrite, deletionPolicy: Delete, tags: {{team: a}}}}\n"
        ))
        .await?;
    let refused = scene.condition("Domain", "acme", "Stalled", "True").await?;
    ensure!(
        refused.reason == "OwnedByOther"
            && refused.message.contains("owned by the object team/acme of cluster elsewhere"),
        "{refused:?}"
    );
    scene.delete("Domain", "acme").await?;
    scene.gone("Domain", "acme").await?;
    ensure!(
        scene.tag("acme", "codeartifact-operator.dev/owner").await?.as_deref() == Some("elsewhere/team/acme")
    );
    ensure!(scene.tag("acme", "team").await?.is_none());
    Ok(())
}

#[tokio::test]
async fn what_another_object_has_let_go_is_taken_as_soon_as_it_is_free() -> Result<()> {
    scene!(scene);
    scene.apply(&format!("{DOMAIN}spec: {{}}\n")).await?;
    scene.ready("Domain", "acme").await?;
    let other = DOMAIN.replace("{name: acme}", "{name: other}");
    scene.apply(&format!("{other}spec: {{name: acme, adoptionPolicy: Overwrite}}\n")).await?;
    let refused = scene.condition("Domain", "other", "Stalled", "True").await?;
    ensure!(refused.reason == "OwnedByOther", "{refused:?}");
    // The clock stands still, so that no retry is due.
    scene.until_idle().await?;
    scene.delete("Domain", "acme").await?;
    scene.gone("Domain", "acme").await?;
    scene.ready("Domain", "other").await.map(drop)
}

#[tokio::test]
async fn observe_writes_nothing_and_shows_the_drift() -> Result<()> {
    scene!(scene);
    scene.aws().create_domain().domain("acme").send().await?;
    let mark = scene.mark().await?;
    scene.apply(&format!("{DOMAIN}spec: {{mode: Observe, tags: {{team: a}}}}\n")).await?;
    let drifted = scene.condition("Domain", "acme", "Drifted", "True").await?;
    ensure!(drifted.message.contains("team"), "{drifted:?}");
    scene.ready("Domain", "acme").await?;
    scene.apply(&format!("{DOMAIN}spec: {{mode: Observe}}\n")).await?;
    let level = scene.condition("Domain", "acme", "Drifted", "False").await?;
    ensure!(level.reason == "InSync", "{level:?}");
    scene.delete("Domain", "acme").await?;
    scene.gone("Domain", "acme").await?;
    ensure!(scene.since(&mark).await?.aws_writes == 0);
    Ok(())
}

#[tokio::test]
async fn retain_lets_go_and_the_next_owner_may_adopt() -> Result<()> {
    scene!(scene);
    scene.apply(&format!("{DOMAIN}spec: {{}}\n")).await?;
    scene.ready("Domain", "acme").await?;
    scene.delete("Domain", "acme").await?;
    scene.gone("Domain", "acme").await?;
    ensure!(scene.tag("acme", "codeartifact-operator.dev/owner").await?.is_none(), "the owner tag stayed");
    scene.apply(&format!("{DOMAIN}spec: {{adoptionPolicy: IfIdentical}}\n")).await?;
    scene.ready("Domain", "acme").await?;
    Ok(())
}

#[tokio::test]
async fn a_blocked_deletion_names_what_is_in_the_way_and_goes_on_when_it_is_gone() -> Result<()> {
    scene!(scene);
    scene.apply(&format!("{DOMAIN}spec: {{deletionPolicy: Delete}}\n---\n{REPOSITORY}spec: {{domainRef: {{name: acme}}, deletionPolicy: Delete}}\n")).await?;
    scene.ready("Repository", "team").await?;
    scene.delete("Domain", "acme").await?;
    let blocked = scene.condition("Domain", "acme", "DeletionBlocked", "True").await?;
    ensure!(blocked.message.contains("team") && blocked.message.contains("Retain"), "{blocked:?}");
    scene.delete("Repository", "team").await?;
    scene.gone("Repository", "team").await?;
    scene.gone("Domain", "acme").await?;
    ensure!(scene.aws().list_domains().send().await?.domains().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_namespace_deleted_at_once_leaves_nothing_in_aws() -> Result<()> {
    scene!(scene);
    scene.apply(&format!("{DOMAIN}spec: {{deletionPolicy: Delete}}\n---\n{REPOSITORY}spec: {{domainRef: {{name: acme}}, deletionPolicy: Delete}}\n")).await?;
    scene.ready("Repository", "team").await?;
    scene.cluster.api("Namespace", "").await?.delete(NAMESPACE, &DeleteParams::default()).await?;
    scene.install.gone("Namespace", "", NAMESPACE).await?;
    ensure!(scene.aws().list_domains().send().await?.domains().is_empty());
    Ok(())
}

/// A watch may report a Secret as gone before the answer to its create has come.
#[tokio::test]
async fn secrets_that_are_deleted_as_soon_as_they_are_there_come_back() -> Result<()> {
    const LOGINS: usize = 20;
    const DELETERS: usize = 3;
    const DELETIONS: usize = 100;
    scene!(scene);
    scene.apply(&object("Domain", "acme", &json!({}))).await?;
    scene.apply(&object("Repository", "store", &json!({"domainRef": {"name": "acme"}}))).await?;
    let registries = json!([{"repositoryRef": {"name": "store"}, "formats": ["npm"]}]);
    let names: Vec<_> = (0..LOGINS).map(|number| format!("login-{number}")).collect();
    for name in &names {
        scene.apply(&object("RegistryCredential", name, &json!({"registries": registries}))).await?;
    }
    for name in &names {
        scene.ready("RegistryCredential", name).await?;
    }
    let secrets = scene.cluster.api("Secret", NAMESPACE).await?;
    let delete_many = |deleter: usize| {
        let (secrets, names) = (&secrets, &names);
        async move {
            let mut left = DELETIONS;
            for name in names.iter().cycle().skip(deleter * LOGINS / DELETERS).take(50 * LOGINS) {
                // Most are not there yet: the operator puts them back.
                left -= usize::from(left > 0 && secrets.delete(name, &DeleteParams::default()).await.is_ok());
            }
            DELETIONS - left
        }
    };
    let deleted = futures::future::join_all((0..DELETERS).map(delete_many)).await;
    println!("deleted {deleted:?}");
    ensure!(deleted.iter().sum::<usize>() > LOGINS, "{deleted:?} deletions");
    for name in &names {
        let back = || async { secrets.get(name).await.map(drop).map_err(anyhow::Error::from) };
        harness::wait_for(&format!("Secret {name} is back"), harness::wait::PATIENCE, back).await?;
    }
    Ok(())
}
