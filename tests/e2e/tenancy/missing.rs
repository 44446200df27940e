//! A grant that was never given.

use super::{Tenants, object};
use anyhow::{Result, ensure};
use harness::Emulator;
use serde_json::{Value, json};

#[tokio::test]
async fn without_a_grant_nothing_can_be_made_by_reference_or_by_name() -> Result<()> {
    let emulator = Emulator::start().await?;
    let tenants = Tenants::start(&emulator, Value::Null).await?;
    let before = emulator.last_call();
    let account = json!({"name": tenants.account});
    let reference = json!({"name": "acme", "namespace": tenants.first()});
    tenants.apply(tenants.second(), object("Domain", "mine", json!({"accountRef": account}))).await?;
    tenants
        .apply(
            tenants.second(),
            object("Domain", "peek", json!({"accountRef": account, "name": "acme", "mode": "Observe"})),
        )
        .await?;
    tenants
        .apply(tenants.second(), tenants.repository("by-reference", json!({"domainRef": reference})))
        .await?;
    tenants
        .apply(tenants.second(), tenants.repository("by-name", json!({"domain": {"name": "acme"}})))
        .await?;
    let policy = json!({
        "accountRef": account, "mode": "Enforce", "repositoryRef": {"name": "npm-store", "namespace": tenants.first()},
        "packages": [{"format": "npm", "name": "left-pad"}], "origin": {"publish": "Allow", "upstream": "Block"},
    });
    tenants.apply(tenants.second(), object("PackagePolicy", "policy", policy)).await?;

    tenants.refused("Domain", "mine", "`manage` mine").await?;
    tenants.refused("Domain", "peek", "`use` acme").await?;
    let named = |kind: &str, name: &str| format!("`use` what {kind} {}/{name} stands for", tenants.first());
    tenants.refused("Repository", "by-reference", &named("Domain", "acme")).await?;
    tenants.refused("Repository", "by-name", "`manage` acme/by-name").await?;
    tenants.refused("PackagePolicy", "policy", &named("Repository", "npm-store")).await?;
    ensure!(emulator.writes(before) == 0, "something was written");
    Ok(())
}

#[tokio::test]
async fn without_a_grant_no_token_is_had_by_reference_or_by_name() -> Result<()> {
    let emulator = Emulator::start().await?;
    // Everything but credentials.
    let tenants =
        Tenants::start(&emulator, json!({"manage": ["*", "*/*"], "use": ["*", "*/*"], "connect": ["*"]}))
            .await?;
    let reference = json!({"repositoryRef": {"name": "npm-store", "namespace": tenants.first()}});
    let name = json!({"repository": {"domain": "acme", "name": "npm-store"}});
    let nothing = json!({"repositoryRef": {"name": "nothing", "namespace": tenants.first()}});
    let logins = [("by-reference", reference), ("by-no-reference", nothing), ("by-name", name)];
    for (login, registry) in &logins {
        tenants.apply(tenants.second(), tenants.login(login, registry.clone())).await?;
    }
    tenants.refused("RegistryCredential", "by-name", "`credentials` acme").await?;
    let told = async |login, repository| {
        let object = ("RegistryCredential", tenants.second(), login);
        let told = tenants.install.condition(object, "Ready", "False").await?;
        anyhow::Ok((told.reason, told.message.replace(repository, "it")))
    };
    let (there, absent) =
        (told("by-reference", "npm-store").await?, told("by-no-reference", "nothing").await?);
    ensure!(there == absent && !there.1.contains("acme"), "what is told tells what exists: {there:?}");
    for (login, _) in logins {
        let secrets = tenants.install.control_plane.api("Secret", tenants.second()).await?;
        ensure!(secrets.get_opt(login).await?.is_none(), "a Secret was written");
    }
    ensure!(emulator.calls("GetAuthorizationToken", 0) == 0, "a token was minted");
    Ok(())
}

#[tokio::test]
async fn use_is_not_manage_and_connections_are_granted_apart() -> Result<()> {
    let emulator = Emulator::start().await?;
    let tenants = Tenants::start(&emulator, json!({"manage": ["acme/mine-*"], "use": ["acme"]})).await?;
    let domain = json!({"name": "acme"});
    let plain = tenants.repository("mine-plain", json!({"domain": domain}));
    tenants.apply(tenants.second(), plain).await?;
    tenants.install.ready("Repository", tenants.second(), "mine-plain").await?;
    let connected =
        tenants.repository("mine-open", json!({"domain": domain, "externalConnection": "public:npmjs"}));
    tenants.apply(tenants.second(), connected).await?;
    tenants.refused("Repository", "mine-open", "`connect` public:npmjs").await?;
    let upstream = json!([{"name": "npm-store"}]);
    tenants
        .apply(
            tenants.second(),
            tenants.repository("mine-up", json!({"domain": domain, "upstreams": upstream})),
        )
        .await?;
    tenants.refused("Repository", "mine-up", "`use` acme/npm-store").await?;
    tenants.apply(tenants.second(), tenants.repository("theirs", json!({"domain": domain}))).await?;
    tenants.refused("Repository", "theirs", "`manage` acme/theirs").await?;
    Ok(())
}
