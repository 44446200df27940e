//! The Secret: put back whatever is done to it, and never one of somebody else.

use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::{Emulator, wait_for};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::{World, registry};

/// How somebody writes to the Secret.
#[derive(Clone, Copy)]
enum By {
    Edit,
    Apply,
}

#[tokio::test]
async fn a_deleted_secret_is_put_back_without_a_mint() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    for _ in 0..2 {
        world.secrets()?.delete("login", &DeleteParams::default()).await?;
        world.until_holds("login", &before).await?;
    }
    world.until_event("Updated", "had been deleted and was put back").await?;
    ensure!(world.mints() == 1, "{} mints", world.mints());
    Ok(())
}

#[tokio::test]
async fn an_edited_secret_is_put_back_without_a_mint() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let labels = json!({"secret": {"labels": {"team": "a"}}});
    let before = world.ready_login("login", &labels).await?;
    let same = json!({"username": "aws"});
    let table: [(&str, By, Value); 10] = [
        ("a key changed", By::Edit, json!({"stringData": {"token": "wrong"}})),
        ("a key removed", By::Edit, json!({"data": {".npmrc": null}})),
        ("all keys removed", By::Edit, json!({"data": null})),
        ("a key added", By::Edit, json!({"stringData": {"extra": "x"}})),
        ("a key applied", By::Apply, json!({"data": {"token": "d3Jvbmc="}})),
        ("a key claimed with the same value", By::Apply, json!({"data": {"username": "YXdz"}})),
        ("stringData applied", By::Apply, json!({"stringData": {"token": "wrong"}})),
        ("stringData applied with the same value", By::Apply, json!({"stringData": same})),
        ("our labels removed", By::Edit, json!({"metadata": {"labels": null}})),
        ("our annotation removed", By::Edit, json!({"metadata": {"annotations": null}})),
    ];
    for (what, by, patch) in &table {
        tamper(&world, *by, patch).await?;
        world.until_holds("login", &before).await?;
        until_ours_alone(&world, what).await?;
        world.look("login").await?;
        let writes = world.secret_writes().await?;
        world.look("login").await?;
        ensure!(world.secret_writes().await? <= writes, "{what}: written again although nothing differs");
    }
    world.until_event("Updated", "had been changed and was put back").await?;
    ensure!(world.mints() == 1, "{} mints", world.mints());
    Ok(())
}

async fn tamper(world: &World<'_>, by: By, patch: &Value) -> Result<()> {
    let secrets = world.secrets()?;
    match by {
        By::Edit => {
            let edit = PatchParams { field_manager: Some("kubectl-edit".into()), ..PatchParams::default() };
            secrets.patch("login", &edit, &Patch::Merge(patch)).await?;
        }
        By::Apply => {
            let mut document = json!({"apiVersion": "v1", "kind": "Secret"});
            for (key, value) in patch.as_object().into_iter().flatten() {
                document[key] = value.clone();
            }
            secrets.patch("login", &PatchParams::apply("kubectl").force(), &Patch::Apply(&document)).await?;
        }
    }
    Ok(())
}

/// Nobody else holds a key, and our marks are there.
async fn until_ours_alone(world: &World<'_>, what: &str) -> Result<()> {
    let what = format!("{what}: the Secret is ours alone");
    let waited = wait_for(&what, PATIENCE, async || {
        let metadata = world.secrets()?.get_metadata("login").await?.metadata;
        for entry in metadata.managed_fields.iter().flatten() {
            let fields = entry.fields_v1.as_ref().map(|fields| fields.0.to_string()).unwrap_or_default();
            let claims = fields.contains(r#""f:data":{"f:"#) || fields.contains("f:stringData");
            let ours = entry.manager.as_deref() == Some("codeartifact-operator");
            ensure!(ours || !claims, "{:?} holds {fields}", entry.manager);
        }
        let labels = metadata.labels.unwrap_or_default();
        ensure!(labels.get("app.kubernetes.io/managed-by").is_some_and(|by| by == "codeartifact-operator"));
        ensure!(labels.get("team").is_some_and(|team| team == "a"));
        ensure!(metadata.annotations.unwrap_or_default().contains_key("codeartifact-operator.dev/content"));
        Ok(())
    });
    world.install.explain(waited.await)
}

#[tokio::test]
async fn an_edit_under_our_own_name_or_without_our_owner_is_put_back() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    let wrong = json!({"stringData": {"token": "wrong"}});
    let ours = PatchParams { field_manager: Some("codeartifact-operator".into()), ..PatchParams::default() };
    world.secrets()?.patch("login", &ours, &Patch::Merge(&wrong)).await?;
    world.until_holds("login", &before).await?;

    tamper(&world, By::Edit, &json!({"metadata": {"ownerReferences": null}})).await?;
    tamper(&world, By::Edit, &wrong).await?;
    world.until_holds("login", &before).await?;

    world.ends_with_its_login("login").await?;
    ensure!(world.mints() == 1, "{} mints", world.mints());
    Ok(())
}

