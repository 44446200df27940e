//! One token for all who may share it, and none for those who may not.

use anyhow::{Result, ensure};
use harness::{Emulator, wait_for};
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{MINT, World};

#[tokio::test]
async fn many_logins_at_once_share_one_mint() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 2).await?;
    let [first, second] = world.install.namespaces.as_slice() else { anyhow::bail!("two namespaces") };
    // All of them ask while the one mint is on its way.
    emulator.set_faults(&json!([{"match": {"operation": MINT}, "fault": {"hold": true}}])).await?;
    for number in 0..4 {
        for namespace in [first, second] {
            world.login_in(namespace, &format!("login-{number}"), &json!({})).await?;
        }
    }
    let waited = wait_for("a mint is held", harness::wait::PATIENCE, async || {
        let faults = emulator.faults().await?;
        ensure!(faults[0]["held"] == 1, "{faults}");
        Ok(())
    });
    world.install.explain(waited.await)?;
    emulator.clear_faults().await?;
    let mut tokens = std::collections::BTreeSet::new();
    for number in 0..4 {
        for namespace in [first, second] {
            let name = format!("login-{number}");
            world.install.ready("RegistryCredential", namespace, &name).await?;
            tokens.insert(world.data_of(namespace, &name).await?["token"].clone());
        }
    }
    ensure!(tokens.len() == 1, "{} tokens in the Secrets", tokens.len());
    ensure!(world.mints() == 1, "{} mints", world.mints());
    Ok(())
}

#[tokio::test]
async fn a_shared_token_is_renewed_for_the_one_who_needs_it_first() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("patient", &json!({})).await?;
    let careful = world.ready_login("careful", &json!({"token": {"renewBefore": "6h"}})).await?;
    ensure!(before == careful, "they do not share");
    emulator.forward("5h30m").await?;
    let renewed = world.until_renewed(world.namespace(), "careful", &before).await?;
    world.until_holds("patient", &renewed).await?;
    ensure!(world.mints() == 2, "{} mints", world.mints());
    Ok(())
}

#[tokio::test]
async fn another_duration_is_another_token() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let long = world.ready_login("long", &json!({})).await?;
    let short = world.ready_login("short", &json!({"token": {"duration": "15m"}})).await?;
    ensure!(long["token"] != short["token"]);
    let lives = short["expires_at"].parse::<i64>()? - emulator.now().as_second();
    ensure!((1..=900).contains(&lives), "the short one lives {lives} s");
    Ok(())
}

#[tokio::test]
async fn another_role_in_the_grant_mints_anew_at_once() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let own = world.ready_login("login", &json!({})).await?;
    let role = "arn:aws:iam::123456789012:role/team";
    emulator.set_principal(&json!({"arn": role})).await?;
    let grants = json!([{"namespaces": {"names": world.install.namespaces},
        "credentials": [{"domains": ["*"], "roleArn": role}]}]);
    let accounts = world.install.control_plane.api("AwsAccount", "").await?;
    let patch = json!({"spec": {"grants": grants}});
    accounts.patch(&world.account, &PatchParams::default(), &Patch::Merge(&patch)).await?;
    world.until_renewed(world.namespace(), "login", &own).await?;
    let journal = emulator.journal(0);
    let minter =
        journal.iter().rfind(|entry| entry.operation == MINT).and_then(|entry| entry.principal.clone());
    ensure!(minter.as_ref().is_some_and(|who| who.contains("role/team")), "minted by {minter:?}");
    Ok(())
}

#[tokio::test]
async fn a_duration_beyond_the_grant_is_refused_with_both_named() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let grants = json!([{"namespaces": {"names": world.install.namespaces},
        "credentials": [{"domains": ["acme"], "maxDuration": "4h"}]}]);
    let accounts = world.install.control_plane.api("AwsAccount", "").await?;
    let patch = json!({"spec": {"grants": grants}});
    accounts.patch(&world.account, &PatchParams::default(), &Patch::Merge(&patch)).await?;
    world.login("login", &json!({"token": {"duration": "12h"}})).await?;
    let object = ("RegistryCredential", world.namespace(), "login");
    let told = world.install.condition(object, "Stalled", "True").await?;
    ensure!(
        told.message.contains("spec.token.duration is 12h") && told.message.contains("at most 4h"),
        "{told:?}"
    );
    ensure!(world.mints() == 0, "{} mints", world.mints());
    world.login("login", &json!({"token": {"duration": "4h"}})).await?;
    world.issued("login").await?;
    Ok(())
}

#[tokio::test]
async fn a_login_that_nobody_allows_any_more_goes_whatever_else_is_wrong() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    for name in ["dangling", "plain"] {
        world.ready_login(name, &json!({})).await?;
    }
    let nowhere = json!([{"repositoryRef": {"name": "nowhere"}, "formats": ["npm"]}]);
    world.login("dangling", &json!({"registries": nowhere})).await?;
    world.ready_for("dangling", "DependencyNotReady").await?;
    world.data("dangling").await?;
    let accounts = world.install.control_plane.api("AwsAccount", "").await?;
    let patch = json!({"spec": {"grants": []}});
    accounts.patch(&world.account, &PatchParams::default(), &Patch::Merge(&patch)).await?;
    for name in ["dangling", "plain"] {
        world.install.gone("Secret", world.namespace(), name).await?;
    }
    Ok(())
}
