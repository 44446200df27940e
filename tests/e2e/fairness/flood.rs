//! One namespace that asks for very much, and another that wants its login all the same.

use anyhow::{Result, ensure};
use codeartifact_emulator::Entry;
use harness::Fixture;
use harness::emulator::MINT;
use harness::fixture::Setup;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

const KIND: &str = "RegistryCredential";
/// How many objects the first namespace makes.
const FLOOD: usize = 300;
/// The operator makes so many reads and mints in a second: the flood alone keeps it busy for a minute.
const READS: usize = 5;
const TOKENS: usize = 5;
/// A burst of requests of one object that is served at once, and in how many seconds one more is served.
const BURST: usize = 5;
const EVERY: i64 = 3;

/// An operator of two namespaces: the noisy one floods, the calm one wants a login. Both may have every token.
async fn noisy_and_calm() -> Result<(Fixture, Fixture)> {
    let noisy = Setup::shared().namespaces(2).start().await?;
    noisy.make_store("acme").await?;
    let calm = noisy.in_namespace(1);
    Ok((noisy, calm))
}

/// A login for the repository that exists.
fn good(fixture: &Fixture, name: &str) -> Value {
    fixture.login_for(name, json!({"repository": {"domain": "acme", "name": "store"}}))
}

async fn flood(noisy: &Fixture, registry: impl Fn(usize) -> Value) -> Result<()> {
    let logins = (0..FLOOD).map(|number| noisy.login_for(&format!("flood-{number}"), registry(number)));
    noisy.cluster.create_many(KIND, noisy.namespace(), logins.collect()).await
}

/// A login of the calm namespace becomes Ready, and its Secret is put back; returns the calls that were made meanwhile.
async fn calm_login(calm: &Fixture) -> Result<Vec<Entry>> {
    let before = calm.emulator.last_call();
    calm.apply(&good(calm, "login")).await?;
    calm.ready(KIND, "login").await?;
    calm.until_put_back("login").await?;
    Ok(calm.emulator.journal(before))
}

#[tokio::test]
async fn logins_for_repositories_that_do_not_exist_delay_no_login_of_another_namespace() -> Result<()> {
    let (noisy, calm) = noisy_and_calm().await?;
    noisy.patch_account(&json!({"limits": {"readsPerSecond": READS}})).await?;
    flood(&noisy, |number| json!({"repository": {"domain": "acme", "name": format!("missing-{number}")}}))
        .await?;
    let due = noisy.due(KIND).await?;
    ensure!(due > 100.0, "no flood: only {due} logins wait");

    let calls = calm_login(&calm).await?;
    let of_flood = calls.iter().filter(|call| call.error.as_deref() == Some("ResourceNotFoundException"));
    let of_flood = of_flood.count();
    let still = noisy.due(KIND).await?;
    ensure!(still > 50.0, "the flood was over: only {still} logins wait");
    ensure!(of_flood < FLOOD / 3, "{of_flood} calls of the flood came first, of {}", calls.len());
    Ok(())
}

#[tokio::test]
async fn logins_for_domains_that_do_not_exist_delay_no_login_of_another_namespace() -> Result<()> {
    let (noisy, calm) = noisy_and_calm().await?;
    noisy.patch_account(&json!({"limits": {"tokensPerSecond": TOKENS}})).await?;
    flood(&noisy, made_up).await?;
    let calls = calm_login(&calm).await?;
    let of_flood = calls.iter().filter(|call| refused_mint(call)).count();
    let still = noisy.due(KIND).await?;
    ensure!(still > 50.0, "the flood was over: only {still} logins wait");
    ensure!(of_flood < FLOOD / 3, "{of_flood} refused mints came first, of {} calls", calls.len());
    ensure!(noisy.emulator.tokens_minted().len() == 1, "{} tokens", noisy.emulator.tokens_minted().len());
    Ok(())
}

#[tokio::test]
async fn a_login_that_names_one_made_up_domain_after_another_makes_few_refused_mints() -> Result<()> {
    const NAMES: usize = 60;
    let (noisy, _) = noisy_and_calm().await?;
    let before = noisy.emulator.now();
    for number in 0..NAMES {
        let login = noisy.login_for("restless", made_up(number));
        noisy.apply(&login).await?;
    }
    noisy.condition(KIND, "restless", "Ready", "False").await?;
    let refused = noisy.emulator.journal(0).iter().filter(|call| refused_mint(call)).count();
    let seconds = noisy.emulator.now().duration_since(before).as_secs();
    // Each look may be followed by one that nobody asked for, the retry of what failed.
    let most = 2 * (BURST + 2 + usize::try_from(seconds / EVERY)?);
    ensure!(refused <= most, "{refused} refused mints in {seconds} s for {NAMES} names, at most {most}");
    Ok(())
}

#[tokio::test]
async fn who_keeps_asking_for_a_look_gets_a_few_and_delays_nobody() -> Result<()> {
    const LOGINS: usize = 10;
    const ROUNDS: usize = 60;
    let (noisy, calm) = noisy_and_calm().await?;
    let logins = (0..LOGINS).map(|number| good(&noisy, &format!("noisy-{number}")));
    noisy.cluster.create_many(KIND, noisy.namespace(), logins.collect()).await?;
    for number in 0..LOGINS {
        noisy.ready(KIND, &format!("noisy-{number}")).await?;
    }
    let (passes, before) = (noisy.reconciles(KIND).await?, noisy.emulator.now());
    let flood = async {
        // One connection for all of them: nothing but the API server slows them down.
        let api = noisy.cluster.api(KIND, noisy.namespace()).await?;
        for round in 0..ROUNDS {
            let patch = json!({"metadata": {"annotations": {"codeartifact-operator.dev/reconcile-at": round.to_string()}}});
            for number in 0..LOGINS {
                let name = format!("noisy-{number}");
                api.patch(&name, &PatchParams::default(), &Patch::Merge(&patch)).await?;
            }
        }
        anyhow::Ok(())
    };
    let (flooded, calm) = tokio::join!(flood, calm_login(&calm));
    flooded?;
    let calls = calm?;
    ensure!(calls.iter().filter(|call| call.operation == MINT).count() == 0, "{calls:?}");
    let passes = noisy.reconciles(KIND).await? - passes;
    let seconds = noisy.emulator.now().duration_since(before).as_secs();
    // A look of its own kind after the last write of status each, the calm login's, and what the limit allows.
    let most = LOGINS * (BURST + 2 + usize::try_from(seconds / EVERY)?) + 10;
    ensure!(
        passes <= f64::from(u32::try_from(most)?),
        "{passes} passes in {seconds} s for {} requests, at most {most}",
        LOGINS * ROUNDS
    );
    Ok(())
}

/// A registry in a domain that does not exist, behind a private endpoint: nothing is asked of AWS before the token itself.
fn made_up(number: usize) -> Value {
    let name = json!({"domain": format!("made-up-{number}"), "name": "store"});
    json!({"repository": name, "endpoint": "https://packages.example.com"})
}

fn refused_mint(call: &Entry) -> bool {
    call.operation == MINT && call.status != Some(200)
}
