//! What an AwsAccount tells about its sign-in follows the keys, whether anybody uses it or not.

use anyhow::{Result, ensure};
use harness::objects::conditions;
use kube::api::DeleteParams;
use serde_json::json;

use crate::scene::{Scene, object, scene};

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
    // The Secret is watched: nothing else says that the key was corrected.
    keys(&scene, "test", "another").await?;
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

#[tokio::test]
async fn what_a_suspended_account_serves_stays_as_ready_as_it_was() -> Result<()> {
    scene!(scene);
    let domain = object("Domain", "acme", &json!({}));
    let store = object("Repository", "store", &json!({"domainRef": {"name": "acme"}}));
    let registry = json!({"repositoryRef": {"name": "store"}, "formats": ["npm"]});
    let login = object("RegistryCredential", "login", &json!({"registries": [registry]}));
    let all = [("Domain", "acme"), ("Repository", "store"), ("RegistryCredential", "login")];
    for manifest in [&domain, &store, &login] {
        scene.apply(manifest).await?;
    }
    for (kind, name) in all {
        scene.ready(kind, name).await?;
    }
    scene.suspend_account(true).await?;
    for (kind, name) in all {
        let kept = |object: &kube::api::DynamicObject| {
            let told = conditions(object);
            told.len() == 1 && told[0].reason == "Suspended" && told[0].status == "True"
        };
        let object = scene.until("it is suspended and Ready as before", kind, name, kept).await?;
        let message = conditions(&object).remove(0).message;
        ensure!(message.contains("AwsAccount default is suspended"), "{message}");
    }
    // A token that has ended in the meantime is told.
    scene.emulator.forward("13h").await?;
    scene.says(("RegistryCredential", "login"), "Stalled", "AwsAccount default is suspended").await?;
    scene.suspend_account(false).await?;
    for (kind, name) in all {
        scene.ready(kind, name).await?;
    }
    Ok(())
}
