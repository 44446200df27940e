//! What a namespace must not do without a grant: tried, and refused for the stated reason.

use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::{Emulator, Install, shared, unique, wait_for};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

fn object(kind: &str, name: &str, spec: Value) -> Value {
    let mut object =
        json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": name}});
    object["spec"] = spec;
    object
}

/// An install over two namespaces: the first is granted everything, the second what the test says.
struct Tenants<'a> {
    install: Install<'a>,
    account: String,
}

impl<'a> Tenants<'a> {
    async fn start(emulator: &'a Emulator, second: Value) -> Result<Self> {
        let install = Install::into(shared().await?, emulator).namespaced(2).start().await?;
        let account = unique("account");
        let tenants = Self { install, account };
        let mut grants = vec![tenants.everything()];
        if let Value::Object(mut grant) = second {
            grant.insert("namespaces".into(), json!({"names": [tenants.second()]}));
            grants.push(Value::Object(grant));
        }
        tenants.install.account(&tenants.account, &json!(grants)).await?;
        let domain = object(
            "Domain",
            "acme",
            json!({"accountRef": {"name": tenants.account}, "deletionPolicy": "Delete"}),
        );
        tenants.apply(tenants.first(), domain).await?;
        tenants.install.ready("Domain", tenants.first(), "acme").await?;
        let store = tenants.repository("npm-store", json!({"domainRef": {"name": "acme"}}));
        tenants.apply(tenants.first(), store).await?;
        tenants.install.ready("Repository", tenants.first(), "npm-store").await?;
        Ok(tenants)
    }

    fn everything(&self) -> Value {
        json!({"namespaces": {"names": [self.first()]}, "manage": ["*", "*/*"], "connect": ["*"], "credentials": [{"domains": ["*"]}]})
    }

    fn first(&self) -> &str {
        &self.install.namespaces[0]
    }

    fn second(&self) -> &str {
        &self.install.namespaces[1]
    }

    fn repository(&self, name: &str, mut spec: Value) -> Value {
        spec["accountRef"] = json!({"name": self.account});
        object("Repository", name, spec)
    }

    fn login(&self, name: &str, registry: Value) -> Value {
        let mut registry = registry;
        registry["formats"] = json!(["npm"]);
        object(
            "RegistryCredential",
            name,
            json!({"accountRef": {"name": self.account}, "registries": [registry]}),
        )
    }

    async fn apply(&self, namespace: &str, object: Value) -> Result<()> {
        self.install.control_plane.apply(namespace, &object.to_string()).await.map(drop)
    }

    /// The object ends Stalled for want of a grant that names what it wanted.
    async fn refused(&self, kind: &str, name: &str, wanted: &str) -> Result<()> {
        let told = self.install.condition((kind, self.second(), name), "Stalled", "True").await?;
        ensure!(told.reason == "GrantMissing" && told.message.contains(wanted), "{kind} {name}: {told:?}");
        Ok(())
    }

