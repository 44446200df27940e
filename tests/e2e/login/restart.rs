//! An operator that starts again finds the tokens that it has, also while AWS does not answer.

use anyhow::{Result, ensure};
use harness::Fixture;
use kube::api::{DeleteParams, ListParams, PostParams};
use serde_json::{Value, json};

fn private_registry() -> Value {
    json!({"repository": {"domain": "acme", "name": "store"}, "formats": ["npm"], "endpoint": "https://vpce.example.com"})
}

/// As the garbage collector leaves the Secret when an object is made again under its name while the collector lists objects anew.
#[tokio::test]
async fn a_login_that_is_made_again_does_not_wait_for_the_garbage_collector() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.make_store("acme").await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    fixture.cluster.stop_controller_manager();
    fixture.install.operator.terminate().await?;
    fixture.delete("RegistryCredential", "login").await?;
    fixture.login("login", &json!({})).await?;
    ensure!(fixture.data("login").await? == before, "somebody removed the Secret");
    fixture.install.operator.start_again().await?;
    fixture.issued("login").await?;
    let (login, secret) =
        (fixture.get("RegistryCredential", "login").await?, fixture.secrets()?.get("login").await?);
    let owners: Vec<_> =
        secret.metadata.owner_references.into_iter().flatten().map(|owner| owner.uid).collect();
    ensure!(owners == [login.metadata.uid.unwrap_or_default()], "{owners:?} own the Secret");
    Ok(())
}

#[tokio::test]
async fn a_restart_finds_the_token_and_writes_nothing() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    let version = fixture.secrets()?.get_metadata("login").await?.metadata.resource_version;
    fixture.install.operator.kill().await?;
    fixture.install.operator.start_again().await?;
    fixture.reconcile_now("RegistryCredential", "login").await?;
    ensure!(
        fixture.secrets()?.get_metadata("login").await?.metadata.resource_version == version,
        "written again"
    );

    // What was deleted while nobody looked comes back with the token that was kept.
    fixture.install.operator.kill().await?;
    fixture.secrets()?.delete("login", &DeleteParams::default()).await?;
    fixture.install.operator.start_again().await?;
    fixture.until_holds("login", &before).await?;
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));

    let kept = fixture.operator_secrets()?;
    let selector = ListParams::default().labels("codeartifact-operator.dev/component=token");
    ensure!(kept.list(&selector).await?.items.len() == 1);
    fixture.emulator.forward("8h").await?;
    fixture.until_renewed("login", &before).await?;
    ensure!(kept.list(&selector).await?.items.len() == 1, "the old token is kept beside the new one");
    Ok(())
}

#[tokio::test]
async fn a_restart_while_aws_is_down_leaves_a_good_login_ready() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    fixture.install.operator.kill().await?;
    fixture.emulator.fault("*", &json!({"status": 503})).await?;
    fixture.install.operator.start_again().await?;
    let ready = fixture.login_ready_for("login", "RenewalFailing").await?;
    ensure!(ready.status == "True", "{ready:?}");
    ensure!(fixture.data("login").await? == before);

    fixture.emulator.clear_faults().await?;
    fixture.issued_after_looks("login").await?;
    ensure!(
        fixture.data("login").await? == before && fixture.emulator.tokens_minted().len() == 1,
        "{} tokens",
        fixture.emulator.tokens_minted().len()
    );
    Ok(())
}

#[tokio::test]
async fn a_secret_deleted_while_the_operator_was_away_is_put_back_without_aws() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.login("private", &json!({"registries": [private_registry()]})).await?;
    let mut before = Vec::new();
    for name in ["login", "other"] {
        before.push((name, fixture.ready_login(name, &json!({})).await?));
    }
    fixture.issued("private").await?;
    before.push(("private", fixture.data("private").await?));
    fixture.install.operator.kill().await?;
    for (name, _) in &before {
        fixture.secrets()?.delete(name, &DeleteParams::default()).await?;
    }
    let made_up = json!({"metadata": {"name": "other"}, "stringData": {"token": "theirs"}});
    fixture.secrets()?.create(&PostParams::default(), &serde_json::from_value(made_up)?).await?;
    fixture.emulator.fault("*", &json!({"status": 503})).await?;
    fixture.install.operator.start_again().await?;
    for (name, data) in before.iter().filter(|(name, _)| *name != "other") {
        fixture.until_holds(name, data).await?;
        let ready = fixture.login_ready_for(name, "RenewalFailing").await?;
        ensure!(ready.status == "True", "{ready:?}");
    }
    fixture.until_event("Updated", "Secret login had been deleted and was put back").await?;
    let refused = fixture.condition("RegistryCredential", "other", "Ready", "False").await?;
    ensure!(fixture.data("other").await?["token"] == "theirs", "{refused:?}");
    ensure!(fixture.emulator.tokens_minted().len() == 1, "{} tokens", fixture.emulator.tokens_minted().len());
    Ok(())
}

#[tokio::test]
async fn without_aws_nobody_gets_a_token_that_he_did_not_have() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.ready_login("login", &json!({})).await?;
    fixture.install.operator.kill().await?;
    fixture.emulator.fault("*", &json!({"status": 503})).await?;
    // Of the same domain, account and duration, so that AWS would not be needed but to say who signs in.
    fixture.login("newcomer", &json!({})).await?;
    fixture.install.operator.start_again().await?;
    fixture.login_ready_for("login", "RenewalFailing").await?;
    fixture.condition("RegistryCredential", "newcomer", "Ready", "False").await?;
    ensure!(fixture.secrets()?.get_opt("newcomer").await?.is_none(), "it got a token");
    Ok(())
}
