//! A session with AWS may end at any time. The operator signs in anew at once, and no object is called unready for that.

use anyhow::{Result, ensure};
use harness::Fixture;
use harness::emulator::{ACCOUNT, MINT};
use harness::fixture::registry;
use harness::objects::object;
use serde_json::{Value, json};

/// What AWS answers when temporary credentials have ended, and when a key is not known yet everywhere.
const ENDS: [&str; 3] = ["ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"];

fn ended(error: &str) -> Value {
    json!({"error": error})
}

/// How often the only fault that is set fired.
async fn fired(fixture: &Fixture) -> Result<Value> {
    Ok(fixture.emulator.faults().await?[0]["fired"].clone())
}

#[tokio::test]
async fn what_is_ready_stays_ready_when_a_session_ends() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({}))).await?;
    fixture.apply(&object("Repository", "store", &json!({"domainRef": {"name": "acme"}}))).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.ready("Repository", "store").await?;
    for error in ENDS {
        for (kind, name, operation) in
            [("Domain", "acme", "DescribeDomain"), ("Repository", "store", "DescribeRepository")]
        {
            let before = fixture.get(kind, name).await?.data["status"]["conditions"].clone();
            fixture.emulator.fault_once(operation, &ended(error)).await?;
            let after = fixture.reconcile_now(kind, name).await?.data["status"]["conditions"].clone();
            ensure!(fired(&fixture).await? == 1, "{operation} was not refused");
            ensure!(before == after, "{kind} after {error}: {before} became {after}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_is_made_is_made_when_a_session_ends() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.emulator.fault_once("CreateDomain", &ended(ENDS[0])).await?;
    fixture.apply(&object("Domain", "acme", &json!({}))).await?;
    fixture.ready("Domain", "acme").await?;
    ensure!(fired(&fixture).await? == 1, "the call was not refused");
    ensure!(fixture.told("SignInFailed").await?.is_empty(), "a failure was told");
    Ok(())
}

#[tokio::test]
async fn a_login_is_renewed_when_a_session_ends() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    fixture.emulator.fault_once(MINT, &ended(ENDS[0])).await?;
    fixture.emulator.forward("11h30m").await?;
    fixture.until_renewed("login", &before).await?;
    fixture.issued("login").await?;
    ensure!(fired(&fixture).await? == 1, "the call was not refused");
    for reason in ["RenewalFailing", "SignInFailed"] {
        let told = fixture.told(reason).await?;
        ensure!(told.is_empty(), "{reason}: {told:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_owner_tag_is_taken_off_when_a_session_ends() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({}))).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.emulator.fault_once("UntagResource", &ended(ENDS[0])).await?;
    fixture.delete("Domain", "acme").await?;
    fixture.gone("Domain", "acme").await?;
    ensure!(fired(&fixture).await? == 1, "the call was not refused");
    let tag = fixture.tag("acme", codeartifact_operator::api::OWNER_TAG).await?;
    ensure!(tag.is_none(), "the tag {tag:?} stayed");
    Ok(())
}

/// Who is refused for good is not asked in a loop.
#[tokio::test]
async fn an_end_without_end_costs_a_bounded_number_of_calls() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.make_store("acme").await?;
    fixture.emulator.fault(MINT, &ended(ENDS[0])).await?;
    for number in 0..10 {
        let login = object(
            "RegistryCredential",
            &format!("login-{number}"),
            &json!({"registries": [registry(&["npm"])]}),
        );
        fixture.apply(&login).await?;
    }
    for number in 0..10 {
        fixture.login_ready_for(&format!("login-{number}"), "SignInFailed").await?;
    }
    let mints = fixture.emulator.calls(MINT, 0);
    ensure!((1..=20).contains(&mints), "{mints} mints for ten logins of account {ACCOUNT}");
    Ok(())
}
