//! RegistryCredential: the Secret, the renewal of tokens, and who shares them.

mod grants;
mod logs;
mod metrics;
mod renewal;
mod secret;
mod sharing;
mod takeover;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use harness::objects::Condition;
use harness::wait::PATIENCE;
use harness::{Emulator, Install, shared, unique, wait_for};
use k8s_openapi::api::core::v1::{Event, Secret};
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

/// The call that mints.
const MINT: &str = "GetAuthorizationToken";

/// A domain, a repository in it, and an account that lets every namespace of the install have tokens.
struct World<'a> {
    install: Install<'a>,
    account: String,
}

/// A Secret's data as text.
type Data = BTreeMap<String, String>;

impl<'a> World<'a> {
    async fn start(emulator: &'a Emulator, namespaces: usize) -> Result<Self> {
        Self::start_with(emulator, namespaces, json!({})).await
    }

    async fn start_with(emulator: &'a Emulator, namespaces: usize, values: Value) -> Result<Self> {
        let install =
            Install::into(shared().await?, emulator).namespaced(namespaces).values(values).start().await?;
        let world = Self { install, account: unique("account") };
        let grants = json!([{
            "namespaces": {"names": world.install.namespaces}, "manage": ["*", "*/*"], "connect": ["*"],
            "credentials": [{"domains": ["*"]}],
        }]);
        world.install.account(&world.account, &grants).await?;
        for domain in ["acme", "other"] {
            emulator.aws().create_domain().domain(domain).send().await?;
            emulator.aws().create_repository().domain(domain).repository("store").send().await?;
        }
        Ok(world)
    }

    fn namespace(&self) -> &str {
        self.install.namespace()
    }

    /// A RegistryCredential for acme/store, with more members of its spec.
    async fn login(&self, name: &str, more: &Value) -> Result<()> {
        self.login_in(self.namespace(), name, more).await
    }

