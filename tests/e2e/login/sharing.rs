//! One token for all who may share it, and none for those who may not.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use harness::Fixture;
use harness::emulator::MINT;
use harness::fixture::Setup;
use serde_json::json;

#[tokio::test]
async fn many_logins_at_once_share_one_mint() -> Result<()> {
    let first = Setup::shared().namespaces(2).start().await?;
    first.make_store("acme").await?;
    let both = [first.clone(), first.in_namespace(1)];
    // All of them ask while the one mint is on its way.
    first.emulator.fault(MINT, &json!({"hold": true})).await?;
    for number in 0..4 {
        for fixture in &both {
            fixture.login(&format!("login-{number}"), &json!({})).await?;
        }
    }
    first.until_held(1).await?;
    first.emulator.clear_faults().await?;
    let mut tokens = BTreeSet::new();
    for number in 0..4 {
        for fixture in &both {
            let name = format!("login-{number}");
            fixture.ready("RegistryCredential", &name).await?;
            tokens.insert(fixture.data(&name).await?["token"].clone());
        }
    }
    ensure!(tokens.len() == 1, "{} tokens in the Secrets", tokens.len());
    ensure!(first.emulator.mints(0) == 1, "{} mints", first.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn a_shared_token_is_renewed_for_the_one_who_needs_it_first() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("patient", &json!({})).await?;
    let careful = fixture.ready_login("careful", &json!({"token": {"renewBefore": "6h"}})).await?;
    ensure!(before == careful, "they do not share");
    fixture.emulator.forward("5h30m").await?;
    let renewed = fixture.until_renewed("careful", &before).await?;
    fixture.until_holds("patient", &renewed).await?;
    ensure!(fixture.emulator.mints(0) == 2, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn another_duration_is_another_token() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let long = fixture.ready_login("long", &json!({})).await?;
    let short = fixture.ready_login("short", &json!({"token": {"duration": "15m"}})).await?;
    ensure!(long["token"] != short["token"]);
    let lives = short["expires_at"].parse::<i64>()? - fixture.emulator.now().as_second();
    ensure!((1..=900).contains(&lives), "the short one lives {lives} s");
    Ok(())
}

#[tokio::test]
async fn another_role_in_the_grant_mints_anew_at_once() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let own = fixture.ready_login("login", &json!({})).await?;
    let role = "arn:aws:iam::123456789012:role/team";
    fixture.emulator.set_principal(&json!({"arn": role})).await?;
    fixture.grant_credentials(json!([{"domains": ["*"], "roleArn": role}])).await?;
    fixture.until_renewed("login", &own).await?;
    let journal = fixture.emulator.journal(0);
    let minter =
        journal.iter().rfind(|entry| entry.operation == MINT).and_then(|entry| entry.principal.clone());
    ensure!(minter.as_ref().is_some_and(|who| who.contains("role/team")), "minted by {minter:?}");
    Ok(())
}

#[tokio::test]
async fn a_duration_beyond_the_grant_is_refused_with_both_named() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.grant_credentials(json!([{"domains": ["acme"], "maxDuration": "4h"}])).await?;
    fixture.login("login", &json!({"token": {"duration": "12h"}})).await?;
    let told = fixture.stalled("RegistryCredential", "login", "spec.token.duration is 12h").await?;
    ensure!(told.message.contains("at most 4h"), "{told:?}");
    ensure!(fixture.emulator.mints(0) == 0, "{} mints", fixture.emulator.mints(0));
    fixture.login("login", &json!({"token": {"duration": "4h"}})).await?;
    let ready = fixture.issued("login").await?;
    ensure!(!ready.message.contains("longest"), "{ready:?}");
    Ok(())
}

#[tokio::test]
async fn without_a_duration_a_token_lives_as_long_as_the_grant_allows_and_the_login_says_so() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    fixture.grant_credentials(json!([{"domains": ["acme"], "maxDuration": "4h"}])).await?;
    let login = fixture.ready_login("login", &json!({})).await?;
    let lives = login["expires_at"].parse::<i64>()? - fixture.emulator.now().as_second();
    ensure!((4 * 3600 - 60..=4 * 3600).contains(&lives), "it lives {lives} s");
    let ready = fixture.issued("login").await?;
    let said = "tokens for acme live 4h, the longest life that the grant of AwsAccount";
    ensure!(ready.message.contains(said), "{ready:?}");
    Ok(())
}

#[tokio::test]
async fn a_login_that_nobody_allows_any_more_goes_whatever_else_is_wrong() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    for name in ["dangling", "plain"] {
        fixture.ready_login(name, &json!({})).await?;
    }
    let nowhere = json!([{"repositoryRef": {"name": "nowhere"}, "formats": ["npm"]}]);
    fixture.login("dangling", &json!({"registries": nowhere})).await?;
    fixture.login_ready_for("dangling", "DependencyNotReady").await?;
    fixture.data("dangling").await?;
    fixture.set_grants(&[]).await?;
    for name in ["dangling", "plain"] {
        fixture.gone("Secret", name).await?;
    }
    Ok(())
}
