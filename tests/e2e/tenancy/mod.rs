//! What a namespace must not do without a grant: tried, and refused for the stated reason.

mod cycles;
mod missing;
mod withdrawn;

use anyhow::{Result, ensure};
use harness::{Emulator, Install, shared, unique};
use kube::api::{Patch, PatchParams};
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
