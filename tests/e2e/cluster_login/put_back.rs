//! The Secret is put back in each namespace, whatever is done to it there.

use anyhow::{Result, ensure};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use super::{KIND, applied, stage, until_there};

#[tokio::test]
async fn a_secret_that_is_deleted_or_edited_is_put_back_without_a_mint() -> Result<()> {
    let fixture = stage(&["a", "b"]).await?;
    applied(&fixture, &json!({})).await?;
    let (data, place) = (until_there(&fixture, "a").await?, fixture.at("a"));
    let elsewhere = fixture.at("b").secrets()?.get_metadata("login").await?.metadata.resource_version;
    place.until_put_back("login").await?;
    place.until_holds("login", &data).await?;
    let ours = PatchParams { field_manager: Some("codeartifact-operator".into()), ..PatchParams::default() };
    let edit = PatchParams { field_manager: Some("kubectl-edit".into()), ..PatchParams::default() };
    let wrong = json!({"stringData": {"token": "wrong"}});
    let table = [
        ("a key changed", &edit, wrong.clone()),
        ("all keys removed", &edit, json!({"data": null})),
        ("our labels removed", &edit, json!({"metadata": {"labels": null}})),
        ("our annotation removed", &edit, json!({"metadata": {"annotations": null}})),
        ("a key changed under our own name", &ours, wrong),
    ];
    for (what, by, patch) in table {
        let before =
            place.secrets()?.patch("login", by, &Patch::Merge(patch)).await?.metadata.resource_version;
        place.until_holds("login", &data).await?;
        let again = |meta: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta| {
            meta.resource_version != before
                && meta
                    .labels
                    .as_ref()
                    .is_some_and(|labels| labels.contains_key("app.kubernetes.io/managed-by"))
                && meta
                    .annotations
                    .as_ref()
                    .is_some_and(|it| it.contains_key("codeartifact-operator.dev/content"))
        };
        let waited = harness::wait_for(what, harness::wait::PATIENCE, async || {
            let meta = place.secrets()?.get_metadata("login").await?.metadata;
            ensure!(again(&meta), "{:?} {:?}", meta.labels, meta.annotations);
            Ok(())
        });
        fixture.install.explain(waited.await)?;
    }
    fixture
        .at("default")
        .until_event("Updated", "Secret login had been deleted and was put back in namespace a")
        .await?;
    let now = fixture.at("b").secrets()?.get_metadata("login").await?.metadata.resource_version;
    ensure!(now == elsewhere, "what happened in one namespace was work in another one");
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    fixture.ready_for(KIND, "login", "Issued").await.map(drop)
}

#[tokio::test]
async fn a_secret_that_lost_its_owner_is_taken_back() -> Result<()> {
    let fixture = stage(&["a"]).await?;
    applied(&fixture, &json!({})).await?;
    let (data, secrets) = (until_there(&fixture, "a").await?, fixture.at("a").secrets()?);
    let orphan = json!({"metadata": {"ownerReferences": null}, "stringData": {"token": "wrong"}});
    secrets.patch("login", &PatchParams::default(), &Patch::Merge(orphan)).await?;
    fixture.at("a").until_holds("login", &data).await?;
    let owners = secrets.get_metadata("login").await?.metadata.owner_references.unwrap_or_default();
    ensure!(owners.len() == 1 && owners[0].kind == KIND, "{owners:?}");
    fixture.delete(KIND, "login").await?;
    fixture.at("a").gone("Secret", "login").await
}

#[tokio::test]
async fn a_secret_is_put_back_while_aws_is_down() -> Result<()> {
    let fixture = stage(&["a"]).await?;
    applied(&fixture, &json!({})).await?;
    let data = until_there(&fixture, "a").await?;
    fixture.emulator.fault("*", &json!({"status": 503})).await?;
    fixture.at("a").secrets()?.delete("login", &DeleteParams::default()).await?;
    fixture.at("a").until_holds("login", &data).await
}
