//! Tokens: renewed in time, kept while that fails, and found again after a restart.

use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::{Emulator, wait_for};
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};

use super::World;

#[tokio::test]
async fn a_token_is_renewed_in_time_and_once() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    emulator.forward("6h").await?;
    world.look("login").await?;
    ensure!(world.data("login").await? == before, "renewed long before it was due");
    emulator.forward("2h").await?;
    let after = world.until_renewed(world.namespace(), "login", &before).await?;
    world.until_event("Renewed", "Secret login holds a new token for acme until").await?;
    world.look("login").await?;
    ensure!(world.mints() == 2, "{} mints", world.mints());
    let lives = after["expires_at"].parse::<i64>()? - emulator.now().as_second();
    ensure!(lives > 11 * 3600, "the new token lives {lives} s");
    for file in [".npmrc", "pip.conf", ".netrc"] {
        ensure!(!after[file].contains(&before["token"]), "{file} still has the old token");
    }
    Ok(())
}

#[tokio::test]
async fn the_old_token_stays_while_its_renewal_fails_and_a_new_one_follows() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    world.fail_mints("InternalServerException").await?;
    emulator.forward("8h").await?;
    let ready = world.ready_for("login", "RenewalFailing").await?;
    ensure!(ready.status == "True", "{ready:?}");
    world.until_event("RenewalFailing", "cannot be renewed").await?;
    ensure!(world.data("login").await? == before);

    // It is put back also while it cannot be renewed.
    world.secrets()?.delete("login", &DeleteParams::default()).await?;
    world.until_holds("login", &before).await?;

    emulator.clear_faults().await?;
    emulator.forward("5m").await?;
    world.until_renewed(world.namespace(), "login", &before).await?;
    world.issued("login").await?;
    ensure!(world.tokens() == 2, "{} tokens", world.tokens());
    Ok(())
}

#[tokio::test]
async fn a_login_that_has_expired_is_not_called_ready() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({"token": {"duration": "15m"}})).await?;
    world.fail_mints("InternalServerException").await?;
    emulator.forward("11m").await?;
    world.ready_for("login", "RenewalFailing").await?;
    emulator.forward("4m").await?;
    let ready = world.ready_for("login", "AwsUnavailable").await?;
    ensure!(ready.status == "False", "{ready:?}");
    emulator.clear_faults().await?;
    emulator.forward("5m").await?;
    world.issued("login").await?;
    ensure!(world.data("login").await?["token"] != before["token"]);
    Ok(())
}

#[tokio::test]
async fn a_mint_that_is_denied_says_what_is_needed() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.fail_mints("AccessDeniedException").await?;
    world.login("login", &json!({})).await?;
    let ready = world.ready_for("login", "AccessDenied").await?;
    ensure!(ready.status == "False" && ready.message.contains("sts:GetServiceBearerToken"), "{ready:?}");
    ensure!(world.secrets()?.get_opt("login").await?.is_none(), "a Secret without a token");
    emulator.clear_faults().await?;
    world.look("login").await?;
    world.issued("login").await?;
    Ok(())
}

#[tokio::test]
async fn renew_at_forces_one_renewal() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    let echoed = async |value: &'static str| {
        world.annotate("login", "renew-at", value).await?;
        let echoed = |object: &kube::api::DynamicObject| object.data["status"]["lastHandledRenewAt"] == value;
        world.until("renew-at is echoed", "login", echoed).await
    };
    echoed("too soon").await?;
    ensure!(world.mints() == 1, "a token that was just minted was renewed");
    emulator.forward("6m").await?;
    echoed("leaked").await?;
    world.until_renewed(world.namespace(), "login", &before).await?;
    world.look("login").await?;
    ensure!(world.mints() == 2, "{} mints", world.mints());
    Ok(())
}

