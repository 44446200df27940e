//! A grant that was never given.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::tenants;

#[tokio::test]
async fn without_a_grant_nothing_can_be_made_by_reference_or_by_name() -> Result<()> {
    let (first, second) = tenants(Value::Null).await?;
    let before = first.emulator.last_call();
    let reference = json!({"name": "acme", "namespace": first.namespace()});
    second.apply(&second.object("Domain", "mine", &json!({}))).await?;
    second.apply(&second.object("Domain", "peek", &json!({"name": "acme", "mode": "Observe"}))).await?;
    second.apply(&first.object("Repository", "by-reference", &json!({"domainRef": reference}))).await?;
    second.apply(&first.object("Repository", "by-name", &json!({"domain": {"name": "acme"}}))).await?;
    let policy = json!({
        "mode": "Enforce", "repositoryRef": {"name": "npm-store", "namespace": first.namespace()},
        "packages": [{"format": "npm", "name": "left-pad"}], "origin": {"publish": "Allow", "upstream": "Block"},
    });
    second.apply(&second.object("PackagePolicy", "policy", &policy)).await?;

    second.refused("Domain", "mine", "`manage` for mine").await?;
    second.refused("Domain", "peek", "`use` for acme").await?;
    let named = |kind: &str, name: &str| format!("`use` what {kind} {}/{name} stands for", first.namespace());
    second.refused("Repository", "by-reference", &named("Domain", "acme")).await?;
    second.refused("Repository", "by-name", "`manage` for acme/by-name").await?;
    second.refused("PackagePolicy", "policy", &named("Repository", "npm-store")).await?;
    ensure!(first.emulator.writes(before) == 0, "something was written");
    Ok(())
}

#[tokio::test]
async fn without_a_grant_no_token_is_had_by_reference_or_by_name() -> Result<()> {
    // Everything but credentials.
    let (first, second) =
        tenants(json!({"manage": ["*", "*/*"], "use": ["*", "*/*"], "connect": ["*"]})).await?;
    let reference = json!({"repositoryRef": {"name": "npm-store", "namespace": first.namespace()}});
    let name = json!({"repository": {"domain": "acme", "name": "npm-store"}});
    let nothing = json!({"repositoryRef": {"name": "nothing", "namespace": first.namespace()}});
    let logins = [("by-reference", reference), ("by-no-reference", nothing), ("by-name", name)];
    for (login, registry) in &logins {
        second.apply(&first.login_for(login, registry.clone())).await?;
    }
    second.refused("RegistryCredential", "by-name", "`credentials` for acme").await?;
    let told = async |login, repository| {
        let told = second.condition("RegistryCredential", login, "Ready", "False").await?;
        anyhow::Ok((told.reason, told.message.replace(repository, "it")))
    };
    let (there, absent) =
        (told("by-reference", "npm-store").await?, told("by-no-reference", "nothing").await?);
    ensure!(there == absent && !there.1.contains("acme"), "what is told tells what exists: {there:?}");
    for (login, _) in logins {
        ensure!(second.secrets()?.get_opt(login).await?.is_none(), "a Secret was written");
    }
    ensure!(first.emulator.mints(0) == 0, "a token was minted");
    Ok(())
}

#[tokio::test]
async fn use_is_not_manage_and_connections_are_granted_apart() -> Result<()> {
    let (first, second) = tenants(json!({"manage": ["acme/mine-*"], "use": ["acme"]})).await?;
    let domain = json!({"name": "acme"});
    let plain = first.object("Repository", "mine-plain", &json!({"domain": domain}));
    second.apply(&plain).await?;
    second.ready("Repository", "mine-plain").await?;
    let connected = first.object(
        "Repository",
        "mine-open",
        &json!({"domain": domain, "externalConnection": "public:npmjs"}),
    );
    second.apply(&connected).await?;
    second.refused("Repository", "mine-open", "`connect` for public:npmjs").await?;
    let upstream = json!([{"name": "npm-store"}]);
    second
        .apply(&first.object("Repository", "mine-up", &json!({"domain": domain, "upstreams": upstream})))
        .await?;
    second.refused("Repository", "mine-up", "`use` for acme/npm-store").await?;
    second.apply(&first.object("Repository", "theirs", &json!({"domain": domain}))).await?;
    second.refused("Repository", "theirs", "`manage` for acme/theirs").await?;
    Ok(())
}
