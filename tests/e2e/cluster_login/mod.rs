//! ClusterRegistryCredential: the same Secret in every namespace that a selector picks.

mod delivery;
mod grants;
mod put_back;
mod renewal;
mod restart;
mod tenants;

use anyhow::{Result, ensure};
use harness::fixture::{Data, registry};
use harness::objects::{Condition, observed};
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use kube::api::DynamicObject;
use serde_json::{Value, json};

/// The kind.
const KIND: &str = "ClusterRegistryCredential";
/// The label that the selector of these tests picks.
const PICKED: [(&str, &str); 1] = [("logins", "yes")];

/// An operator of the whole cluster, whose AwsAccount grants everything to everybody, the repository `store` of the domain `acme`, and
/// namespaces that the selector picks.
async fn stage(namespaces: &[&str]) -> Result<Fixture> {
    let fixture = Fixture::own().await?;
    fixture.make_store("acme").await?;
    for namespace in namespaces {
        fixture.cluster.namespace(namespace, &PICKED).await?;
    }
    Ok(fixture)
}

/// Applies the ClusterRegistryCredential `login`, with other members of its spec; null takes one away.
async fn apply(fixture: &Fixture, more: &Value) -> Result<()> {
    let selector = json!({"matchLabels": {"logins": "yes"}});
    let mut spec = json!({"namespaceSelector": selector, "registries": [registry(&["npm", "pip", "netrc"])]});
    for (key, value) in more.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    fixture.apply(&fixture.object(KIND, "login", &spec)).await
}

/// As [`apply`], and waits until every namespace is filled.
async fn applied(fixture: &Fixture, more: &Value) -> Result<Condition> {
    apply(fixture, more).await?;
    fixture.ready_for(KIND, "login", "Issued").await
}

/// Waits until the status counts so many namespaces: selected, filled, failing, waiting.
async fn until_counts(fixture: &Fixture, counts: [u64; 4]) -> Result<DynamicObject> {
    let what = format!("the counts are {counts:?}");
    let counted = |object: &DynamicObject| observed(object) && counts_of(object) == counts;
    fixture.until(&what, KIND, "login", counted).await
}

fn counts_of(object: &DynamicObject) -> [u64; 4] {
    let counts = &object.data["status"]["namespaces"];
    ["selected", "filled", "failing", "waiting"].map(|count| counts[count].as_u64().unwrap_or_default())
}

/// The failures in the status: namespace, reason and message.
fn failures(object: &DynamicObject) -> Vec<[String; 3]> {
    let list = object.data["status"]["failures"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let words = |it: &Value| [text(&it["namespace"]), text(&it["reason"]), text(&it["message"])];
    list.iter().map(words).collect()
}

/// Waits until the Secret `login` is in a namespace, and returns what it holds.
async fn until_there(fixture: &Fixture, namespace: &str) -> Result<Data> {
    let place = fixture.at(namespace);
    let what = format!("Secret login is in {namespace}");
    let waited = wait_for(&what, PATIENCE, async || {
        let data = place.data("login").await?;
        ensure!(data.contains_key("token"), "it holds {:?}", data.keys());
        Ok(data)
    });
    fixture.install.explain(waited.await)
}

/// Whether the Secret `login` is in a namespace now.
async fn is_there(fixture: &Fixture, namespace: &str) -> Result<bool> {
    Ok(fixture.at(namespace).secrets()?.get_opt("login").await?.is_some())
}

/// Labels a namespace so that the selector picks it, or not.
async fn label(fixture: &Fixture, namespace: &str, value: Value) -> Result<()> {
    fixture.patch("Namespace", namespace, &json!({"metadata": {"labels": {"logins": value}}})).await
}
