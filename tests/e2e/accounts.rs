//! What an AwsAccount tells about its sign-in follows the keys, whether anybody uses it or not.

use anyhow::{Result, ensure};
use harness::Fixture;
use harness::emulator::ACCOUNT;
use harness::objects::{conditions, object};
use kube::api::{DeleteParams, DynamicObject};
use serde_json::json;

/// How soon it must be told, on the emulator's clock.
const SOON: &str = "75s";

/// The secret key of the emulator's user `test`, as AWS knows it.
async fn key_in_aws(fixture: &Fixture, secret: &str) -> Result<()> {
    let arn = "arn:aws:iam::123456789012:user/admin";
    let user = json!({"accessKeyId": "test", "secretAccessKey": secret, "arn": arn});
    fixture.emulator.set_principal(&user).await
}

/// Waits until the account is Ready as an identity, or not Ready because of something.
async fn until(fixture: &Fixture, status: &str, about: &str) -> Result<()> {
    let what = format!("Ready is {status} and speaks of {about}");
    let account = ("AwsAccount", "", "default");
    let told = |account: &DynamicObject| {
        let ready = conditions(account).into_iter().find(|condition| condition.kind == "Ready");
        let identity = account.data.pointer("/status/identityArn").and_then(|arn| arn.as_str());
        ready.is_some_and(|ready| {
            let speaks = ready.message.contains(about) && (status == "False" || identity == Some(about));
            ready.status == status && speaks
        })
    };
    fixture.install.until(&what, account, told).await.map(drop)
}

#[tokio::test]
async fn an_account_tells_soon_that_its_key_was_revoked_and_that_it_works_again() -> Result<()> {
    let fixture = Fixture::own().await?;
    until(&fixture, "True", "arn:aws:iam::123456789012:user/admin").await?;
    key_in_aws(&fixture, "another").await?;
    fixture.emulator.forward(SOON).await?;
    until(&fixture, "False", "aws").await?;
    // The Secret is watched: nothing else says that the key was corrected.
    fixture.put_key("aws", "test", "another").await?;
    until(&fixture, "True", "arn:aws:iam::123456789012:user/admin").await
}

#[tokio::test]
async fn an_account_tells_soon_that_its_secret_is_gone() -> Result<()> {
    let fixture = Fixture::own().await?;
    until(&fixture, "True", "arn:aws:iam::123456789012:user/admin").await?;
    let secrets = fixture.cluster.api("Secret", &fixture.install.operator_namespace).await?;
    secrets.delete("aws", &DeleteParams::default()).await?;
    fixture.emulator.forward(SOON).await?;
    until(&fixture, "False", "codeartifact-operator/aws").await
}

#[tokio::test]
async fn an_account_tells_soon_who_it_is_when_its_key_was_replaced() -> Result<()> {
    let other = "arn:aws:iam::123456789012:user/other";
    let fixture = Fixture::own().await?;
    until(&fixture, "True", "arn:aws:iam::123456789012:user/admin").await?;
    let user = json!({"accessKeyId": "other", "secretAccessKey": "other", "arn": other});
    fixture.emulator.set_principal(&user).await?;
    fixture.put_key("aws", "other", "other").await?;
    fixture.emulator.forward(SOON).await?;
    until(&fixture, "True", other).await
}

#[tokio::test]
async fn what_a_suspended_account_serves_stays_as_ready_as_it_was() -> Result<()> {
    let fixture = Fixture::own().await?;
    let domain = object("Domain", "acme", &json!({}));
    let store = object("Repository", "store", &json!({"domainRef": {"name": "acme"}}));
    let registry = json!({"repositoryRef": {"name": "store"}, "formats": ["npm"]});
    let login = object("RegistryCredential", "login", &json!({"registries": [registry]}));
    let all = [("Domain", "acme"), ("Repository", "store"), ("RegistryCredential", "login")];
    for manifest in [&domain, &store, &login] {
        fixture.apply(manifest).await?;
    }
    for (kind, name) in all {
        fixture.ready(kind, name).await?;
    }
    fixture.suspend_account(true).await?;
    for (kind, name) in all {
        let kept = |object: &DynamicObject| {
            let told = conditions(object);
            told.len() == 1 && told[0].reason == "Suspended" && told[0].status == "True"
        };
        let object = fixture.until("it is suspended and Ready as before", kind, name, kept).await?;
        let message = conditions(&object).remove(0).message;
        ensure!(message.contains("AwsAccount default is suspended"), "{message}");
    }
    // A token that has ended in the meantime is told.
    fixture.emulator.forward("13h").await?;
    fixture.says("RegistryCredential", "login", "Stalled", "AwsAccount default is suspended").await?;
    fixture.suspend_account(false).await?;
    for (kind, name) in all {
        fixture.ready(kind, name).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_account_is_told_by_name_and_nothing_is_written() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.make_account("other", json!({"accountId": "999999999999"})).await?;
    let told = fixture.install.condition(("AwsAccount", "", "other"), "Stalled", "True").await?;
    ensure!(told.message.contains(ACCOUNT) && told.message.contains("999999999999"), "{told:?}");
    Ok(())
}