#[tokio::test]
async fn a_restart_finds_the_token_and_writes_nothing() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    let version = world.secrets()?.get_metadata("login").await?.metadata.resource_version;
    world.install.operator.kill().await?;
    world.install.operator.start_again().await?;
    world.look("login").await?;
    ensure!(
        world.secrets()?.get_metadata("login").await?.metadata.resource_version == version,
        "written again"
    );

    // What was deleted while nobody looked comes back with the token that was kept.
    world.install.operator.kill().await?;
    world.secrets()?.delete("login", &DeleteParams::default()).await?;
    world.install.operator.start_again().await?;
    world.until_holds("login", &before).await?;
    ensure!(world.mints() == 1, "{} mints", world.mints());

    let kept = world.secrets_of(&world.install.operator_namespace)?;
    let selector = kube::api::ListParams::default().labels("codeartifact-operator.dev/component=token");
    ensure!(kept.list(&selector).await?.items.len() == 1);
    emulator.forward("8h").await?;
    world.until_renewed(world.namespace(), "login", &before).await?;
    ensure!(kept.list(&selector).await?.items.len() == 1, "the old token is kept beside the new one");
    Ok(())
}

#[tokio::test]
async fn a_restart_while_aws_is_down_leaves_a_good_login_ready() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    world.install.operator.kill().await?;
    emulator.set_faults(&json!([{"match": {}, "fault": {"status": 503}}])).await?;
    world.install.operator.start_again().await?;
    let ready = world.ready_for("login", "RenewalFailing").await?;
    ensure!(ready.status == "True", "{ready:?}");
    ensure!(world.data("login").await? == before);

    emulator.clear_faults().await?;
    world.issued_after_looks("login").await?;
    ensure!(world.data("login").await? == before && world.tokens() == 1, "{} tokens", world.tokens());
    Ok(())
}

#[tokio::test]
async fn a_secret_deleted_while_the_operator_was_away_is_put_back_without_aws() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.login("private", &json!({"registries": [private_registry()]})).await?;
    let mut before = Vec::new();
    for name in ["login", "other"] {
        before.push((name, world.ready_login(name, &json!({})).await?));
    }
    world.issued("private").await?;
    before.push(("private", world.data("private").await?));
    world.install.operator.kill().await?;
    for (name, _) in &before {
        world.secrets()?.delete(name, &DeleteParams::default()).await?;
    }
    let made_up = json!({"metadata": {"name": "other"}, "stringData": {"token": "theirs"}});
    world.secrets()?.create(&PostParams::default(), &serde_json::from_value(made_up)?).await?;
    emulator.set_faults(&json!([{"match": {}, "fault": {"status": 503}}])).await?;
    world.install.operator.start_again().await?;
    for (name, data) in before.iter().filter(|(name, _)| *name != "other") {
        world.until_holds(name, data).await?;
        let ready = world.ready_for(name, "RenewalFailing").await?;
        ensure!(ready.status == "True", "{ready:?}");
    }
    world.until_event("Updated", "Secret login had been deleted and was put back").await?;
    let refused = world.not_ready("other").await?;
    ensure!(world.data("other").await?["token"] == "theirs", "{refused:?}");
    ensure!(world.tokens() == 1, "{} tokens", world.tokens());
    Ok(())
}

/// The operator waits 20 s for the answer to a mint; none has ended before the login is where it should be.
#[tokio::test]
async fn a_mint_that_hangs_keeps_no_secret_from_being_put_back() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    let ended = world.mint_hangs().await?;
    world.secrets()?.delete("login", &DeleteParams::default()).await?;
    world.until_holds("login", &before).await?;
    ensure!(world.mints_ended().await? <= ended, "the Secret came back only when the mint had ended");
    emulator.clear_faults().await?;
    world.until_renewed(world.namespace(), "login", &before).await.map(drop)
}

#[tokio::test]
async fn a_mint_that_hangs_keeps_no_secret_whose_grant_has_gone() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.ready_login("login", &json!({})).await?;
    let ended = world.mint_hangs().await?;
    world.grant(json!([])).await?;
    world.install.gone("Secret", world.namespace(), "login").await?;
    ensure!(world.mints_ended().await? <= ended, "the Secret went only when the mint had ended");
    Ok(())
}

#[tokio::test]
async fn a_forced_renewal_whose_mint_hangs_is_not_called_handled() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.ready_login("login", &json!({})).await?;
    emulator.forward("6m").await?;
    let fault = json!([{"match": {"operation": super::MINT}, "fault": {"hold": true}}]);
    emulator.set_faults(&fault).await?;
    world.annotate("login", "renew-at", "1").await?;
    world.look("login").await?;
    let object = world.install.control_plane.get("RegistryCredential", world.namespace(), "login").await?;
    let handled = &object.data["status"]["lastHandledRenewAt"];
    ensure!(handled.is_null(), "{handled}");
    emulator.clear_faults().await?;
    let is_handled = |object: &kube::api::DynamicObject| object.data["status"]["lastHandledRenewAt"] == "1";
    world.until("the renewal is handled", "login", is_handled).await.map(drop)
}

