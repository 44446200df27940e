//! Where the Secret is, as namespaces and the selection come and go.

use anyhow::{Result, ensure};
use harness::{Fixture, unique};
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};

use super::{
    KIND, PICKED, applied, apply, counts_of, failures, is_there, label, stage, until_counts, until_there,
};

#[tokio::test]
async fn a_namespace_has_the_secret_for_as_long_as_it_is_picked() -> Result<()> {
    let fixture = stage(&["a", "b"]).await?;
    fixture.cluster.namespace("other", &[]).await?;
    let ready = applied(&fixture, &json!({})).await?;
    ensure!(ready.message == "Secret login holds a login for acme in 2 namespaces", "{ready:?}");
    let data = until_there(&fixture, "a").await?;
    ensure!(until_there(&fixture, "b").await? == data, "the namespaces share no token");
    ensure!(!is_there(&fixture, "other").await?);
    ensure!(counts_of(&fixture.get(KIND, "login").await?) == [2, 2, 0, 0]);

    fixture.cluster.namespace("new", &PICKED).await?;
    ensure!(until_there(&fixture, "new").await? == data);
    until_counts(&fixture, [3, 3, 0, 0]).await?;
    label(&fixture, "other", json!("yes")).await?;
    ensure!(until_there(&fixture, "other").await? == data);

    label(&fixture, "a", Value::Null).await?;
    fixture.at("a").gone("Secret", "login").await?;
    applied(&fixture, &json!({"excludedNamespaces": ["oth*"]})).await?;
    fixture.at("other").gone("Secret", "login").await?;
    let object = until_counts(&fixture, [2, 2, 0, 0]).await?;
    ensure!(failures(&object).is_empty(), "{:?}", failures(&object));
    ensure!(until_there(&fixture, "b").await? == data && until_there(&fixture, "new").await? == data);
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));

    fixture.delete(KIND, "login").await?;
    for namespace in ["b", "new"] {
        fixture.at(namespace).gone("Secret", "login").await?;
    }
    Ok(())
}

#[tokio::test]
async fn namespaces_are_picked_by_name_too_also_before_they_exist() -> Result<()> {
    let fixture = stage(&[]).await?;
    let names = json!({"namespaceSelector": null, "namespaces": ["team", "later", "never"], "excludedNamespaces": ["never"]});
    apply(&fixture, &names).await?;
    let object = until_counts(&fixture, [2, 1, 0, 1]).await?;
    let told = failures(&object);
    ensure!(told.len() == 1 && told[0][..2] == ["later", "NotFound"], "{told:?}");
    fixture.ready_for(KIND, "login", "Issued").await?;
    fixture.cluster.namespace("later", &[]).await?;
    fixture.cluster.namespace("never", &[]).await?;
    until_there(&fixture, "later").await?;
    until_counts(&fixture, [2, 2, 0, 0]).await?;
    ensure!(!is_there(&fixture, "never").await?);
    Ok(())
}

#[tokio::test]
async fn an_empty_selector_picks_every_namespace_that_is_not_excluded() -> Result<()> {
    let fixture = stage(&["a"]).await?;
    let own = fixture.install.operator_namespace.clone();
    applied(&fixture, &json!({"namespaceSelector": {}, "excludedNamespaces": ["kube-*", own]})).await?;
    for namespace in ["a", "team", "default"] {
        until_there(&fixture, namespace).await?;
    }
    for namespace in ["kube-system", "kube-public", own.as_str()] {
        ensure!(!is_there(&fixture, namespace).await?, "{namespace}");
    }
    applied(&fixture, &json!({"namespaceSelector": {}})).await?;
    until_there(&fixture, "kube-system").await?;
    until_there(&fixture, &own).await.map(drop)
}

