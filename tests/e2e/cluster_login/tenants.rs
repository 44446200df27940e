//! What a tenant can do to the login in his own namespace, and that it touches no other one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Result, ensure};
use harness::fixture::registry;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;

use super::{KIND, applied, apply, failures, is_there, stage, until_counts, until_there};

#[tokio::test]
async fn a_secret_in_the_way_blocks_its_own_namespace_alone() -> Result<()> {
    let fixture = stage(&["a", "b"]).await?;
    let planted = json!({"metadata": {"name": "login"}, "stringData": {"token": "theirs"}});
    fixture.at("a").secrets()?.create(&PostParams::default(), &serde_json::from_value(planted)?).await?;
    apply(&fixture, &json!({})).await?;
    let object = until_counts(&fixture, [2, 1, 1, 0]).await?;
    let told = failures(&object);
    ensure!(told[0][..2] == ["a", "SecretNotOurs"], "{told:?}");
    ensure!(told[0][2].contains("not controlled by this ClusterRegistryCredential"), "{told:?}");
    ensure!(fixture.at("a").data("login").await?["token"] == "theirs");
    until_there(&fixture, "b").await?;
    ensure!(fixture.ready_for(KIND, "login", "PartlyFilled").await?.status == "True");

    let consent = json!({"codeartifact-operator.dev/allow-takeover": "login"});
    fixture.at("a").patch("Secret", "login", &json!({"metadata": {"annotations": consent}})).await?;
    fixture.reconcile_now(KIND, "login").await?;
    ensure!(fixture.at("a").data("login").await?["token"] == "theirs", "nobody declared a takeover");
    applied(&fixture, &json!({"secret": {"adoption": "TakeOver"}})).await?;
    ensure!(fixture.at("a").data("login").await? == until_there(&fixture, "b").await?);
    fixture.at("default").until_event("Adopted", "Secret login taken over in namespace a").await
}

#[tokio::test]
async fn two_objects_that_want_one_name_leave_it_to_the_first() -> Result<()> {
    let fixture = stage(&["a", "b"]).await?;
    let (a, b) = (fixture.at("a"), fixture.at("b"));
    let of_tenant = a.ready_login("login", &json!({})).await?;
    apply(&fixture, &json!({})).await?;
    let object = until_counts(&fixture, [2, 1, 1, 0]).await?;
    let told = failures(&object);
    ensure!(told[0][2].contains("Secret login belongs to RegistryCredential login"), "{told:?}");
    ensure!(a.data("login").await? == of_tenant);
    let owners = a.secrets()?.get_metadata("login").await?.metadata.owner_references.unwrap_or_default();
    ensure!(owners.len() == 1 && owners[0].kind == "RegistryCredential", "{owners:?}");

    b.login("login", &json!({})).await?;
    b.stalled("RegistryCredential", "login", "Secret login belongs to ClusterRegistryCredential login")
        .await?;
    let second =
        json!({"namespaces": ["b"], "secret": {"name": "login"}, "registries": [registry(&["npm"])]});
    fixture.apply(&fixture.object(KIND, "second", &second)).await?;
    fixture.stalled(KIND, "second", "Secret login belongs to ClusterRegistryCredential login").await?;
    // What goes frees its name at once.
    a.delete("RegistryCredential", "login").await?;
    until_counts(&fixture, [2, 2, 0, 0]).await?;
    until_there(&fixture, "a").await.map(drop)
}

#[tokio::test]
async fn somebody_who_keeps_deleting_his_secret_holds_up_nobody_else() -> Result<()> {
    let fixture = stage(&["a", "b"]).await?;
    applied(&fixture, &json!({})).await?;
    let data = until_there(&fixture, "b").await?;
    let (begin, done) = (Instant::now(), AtomicBool::new(false));
    let before = fixture.mark().await?;
    let busy = async {
        let secrets = fixture.at("a").secrets()?;
        while !done.load(Ordering::Relaxed) {
            drop(secrets.delete("login", &DeleteParams::default()).await);
        }
        anyhow::Ok(())
    };
    let others = async {
        for _ in 0..4 {
            fixture.at("b").until_put_back("login").await?;
            fixture.at("b").until_holds("login", &data).await?;
        }
        fixture.cluster.namespace("c", &super::PICKED).await?;
        until_there(&fixture, "c").await?;
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    tokio::try_join!(busy, others)?;
    let turns = usize::try_from(begin.elapsed().as_secs())? / 3 + 7;
    let moved = fixture.since(&before).await?;
    let made = moved.kubernetes_writes.iter().filter(|write| write.contains("/namespaces/a/secrets"));
    let made = made.count();
    println!("{made} writes for the busy namespace, {turns} turns");
    ensure!(made <= turns, "{made} writes, {turns} turns: {:?}", moved.kubernetes_writes);
    ensure!(until_there(&fixture, "a").await? == data);
    ensure!(is_there(&fixture, "b").await? && moved.mints == 0, "{} mints", moved.mints);
    Ok(())
}