#[tokio::test]
async fn a_secret_that_cannot_go_is_not_called_ready_and_is_put_back_when_it_has_gone() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.login("login", &json!({"secret": {"name": "aa"}})).await?;
    world.issued("login").await?;
    let before = world.data("aa").await?;
    let held = |finalizers: Value| {
        let patch = json!({"metadata": {"finalizers": finalizers}});
        async {
            world
                .secrets()?
                .patch("aa", &PatchParams::default(), &Patch::Merge(patch))
                .await
                .map_err(anyhow::Error::from)
        }
    };
    held(json!(["example.com/hold"])).await?;
    for name in ["bb", "aa"] {
        world.login("login", &json!({"secret": {"name": name}})).await?;
        if name == "bb" {
            world.until_holds("bb", &before).await?;
            let named = |object: &kube::api::DynamicObject| object.data["status"]["secretName"] == "bb";
            world.until("status names the new Secret", "login", named).await?;
        }
    }
    let told = world.ready_for("login", "SecretDeleting").await?;
    ensure!(told.status == "False" && told.message.contains("Secret aa is being deleted"), "{told:?}");
    held(json!(null)).await?;
    world.until_holds("aa", &before).await?;
    world.issued("login").await?;
    ensure!(world.mints() == 1, "{} mints", world.mints());
    Ok(())
}

#[tokio::test]
async fn what_the_spec_does_not_want_any_more_goes_from_the_secret() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let marks = json!({"labels": {"team": "a"}, "annotations": {"note": "x"}});
    world.ready_login("login", &json!({"secret": marks})).await?;
    world
        .login("login", &json!({"registries": [registry(&["npm"])], "secret": {"labels": {"team": "b"}}}))
        .await?;
    world.issued("login").await?;
    let secret = world.secrets()?.get("login").await?;
    let labels = secret.metadata.labels.clone().unwrap_or_default();
    ensure!(labels["team"] == "b", "{labels:?}");
    ensure!(
        !secret.metadata.annotations.clone().unwrap_or_default().contains_key("note"),
        "the annotation stays"
    );
    let (addresses, keys): (Vec<_>, Vec<_>) =
        secret.data.unwrap_or_default().into_keys().partition(|key| key.contains('-'));
    ensure!(addresses.len() == 10, "endpoint- of 8 formats, publish- of 2: {addresses:?}");
    let expected = [".npmrc", "expiration", "expires_at", "password", "token", "username"];
    ensure!(keys == expected, "{keys:?}");
    ensure!(world.mints() == 1, "{} mints", world.mints());
    Ok(())
}

#[tokio::test]
async fn a_renamed_secret_is_written_first_and_then_removed() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    world.login("login", &json!({"secret": {"name": "renamed"}})).await?;
    world.until_holds("renamed", &before).await?;
    world.install.gone("Secret", world.namespace(), "login").await?;
    let named = |object: &kube::api::DynamicObject| object.data["status"]["secretName"] == "renamed";
    world.until("status names the new Secret", "login", named).await?;

    let api = world.install.control_plane.api("RegistryCredential", world.namespace()).await?;
    api.delete("login", &DeleteParams::default()).await?;
    world.install.gone("Secret", world.namespace(), "renamed").await?;
    ensure!(world.mints() == 1, "{} mints", world.mints());
    Ok(())
}

#[tokio::test]
async fn a_secret_of_somebody_else_is_refused_and_left_as_it_is() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let plain: Secret =
        serde_json::from_value(json!({"metadata": {"name": "login"}, "stringData": {"token": "theirs"}}))?;
    let made = world.secrets()?.create(&PostParams::default(), &plain).await?;
    world.login("login", &json!({})).await?;
    let object = ("RegistryCredential", world.namespace(), "login");
    let told = world.install.condition(object, "Stalled", "True").await?;
    ensure!(told.reason == "SecretNotOurs" && told.message.contains("Secret login"), "{told:?}");
    ensure!(told.message.contains("set another spec.secret.name"), "no remedy: {told:?}");
    let seen = world.secrets()?.get("login").await?;
    ensure!(seen.metadata.resource_version == made.metadata.resource_version, "it was written");

    // The message asks for it, so that it is noticed although the clock stands still.
    world.secrets()?.delete("login", &DeleteParams::default()).await?;
    world.issued("login").await?;
    ensure!(world.data("login").await?["username"] == "aws");
    Ok(())
}

#[tokio::test]
async fn an_immutable_secret_is_replaced_when_its_token_changes() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    tamper(&world, By::Edit, &json!({"immutable": true})).await?;
    emulator.forward("8h").await?;
    world.until_renewed(world.namespace(), "login", &before).await?;
    ensure!(world.secrets()?.get("login").await?.immutable.is_none(), "it is still immutable");
    Ok(())
}

#[tokio::test]
async fn an_immutable_secret_that_is_replaced_is_not_called_deleted() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    world.ready_login("login", &json!({})).await?;
    tamper(&world, By::Edit, &json!({"immutable": true})).await?;
    world.login("login", &json!({"registries": [super::registry(&["npm"])]})).await?;
    world.until_event("Updated", "Secret login written as declared").await
}

#[tokio::test]
async fn a_secret_marked_as_the_operators_own_is_healed_and_not_replaced() -> Result<()> {
    let emulator = Emulator::start().await?;
    let world = World::start(&emulator, 1).await?;
    let before = world.ready_login("login", &json!({})).await?;
    let uid = world.secrets()?.get_metadata("login").await?.metadata.uid;
    let mark = json!({"metadata": {"labels": {"codeartifact-operator.dev/component": "token"}}});
    tamper(&world, By::Edit, &mark).await?;
    emulator.forward("8h").await?;
    world.until_renewed(world.namespace(), "login", &before).await?;
    let metadata = world.secrets()?.get_metadata("login").await?.metadata;
    ensure!(metadata.uid == uid, "it was replaced");
    let labels = metadata.labels.unwrap_or_default();
    ensure!(!labels.contains_key("codeartifact-operator.dev/component"), "{labels:?}");
    Ok(())
}
