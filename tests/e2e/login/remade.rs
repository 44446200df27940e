//! Logins of a user or role that is deleted in IAM and made again under its name.

use anyhow::Result;
use harness::Fixture;
use kube::api::DynamicObject;
use serde_json::json;

/// How soon the operator asks AWS again who it is, on the emulator's clock.
const SOON: &str = "75s";

#[tokio::test]
async fn logins_of_a_user_that_was_made_again_get_new_tokens() -> Result<()> {
    let arn = "arn:aws:iam::123456789012:user/worker";
    let worker = json!({"accessKeyId": "worker", "secretAccessKey": "worker", "arn": arn});
    let fixture = Fixture::own().await?;
    fixture.make_store("acme").await?;
    fixture.emulator.set_principal(&worker).await?;
    fixture.put_key("aws", "worker", "worker").await?;
    let signed_in = |account: &DynamicObject| {
        account.data.pointer("/status/identityArn").and_then(|known| known.as_str()) == Some(arn)
    };
    let account = ("AwsAccount", "", "default");
    fixture.install.until("it is signed in as the worker", account, signed_in).await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    fixture.emulator.remake_principal(arn, &worker).await?;
    fixture.emulator.forward(SOON).await?;
    fixture.until_renewed("login", &before).await?;
    fixture.issued("login").await.map(drop)
}

#[tokio::test]
async fn logins_of_a_role_that_was_made_again_get_new_tokens() -> Result<()> {
    let role = "arn:aws:iam::123456789012:role/reader";
    let fixture = Fixture::with_store().await?;
    fixture.emulator.set_principal(&json!({"roleArn": role})).await?;
    fixture.grant_credentials(json!([{"domains": ["*"], "roleArn": role}])).await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    fixture.emulator.remake_principal(role, &json!({"roleArn": role})).await?;
    fixture.emulator.forward("6m").await?;
    fixture.until_renewed("login", &before).await?;
    fixture.issued("login").await.map(drop)
}