    async fn grant_only(&self, grants: Value) -> Result<()> {
        let accounts = self.install.control_plane.api("AwsAccount", "").await?;
        let patch = json!({"spec": {"grants": grants}});
        accounts.patch(&self.account, &PatchParams::default(), &Patch::Merge(&patch)).await?;
        Ok(())
    }
}

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
    tenants.refused("Repository", "by-reference", "`manage` acme/by-reference").await?;
    tenants.refused("Repository", "by-name", "`manage` acme/by-name").await?;
    tenants.refused("PackagePolicy", "policy", "`manage` acme/npm-store").await?;
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
    for (login, registry) in [("by-reference", reference), ("by-name", name)] {
        tenants.apply(tenants.second(), tenants.login(login, registry)).await?;
        tenants.refused("RegistryCredential", login, "`credentials` acme").await?;
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

#[tokio::test]
async fn a_withdrawn_grant_stops_writes_and_tokens_at_once_and_lets_go() -> Result<()> {
    let emulator = Emulator::start().await?;
    let tenants = Tenants::start(
        &emulator,
        json!({"manage": ["acme/mine"], "use": ["acme"], "credentials": [{"domains": ["acme"]}]}),
    )
    .await?;
    let mine = tenants.repository("mine", json!({"domain": {"name": "acme"}, "deletionPolicy": "Delete"}));
    tenants.apply(tenants.second(), mine).await?;
    tenants.install.ready("Repository", tenants.second(), "mine").await?;
    tenants
        .apply(tenants.second(), tenants.login("login", json!({"repositoryRef": {"name": "mine"}})))
        .await?;
    tenants.install.ready("RegistryCredential", tenants.second(), "login").await?;

    tenants.grant_only(json!([tenants.everything()])).await?;
    tenants.refused("Repository", "mine", "`manage` acme/mine").await?;
    tenants.refused("RegistryCredential", "login", "`credentials` acme").await?;
    let secrets = tenants.install.control_plane.api("Secret", tenants.second()).await?;
    wait_for("the Secret is removed", PATIENCE, async || {
        ensure!(secrets.get_opt("login").await?.is_none(), "it is still there");
        Ok(())
    })
    .await?;

    let before = emulator.last_call();
    emulator.forward("13h").await?;
    let changed = tenants.repository(
        "mine",
        json!({"domain": {"name": "acme"}, "description": "new", "deletionPolicy": "Delete"}),
    );
    tenants.apply(tenants.second(), changed).await?;
    tenants.refused("Repository", "mine", "`manage` acme/mine").await?;
    tenants
        .install
        .control_plane
        .api("Repository", tenants.second())
        .await?
        .delete("mine", &DeleteParams::default())
        .await?;
    tenants.install.gone("Repository", tenants.second(), "mine").await?;
    let touched =
        emulator.journal(before).iter().filter(|call| call.parameters["repository"] == "mine").count();
    ensure!(touched == 0, "{touched} calls for it after the grant was gone");
    ensure!(emulator.calls("GetAuthorizationToken", before) <= 1, "only the first namespace may have tokens");
    Ok(())
}

#[tokio::test]
async fn a_suspended_login_goes_with_its_grant_too() -> Result<()> {
    let emulator = Emulator::start().await?;
    let tenants =
        Tenants::start(&emulator, json!({"use": ["acme/*"], "credentials": [{"domains": ["acme"]}]})).await?;
    let team = tenants.repository("team", json!({"domain": {"name": "acme"}}));
    tenants.apply(tenants.first(), team).await?;
    tenants.install.ready("Repository", tenants.first(), "team").await?;
    let mut login =
        tenants.login("login", json!({"repositoryRef": {"name": "team", "namespace": tenants.first()}}));
    tenants.apply(tenants.second(), login.clone()).await?;
    tenants.install.ready("RegistryCredential", tenants.second(), "login").await?;
    login["spec"]["suspend"] = true.into();
    tenants.apply(tenants.second(), login).await?;
    let suspended = ("RegistryCredential", tenants.second(), "login");
    wait_for("it is suspended", PATIENCE, async || {
        let told = tenants.install.condition(suspended, "Ready", "True").await?;
        ensure!(told.reason == "Suspended", "{told:?}");
        Ok(())
    })
    .await?;
    let secrets = tenants.install.control_plane.api("Secret", tenants.second()).await?;
    ensure!(secrets.get_opt("login").await?.is_some(), "a suspended login keeps its Secret");

    tenants.grant_only(json!([tenants.everything()])).await?;
    wait_for("the Secret is removed", PATIENCE, async || {
        ensure!(secrets.get_opt("login").await?.is_none(), "it is still there");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_label_that_goes_takes_its_grant_with_it() -> Result<()> {
    let emulator = Emulator::start().await?;
    let tenants = Tenants::start(&emulator, Value::Null).await?;
    let namespaces = tenants.install.control_plane.api("Namespace", "").await?;
    let team = unique("label");
    let label = |value: Value| json!({"metadata": {"labels": {"team": value}}});
    let selected = json!({"namespaces": {"selector": {"matchLabels": {"team": team}}}, "manage": ["mine"]});
    tenants.grant_only(json!([tenants.everything(), selected])).await?;
    let domain = object("Domain", "mine", json!({"accountRef": {"name": tenants.account}}));
    tenants.apply(tenants.second(), domain).await?;
    tenants.refused("Domain", "mine", "`manage` mine").await?;
    namespaces.patch(tenants.second(), &PatchParams::default(), &Patch::Merge(label(json!(team)))).await?;
    tenants.install.ready("Domain", tenants.second(), "mine").await?;
    namespaces.patch(tenants.second(), &PatchParams::default(), &Patch::Merge(label(Value::Null))).await?;
    tenants.refused("Domain", "mine", "`manage` mine").await?;
    Ok(())
}