impl World<'_> {
    /// Has a renewal begin that gets no answer. Returns how many mints have ended by then.
    async fn mint_hangs(&self) -> Result<f64> {
        let ended = self.mints_ended().await?;
        let fault = json!([{"match": {"operation": super::MINT}, "fault": {"hold": true}}]);
        self.install.emulator.set_faults(&fault).await?;
        self.install.emulator.forward("8h").await?;
        let waited = wait_for("a mint hangs", PATIENCE, async || {
            let faults = self.install.emulator.faults().await?.to_string();
            ensure!(faults.contains(r#""fired":1"#), "{faults}");
            Ok(())
        });
        self.install.explain(waited.await)?;
        Ok(ended)
    }

    async fn mints_ended(&self) -> Result<f64> {
        let series = |outcome: &str| {
            format!(
                r#"codeartifact_operator_aws_calls_total{{operation="GetAuthorizationToken",outcome="{outcome}"}}"#
            )
        };
        let mut ended = 0.0;
        for outcome in ["ok", "no_answer", "not_sent", "unavailable", "denied", "throttled"] {
            ended += self.install.operator.metric(&series(outcome)).await.unwrap_or_default();
        }
        Ok(ended)
    }
}

#[tokio::test]
async fn without_aws_nobody_gets_a_token_that_he_did_not_have() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.ready_login("login", &json!({})).await?;
    world.install.operator.kill().await?;
    emulator.set_faults(&json!([{"match": {}, "fault": {"status": 503}}])).await?;
    // Of the same domain, account and duration, so that AWS would not be needed but to say who signs in.
    world.login("newcomer", &json!({})).await?;
    world.install.operator.start_again().await?;
    world.ready_for("login", "RenewalFailing").await?;
    world.not_ready("newcomer").await?;
    ensure!(world.secrets()?.get_opt("newcomer").await?.is_none(), "it got a token");
    Ok(())
}

fn private_registry() -> Value {
    json!({"repository": {"domain": "acme", "name": "store"}, "formats": ["npm"], "endpoint": "https://vpce.example.com"})
}

#[tokio::test]
async fn tokens_that_nobody_renews_are_removed_when_they_expire() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.ready_login("login", &json!({})).await?;
    let api = world.install.control_plane.api("RegistryCredential", world.namespace()).await?;
    api.delete("login", &DeleteParams::default()).await?;
    world.install.gone("Secret", world.namespace(), "login").await?;
    let kept = world.secrets_of(&world.install.operator_namespace)?;
    let selector = kube::api::ListParams::default().labels("codeartifact-operator.dev/component=token");
    ensure!(kept.list(&selector).await?.items.len() == 1);
    emulator.forward("12h").await?;
    let waited = wait_for("the token is removed", PATIENCE, async || {
        ensure!(kept.list(&selector).await?.items.is_empty(), "it is still kept");
        Ok(())
    });
    world.install.explain(waited.await)
}

#[tokio::test]
async fn two_domains_have_two_tokens_in_one_file() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let other =
        json!({"repository": {"domain": "other", "name": "store"}, "formats": ["npm"], "scope": "@other"});
    let data = world.ready_login("login", &json!({"registries": [super::registry(&["npm"]), other]})).await?;
    let tokens = emulator.tokens_minted();
    ensure!(tokens.len() == 2 && tokens.iter().all(|token| data[".npmrc"].contains(token.as_str())));
    ensure!(!data.contains_key("token") && data["username"] == "aws", "{:?}", data.keys());
    let object = world.install.control_plane.get("RegistryCredential", world.namespace(), "login").await?;
    let domains: Vec<_> = object.data["status"]["tokens"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| it["domain"].clone())
        .collect();
    ensure!(domains == [Value::from("acme"), Value::from("other")], "{domains:?}");
    Ok(())
}
