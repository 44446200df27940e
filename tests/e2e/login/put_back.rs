//! The Secret is put back whatever is done to it.

use anyhow::{Result, ensure};
use harness::objects::object;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

/// How somebody writes to the Secret.
#[derive(Clone, Copy)]
pub(super) enum By {
    Edit,
    Apply,
}

/// Writes to the Secret `login` as somebody else does.
pub(super) async fn tamper(fixture: &Fixture, by: By, patch: &Value) -> Result<()> {
    let secrets = fixture.secrets()?;
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
async fn until_ours_alone(fixture: &Fixture, what: &str) -> Result<()> {
    let what = format!("{what}: the Secret is ours alone");
    let waited = wait_for(&what, PATIENCE, async || {
        let metadata = fixture.secrets()?.get_metadata("login").await?.metadata;
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
    fixture.install.explain(waited.await)
}

#[tokio::test]
async fn a_deleted_secret_is_put_back_without_a_mint() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    for _ in 0..2 {
        fixture.secrets()?.delete("login", &DeleteParams::default()).await?;
        fixture.until_holds("login", &before).await?;
    }
    fixture.until_event("Updated", "had been deleted and was put back").await?;
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn an_edited_secret_is_put_back_without_a_mint() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let labels = json!({"secret": {"labels": {"team": "a"}}});
    let before = fixture.ready_login("login", &labels).await?;
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
        tamper(&fixture, *by, patch).await?;
        fixture.until_holds("login", &before).await?;
        until_ours_alone(&fixture, what).await?;
        fixture.reconcile_now("RegistryCredential", "login").await?;
        let writes = fixture.secret_writes().await?;
        fixture.reconcile_now("RegistryCredential", "login").await?;
        ensure!(fixture.secret_writes().await? <= writes, "{what}: written again although nothing differs");
    }
    fixture.until_event("Updated", "somebody else had written to Secret").await?;
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn an_edit_under_our_own_name_or_without_our_owner_is_put_back() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let before = fixture.ready_login("login", &json!({})).await?;
    let wrong = json!({"stringData": {"token": "wrong"}});
    let ours = PatchParams { field_manager: Some("codeartifact-operator".into()), ..PatchParams::default() };
    fixture.secrets()?.patch("login", &ours, &Patch::Merge(&wrong)).await?;
    fixture.until_holds("login", &before).await?;

    tamper(&fixture, By::Edit, &json!({"metadata": {"ownerReferences": null}})).await?;
    tamper(&fixture, By::Edit, &wrong).await?;
    fixture.until_holds("login", &before).await?;

    fixture.ends_with_its_login("login").await?;
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

/// A watch may report a Secret as gone before the answer to its create has come.
#[tokio::test]
async fn secrets_that_are_deleted_as_soon_as_they_are_there_come_back() -> Result<()> {
    const LOGINS: usize = 20;
    const DELETERS: usize = 3;
    const DELETIONS: usize = 100;
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({}))).await?;
    fixture.apply(&object("Repository", "store", &json!({"domainRef": {"name": "acme"}}))).await?;
    let registries = json!([{"repositoryRef": {"name": "store"}, "formats": ["npm"]}]);
    let names: Vec<_> = (0..LOGINS).map(|number| format!("login-{number}")).collect();
    for name in &names {
        fixture.apply(&object("RegistryCredential", name, &json!({"registries": registries}))).await?;
    }
    for name in &names {
        fixture.ready("RegistryCredential", name).await?;
    }
    let secrets = fixture.cluster.api("Secret", fixture.namespace()).await?;
    let delete_many = |deleter: usize| {
        let (secrets, names) = (&secrets, &names);
        async move {
            let mut left = DELETIONS;
            for name in names.iter().cycle().skip(deleter * LOGINS / DELETERS).take(50 * LOGINS) {
                // Most are not there yet: the operator puts them back.
                left -= usize::from(left > 0 && secrets.delete(name, &DeleteParams::default()).await.is_ok());
            }
            DELETIONS - left
        }
    };
    let deleted = futures::future::join_all((0..DELETERS).map(delete_many)).await;
    println!("deleted {deleted:?}");
    ensure!(deleted.iter().sum::<usize>() > LOGINS, "{deleted:?} deletions");
    for name in &names {
        let back = || async { secrets.get(name).await.map(drop).map_err(anyhow::Error::from) };
        harness::wait_for(&format!("Secret {name} is back"), harness::wait::PATIENCE, back).await?;
    }
    Ok(())
}
