//! One mint renews the logins of all namespaces, and one that fails does not hold up the others.

use anyhow::{Result, ensure};
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{KIND, applied, apply, failures, is_there, stage, until_counts, until_there};

#[tokio::test]
async fn one_mint_renews_all_namespaces() -> Result<()> {
    let fixture = stage(&["a", "b", "c"]).await?;
    applied(&fixture, &json!({})).await?;
    let before = until_there(&fixture, "a").await?;
    fixture.emulator.forward("8h").await?;
    let renewed = fixture.at("a").until_renewed("login", &before).await?;
    for namespace in ["b", "c"] {
        fixture.at(namespace).until_holds("login", &renewed).await?;
    }
    fixture.at("default").until_event("Renewed", "Secret login holds a new token in").await?;
    ensure!(fixture.emulator.mints(0) == 2, "{} mints", fixture.emulator.mints(0));
    let end = fixture.until("the status tells of the new token", KIND, "login", |object| {
        let tokens = object.data["status"]["tokens"].as_array().cloned().unwrap_or_default();
        tokens.len() == 1 && tokens[0]["expiresAt"].as_str() == renewed.get("expiration").map(String::as_str)
    });
    end.await?;

    fixture.annotate(KIND, "login", "renew-at", "now").await?;
    fixture.emulator.forward("10m").await?;
    fixture
        .until("the request is echoed", KIND, "login", |object| {
            object.data["status"]["lastHandledRenewAt"] == "now"
        })
        .await
        .map(drop)
}

#[tokio::test]
async fn a_renewal_that_fails_leaves_the_login_ready_until_it_expires() -> Result<()> {
    let fixture = stage(&["a", "b"]).await?;
    applied(&fixture, &json!({})).await?;
    fixture.emulator.fault("GetAuthorizationToken", &json!({"status": 503})).await?;
    fixture.emulator.forward("9h").await?;
    let told = fixture.ready_for(KIND, "login", "RenewalFailing").await?;
    ensure!(told.status == "True", "{told:?}");
    until_counts(&fixture, [2, 2, 0, 0]).await?;
    fixture.emulator.forward("4h").await?;
    fixture.condition(KIND, "login", "Ready", "False").await?;
    fixture.emulator.clear_faults().await?;
    fixture.emulator.forward("10m").await?;
    fixture.ready_for(KIND, "login", "Issued").await.map(drop)
}

#[tokio::test]
async fn a_namespace_that_cannot_be_filled_is_tried_again_by_itself() -> Result<()> {
    let fixture = stage(&["a", "b"]).await?;
    let hard = json!({"hard": {"count/secrets": "0"}, "used": {"count/secrets": "0"}});
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"},
        "spec": {"hard": hard["hard"]}});
    fixture.at("b").apply(&quota).await?;
    // No controller runs here that counts what the quota has used, so the test writes the count.
    let quotas = fixture.cluster.api("ResourceQuota", "b").await?;
    quotas.patch_status("none", &PatchParams::default(), &Patch::Merge(json!({"status": hard}))).await?;
    apply(&fixture, &json!({})).await?;
    let object = until_counts(&fixture, [2, 1, 1, 0]).await?;
    ensure!(failures(&object)[0][..2] == ["b", "QuotaExceeded"], "{:?}", failures(&object));
    let ready = fixture.ready_for(KIND, "login", "PartlyFilled").await?;
    ensure!(ready.status == "True", "{ready:?}");
    fixture.at("default").until_event("PartlyFilled", "in 1 of 2 namespaces").await?;
    until_there(&fixture, "a").await?;
    ensure!(!is_there(&fixture, "b").await?);
    fixture.at("b").delete("ResourceQuota", "none").await?;
    fixture.at("b").gone("ResourceQuota", "none").await?;
    fixture.emulator.forward("10m").await?;
    until_there(&fixture, "b").await?;
    until_counts(&fixture, [2, 2, 0, 0]).await.map(drop)
}
