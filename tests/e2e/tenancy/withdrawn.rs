//! A grant that was there and goes.

use anyhow::{Result, ensure};
use harness::unique;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::tenants;

#[tokio::test]
async fn a_withdrawn_grant_stops_writes_and_tokens_at_once_and_lets_go() -> Result<()> {
    let (first, second) =
        tenants(json!({"manage": ["acme/mine"], "use": ["acme"], "credentials": [{"domains": ["acme"]}]}))
            .await?;
    let mine =
        first.object("Repository", "mine", &json!({"domain": {"name": "acme"}, "deletionPolicy": "Delete"}));
    second.apply(&mine).await?;
    second.ready("Repository", "mine").await?;
    second.apply(&first.login_for("login", json!({"repositoryRef": {"name": "mine"}}))).await?;
    second.ready("RegistryCredential", "login").await?;

    first.set_grants(&[first.everything()]).await?;
    second.refused("Repository", "mine", "`manage` for acme/mine").await?;
    second.refused("RegistryCredential", "login", "`credentials` for acme").await?;
    second.gone("Secret", "login").await?;

    let before = first.emulator.last_call();
    first.emulator.forward("13h").await?;
    let changed = first.object(
        "Repository",
        "mine",
        &json!({"domain": {"name": "acme"}, "description": "new", "deletionPolicy": "Delete"}),
    );
    second.apply(&changed).await?;
    second.refused("Repository", "mine", "`manage` for acme/mine").await?;
    second.delete("Repository", "mine").await?;
    second.gone("Repository", "mine").await?;
    let touched =
        first.emulator.journal(before).iter().filter(|call| call.parameters["repository"] == "mine").count();
    ensure!(touched == 0, "{touched} calls for it after the grant was gone");
    let mints = first.emulator.mints(before);
    ensure!(mints == 0, "{mints} mints, and nobody but the namespace without a grant asks for a token");
    Ok(())
}

#[tokio::test]
async fn a_suspended_login_goes_with_its_grant_too() -> Result<()> {
    let (first, second) = tenants(json!({"use": ["acme/*"], "credentials": [{"domains": ["acme"]}]})).await?;
    let team = first.object("Repository", "team", &json!({"domain": {"name": "acme"}}));
    first.apply(&team).await?;
    first.ready("Repository", "team").await?;
    let mut login =
        first.login_for("login", json!({"repositoryRef": {"name": "team", "namespace": first.namespace()}}));
    second.apply(&login).await?;
    second.ready("RegistryCredential", "login").await?;
    login["spec"]["suspend"] = true.into();
    second.apply(&login).await?;
    let told = second.ready_for("RegistryCredential", "login", "Suspended").await?;
    ensure!(told.status == "True", "{told:?}");
    ensure!(second.secrets()?.get_opt("login").await?.is_some(), "a suspended login keeps its Secret");

    first.set_grants(&[first.everything()]).await?;
    second.gone("Secret", "login").await
}

#[tokio::test]
async fn a_grant_that_a_reference_needs_is_named_for_as_long_as_it_is_gone() -> Result<()> {
    let (first, second) = tenants(json!({"manage": ["acme/mine"], "use": ["acme", "acme/*"],
        "credentials": [{"domains": ["acme"]}]}))
    .await?;
    let there = |name: &str| json!({"name": name, "namespace": first.namespace()});
    let upstream = json!([{"repositoryRef": there("npm-store")}]);
    let mine = json!({"domainRef": there("acme"), "upstreams": upstream});
    second.apply(&first.object("Repository", "mine", &mine)).await?;
    let policy = json!({"repositoryRef": there("npm-store"), "packages": [{"format": "npm", "name": "left-pad"}],
        "origin": {"publish": "Allow", "upstream": "Block"}});
    second.apply(&second.object("PackagePolicy", "policy", &policy)).await?;
    second.apply(&first.login_for("login", json!({"repositoryRef": there("npm-store")}))).await?;
    let kinds = [("Repository", "mine"), ("PackagePolicy", "policy"), ("RegistryCredential", "login")];
    for (kind, name) in kinds {
        second.ready(kind, name).await?;
    }

    let narrower = |grant: Value| {
        let mut grant = grant;
        grant["namespaces"] = json!({"names": [second.namespace()]});
        grant
    };
    let no_upstream = narrower(json!({"manage": ["acme/mine"], "use": ["acme"]}));
    first.set_grants(&[first.everything(), no_upstream]).await?;
    let wanted = ["`use` for acme/npm-store", "`use` for acme/npm-store", "`credentials` "];
    for _ in 0..2 {
        for ((kind, name), wanted) in kinds.iter().zip(wanted) {
            second.refused(kind, name, wanted).await?;
            second.reconcile_now(kind, name).await?;
        }
    }
    first.set_grants(&[first.everything(), narrower(json!({"use": ["other"]}))]).await?;
    second.refused("Repository", "mine", "`manage` for acme/mine").await
}

#[tokio::test]
async fn a_label_that_goes_takes_its_grant_with_it() -> Result<()> {
    let (first, second) = tenants(Value::Null).await?;
    let namespaces = first.cluster.api("Namespace", "").await?;
    let team = unique("label");
    let label = |value: Value| json!({"metadata": {"labels": {"team": value}}});
    let selected = json!({"namespaces": {"selector": {"matchLabels": {"team": team}}}, "manage": ["mine"]});
    first.set_grants(&[first.everything(), selected]).await?;
    let domain = second.object("Domain", "mine", &json!({}));
    second.apply(&domain).await?;
    second.refused("Domain", "mine", "`manage` for mine").await?;
    namespaces.patch(second.namespace(), &PatchParams::default(), &Patch::Merge(label(json!(team)))).await?;
    second.ready("Domain", "mine").await?;
    namespaces.patch(second.namespace(), &PatchParams::default(), &Patch::Merge(label(Value::Null))).await?;
    second.refused("Domain", "mine", "`manage` for mine").await?;
    Ok(())
}
