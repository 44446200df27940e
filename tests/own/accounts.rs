//! What an AwsAccount tells about its sign-in follows the keys, whether anybody uses it or not.

use anyhow::Result;
use harness::objects::conditions;
use kube::api::DeleteParams;
use serde_json::json;

use crate::scene::{Scene, scene};

/// How soon it must be told, on the emulator's clock.
const SOON: &str = "75s";

/// The secret key of the emulator's user `test`, as AWS knows it.
async fn key_in_aws(scene: &Scene<'_>, secret: &str) -> Result<()> {
    let arn = "arn:aws:iam::123456789012:user/admin";
    let user = json!({"accessKeyId": "test", "secretAccessKey": secret, "arn": arn});
    scene.emulator.set_principal(&user).await
}

/// The keys in the Secret that the account names.
async fn keys(scene: &Scene<'_>, id: &str, secret: &str) -> Result<()> {
    let keys = json!({"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret});
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "aws"}, "stringData": keys});
    scene.cluster.apply(&scene.install.operator_namespace, &secret.to_string()).await.map(drop)
}

/// Waits until the account is Ready as an identity, or not Ready because of something.
async fn until(scene: &Scene<'_>, status: &str, about: &str) -> Result<()> {
    let what = format!("Ready is {status} and speaks of {about}");
    let account = ("AwsAccount", "", "default");
    let told = |account: &kube::api::DynamicObject| {
        let ready = conditions(account).into_iter().find(|condition| condition.kind == "Ready");
        let identity = account.data.pointer("/status/identityArn").and_then(|arn| arn.as_str());
        ready.is_some_and(|ready| {
            let speaks = ready.message.contains(about) && (status == "False" || identity == Some(about));
            ready.status == status && speaks
        })
    };
    scene.install.until(&what, account, told).await.map(drop)
}

#[tokio::test]
async fn an_account_tells_soon_that_its_key_was_revoked_and_that_it_works_again() -> Result<()> {
    scene!(scene);
    until(&scene, "True", "arn:aws:iam::123456789012:user/admin").await?;
    key_in_aws(&scene, "another").await?;
    scene.emulator.forward(SOON).await?;
    until(&scene, "False", "aws").await?;
    keys(&scene, "test", "another").await?;
    scene.emulator.forward(SOON).await?;
    until(&scene, "True", "arn:aws:iam::123456789012:user/admin").await
}

#[tokio::test]
async fn an_account_tells_soon_that_its_secret_is_gone() -> Result<()> {
    scene!(scene);
    until(&scene, "True", "arn:aws:iam::123456789012:user/admin").await?;
    let secrets = scene.cluster.api("Secret", &scene.install.operator_namespace).await?;
    secrets.delete("aws", &DeleteParams::default()).await?;
    scene.emulator.forward(SOON).await?;
    until(&scene, "False", "codeartifact-operator/aws").await
}

#[tokio::test]
async fn an_account_tells_soon_who_it_is_when_its_key_was_replaced() -> Result<()> {
    let other = "arn:aws:iam::123456789012:user/other";
    scene!(scene);
    until(&scene, "True", "arn:aws:iam::123456789012:user/admin").await?;
    let user = json!({"accessKeyId": "other", "secretAccessKey": "other", "arn": other});
    scene.emulator.set_principal(&user).await?;
    keys(&scene, "other", "other").await?;
    scene.emulator.forward(SOON).await?;
    until(&scene, "True", other).await
}