#[tokio::test]
async fn a_renamed_secret_leaves_nothing_behind_also_over_a_restart() -> Result<()> {
    let fixture = stage(&["a", "b"]).await?;
    applied(&fixture, &json!({})).await?;
    let data = until_there(&fixture, "a").await?;
    applied(&fixture, &json!({"secret": {"name": "renamed", "labels": {"team": "a"}}})).await?;
    for namespace in ["a", "b"] {
        fixture.at(namespace).gone("Secret", "login").await?;
        fixture.at(namespace).until_holds("renamed", &data).await?;
    }
    fixture.install.operator.kill().await?;
    apply(&fixture, &json!({})).await?;
    label(&fixture, "b", Value::Null).await?;
    fixture.install.operator.start_again().await?;
    fixture.ready_for(KIND, "login", "Issued").await?;
    ensure!(until_there(&fixture, "a").await? == data);
    fixture.at("a").gone("Secret", "renamed").await?;
    fixture.at("b").gone("Secret", "renamed").await?;
    ensure!(!is_there(&fixture, "b").await?);
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

/// Nothing can be made in a namespace that is going, and that is nobody's failure.
#[tokio::test]
async fn a_namespace_that_is_going_is_left_alone_and_one_of_its_name_is_filled() -> Result<()> {
    let fixture = stage(&["a", "b"]).await?;
    applied(&fixture, &json!({})).await?;
    let (place, kept) = (
        fixture.at("a"),
        json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "kept", "finalizers": ["example.com/hold"]}}),
    );
    place.apply(&kept).await?;
    fixture.delete("Namespace", "a").await?;
    place.gone("Secret", "login").await?;
    let object = until_counts(&fixture, [1, 1, 0, 0]).await?;
    ensure!(failures(&object).is_empty(), "{:?}", failures(&object));
    fixture.reconcile_now(KIND, "login").await?;
    ensure!(fixture.ready_for(KIND, "login", "Issued").await?.status == "True");

    place.set_finalizers("ConfigMap", "kept", Value::Null).await?;
    fixture.gone("Namespace", "a").await?;
    fixture.cluster.namespace("a", &PICKED).await?;
    until_there(&fixture, "a").await?;
    until_counts(&fixture, [2, 2, 0, 0]).await?;
    ensure!(fixture.emulator.mints(0) == 1, "{} mints", fixture.emulator.mints(0));
    Ok(())
}

#[tokio::test]
async fn a_suspended_login_goes_to_no_new_namespace_and_leaves_those_that_are_not_picked() -> Result<()> {
    let fixture = stage(&["a", "b"]).await?;
    applied(&fixture, &json!({})).await?;
    apply(&fixture, &json!({"suspend": true})).await?;
    fixture.ready_for(KIND, "login", "Suspended").await?;
    fixture.cluster.namespace("c", &PICKED).await?;
    label(&fixture, "a", Value::Null).await?;
    fixture.at("a").gone("Secret", "login").await?;
    fixture.reconcile_now(KIND, "login").await?;
    ensure!(is_there(&fixture, "b").await? && !is_there(&fixture, "c").await?);
    applied(&fixture, &json!({})).await?;
    until_there(&fixture, "c").await.map(drop)
}

/// An operator of some namespaces has no rights for the kind, and nothing to do with it.
#[tokio::test]
async fn an_install_for_some_namespaces_delivers_nothing() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let (name, registry) = (unique("everywhere"), harness::fixture::registry(&["npm"]));
    let spec = json!({"namespaces": [fixture.namespace()], "registries": [registry]});
    let object = serde_json::from_value(fixture.object(KIND, &name, &spec))?;
    let api = fixture.cluster.api(KIND, "").await?;
    api.create(&PostParams::default(), &object).await?;
    fixture.ready_login("login", &json!({})).await?;
    fixture.until_idle().await?;
    ensure!(fixture.secrets()?.get_opt(&name).await?.is_none());
    ensure!(api.get(&name).await?.data["status"].is_null());
    api.delete(&name, &DeleteParams::default()).await?;
    Ok(())
}