    async fn login_in(&self, namespace: &str, name: &str, more: &Value) -> Result<()> {
        let mut spec =
            json!({"accountRef": {"name": self.account}, "registries": [registry(&["npm", "pip", "netrc"])]});
        spec.as_object_mut()
            .into_iter()
            .for_each(|spec| spec.extend(more.as_object().cloned().unwrap_or_default()));
        let object = json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "RegistryCredential",
            "metadata": {"name": name}, "spec": spec});
        self.install.control_plane.apply(namespace, &object.to_string()).await.map(drop)
    }

    /// One that is Ready, and what its Secret holds.
    async fn ready_login(&self, name: &str, more: &Value) -> Result<Data> {
        self.login(name, more).await?;
        self.issued(name).await?;
        self.data(name).await
    }

    async fn issued(&self, name: &str) -> Result<Condition> {
        self.ready_for(name, "Issued").await
    }

    /// Waits until Ready has a reason, for the present spec.
    async fn ready_for(&self, name: &str, reason: &str) -> Result<Condition> {
        let says = |object: &DynamicObject| {
            harness::objects::observed(object)
                && harness::objects::conditions(object)
                    .iter()
                    .any(|it| it.kind == "Ready" && it.reason == reason)
        };
        let object = self.until(&format!("Ready says {reason}"), name, says).await?;
        let conditions = harness::objects::conditions(&object);
        conditions.into_iter().find(|it| it.kind == "Ready").context("not Ready any more")
    }

    /// Waits until Ready is False.
    async fn not_ready(&self, name: &str) -> Result<Condition> {
        let ready = |object: &DynamicObject| {
            harness::objects::conditions(object)
                .into_iter()
                .find(|it| it.kind == "Ready" && it.status == "False")
        };
        let object = self.until("Ready is False", name, |object| ready(object).is_some()).await?;
        ready(&object).context("Ready is not False any more")
    }

    async fn until(
        &self,
        what: &str,
        name: &str,
        test: impl FnMut(&DynamicObject) -> bool,
    ) -> Result<DynamicObject> {
        self.install.until(what, ("RegistryCredential", self.namespace(), name), test).await
    }

    /// Sets an annotation of a RegistryCredential.
    async fn annotate(&self, name: &str, key: &str, value: &str) -> Result<()> {
        let api = self.install.control_plane.api("RegistryCredential", self.namespace()).await?;
        let patch = json!({"metadata": {"annotations": {format!("codeartifact-operator.dev/{key}"): value}}});
        api.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await?;
        Ok(())
    }

    /// Has the operator look at a RegistryCredential, and waits until it has.
    async fn look(&self, name: &str) -> Result<()> {
        let mark = unique("look");
        self.annotate(name, "reconcile-at", &mark).await?;
        let seen = |object: &DynamicObject| object.data["status"]["lastHandledReconcileAt"] == mark.as_str();
        self.until("it was looked at", name, seen).await.map(drop)
    }

    /// Waits until Ready says Issued. A failed sign-in is shared for some seconds before the next one is tried.
    async fn issued_after_looks(&self, name: &str) -> Result<()> {
        let waited = wait_for("Ready says Issued", PATIENCE, async || {
            self.look(name).await?;
            let object = self.install.control_plane.get("RegistryCredential", self.namespace(), name).await?;
            let conditions = harness::objects::conditions(&object);
            ensure!(
                conditions.iter().any(|it| it.kind == "Ready" && it.reason == "Issued"),
                "{conditions:?}"
            );
            Ok(())
        });
        self.install.explain(waited.await)
    }

    /// Deletes a RegistryCredential, and waits until its Secret of the same name is gone.
    async fn ends_with_its_login(&self, name: &str) -> Result<()> {
        let api = self.install.control_plane.api("RegistryCredential", self.namespace()).await?;
        api.delete(name, &DeleteParams::default()).await?;
        self.install.gone("Secret", self.namespace(), name).await
    }

    fn secrets(&self) -> Result<Api<Secret>> {
        self.secrets_of(self.namespace())
    }

    fn secrets_of(&self, namespace: &str) -> Result<Api<Secret>> {
        Ok(Api::namespaced(self.install.control_plane.client()?, namespace))
    }

    async fn data(&self, secret: &str) -> Result<Data> {
        self.data_of(self.namespace(), secret).await
    }

    async fn data_of(&self, namespace: &str, secret: &str) -> Result<Data> {
        text(self.secrets_of(namespace)?.get(secret).await?)
    }

    /// Waits until a Secret holds just this; the failure tells the keys that differ, not what they hold.
    async fn until_holds(&self, secret: &str, data: &Data) -> Result<()> {
        let what = format!("Secret {secret} is as it was");
        let waited = wait_for(&what, PATIENCE, async || {
            let seen = self.data(secret).await?;
            let keys: std::collections::BTreeSet<_> = seen.keys().chain(data.keys()).collect();
            let differ: Vec<_> = keys.into_iter().filter(|key| seen.get(*key) != data.get(*key)).collect();
            ensure!(differ.is_empty(), "{differ:?} differ");
            Ok(())
        });
        self.install.explain(waited.await)
    }

    /// Waits until a Secret holds another token than that, and returns what it holds.
    async fn until_renewed(&self, namespace: &str, secret: &str, old: &Data) -> Result<Data> {
        let what = format!("Secret {secret} has a new token");
        let waited = wait_for(&what, PATIENCE, async || {
            let seen = self.data_of(namespace, secret).await?;
            ensure!(seen["token"] != old["token"], "it is the old one");
            Ok(seen)
        });
        self.install.explain(waited.await)
    }

    /// Waits until an event with a reason speaks of something.
    async fn until_event(&self, reason: &str, about: &str) -> Result<()> {
        let events: Api<Event> = Api::namespaced(self.install.control_plane.client()?, self.namespace());
        let what = format!("event {reason} about {about}");
        let waited = wait_for(&what, PATIENCE, async || {
            let told = events.list(&ListParams::default()).await?.items;
            let found = told.iter().any(|event| {
                event.reason.as_deref() == Some(reason)
                    && event.message.as_ref().is_some_and(|text| text.contains(about))
            });
            let told: Vec<_> = told.iter().map(|event| (&event.reason, &event.message)).collect();
            ensure!(found, "{told:?}");
            Ok(())
        });
        self.install.explain(waited.await)
    }

    fn mints(&self) -> usize {
        self.install.emulator.calls(MINT, 0)
    }

    /// Mints that succeeded.
    fn tokens(&self) -> usize {
        self.install.emulator.tokens_minted().len()
    }

    /// How many Secrets the operator has written so far.
    async fn secret_writes(&self) -> Result<f64> {
        self.install.operator.metric(r#"codeartifact_operator_kubernetes_writes_total{kind="Secret"}"#).await
    }

    async fn fail_mints(&self, error: &str) -> Result<()> {
        let fault = json!([{"match": {"operation": MINT}, "fault": {"error": error}}]);
        self.install.emulator.set_faults(&fault).await
    }
}

fn registry(formats: &[&str]) -> Value {
    json!({"repository": {"domain": "acme", "name": "store"}, "formats": formats})
}

fn text(secret: Secret) -> Result<Data> {
    let data = secret.data.unwrap_or_default();
    data.into_iter().map(|(key, value)| Ok((key, String::from_utf8(value.0)?))).collect()
}
