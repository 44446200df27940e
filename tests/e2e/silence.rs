//! Objects in sync cost no write: over five reconciles, and over a restart.

use anyhow::{Result, ensure};
use aws_sdk_codeartifact::types::Tag;
use codeartifact_operator::api::Domain;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::scene::{NAMESPACE, scene};

const DOMAINS: [&str; 2] = ["acme", "umbrella"];
/// How many objects of each kind there are.
const KINDS: [(&str, f64); 4] =
    [("Domain", 2.0), ("Repository", 24.0), ("PackagePolicy", 12.0), ("RegistryCredential", 12.0)];

/// 2 domains, 24 repositories, 12 policies and 12 logins: 50 objects.
fn objects() -> Vec<Value> {
    DOMAINS.iter().flat_map(|domain| objects_of(domain)).collect()
}

fn objects_of(domain: &str) -> Vec<Value> {
    let mut objects = vec![object("Domain", domain, &json!({"tags": {"team": "a"}}))];
    for number in 0..12 {
        let name = format!("{domain}-{number}");
        let first = json!([{"repositoryRef": {"name": format!("{domain}-0")}}]);
        let upstreams = if number == 0 { json!([]) } else { first };
        let spec = json!({"domainRef": {"name": domain}, "description": name, "tags": {"n": "1"}, "upstreams": upstreams});
        objects.push(object("Repository", &name, &spec));
        if number % 2 == 0 {
            let packages = json!([{"format": "npm", "name": "left-pad"}]);
            let origin = json!({"publish": "Allow", "upstream": "Block"});
            let reference = json!({"name": name});
            let spec = json!({"mode": "Enforce", "interval": "1h", "repositoryRef": reference, "packages": packages, "origin": origin});
            objects.push(object("PackagePolicy", &name, &spec));
            let registries = json!([{"repositoryRef": reference, "formats": ["npm", "pip", "netrc"]}]);
            objects.push(object("RegistryCredential", &name, &json!({"registries": registries})));
        }
    }
    objects
}

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

#[tokio::test]
async fn fifty_objects_in_sync_cost_no_write_in_five_passes_and_a_restart() -> Result<()> {
    scene!(scene);
    ensure!(objects().len() == 50);
    for object in objects() {
        scene.apply(&object.to_string()).await?;
    }
    for object in objects() {
        let (kind, name) = (&object["kind"], &object["metadata"]["name"]);
        scene.ready(kind.as_str().unwrap_or_default(), name.as_str().unwrap_or_default()).await?;
    }
    let mints = scene.took_effect("GetAuthorizationToken");
    ensure!(mints == 2, "{mints} mints for two domains");

    let quiet = scene.mark().await?;
    for pass in 1..=5 {
        let mut before = Vec::new();
        for (kind, _) in KINDS {
            before.push(scene.reconciles(kind).await?);
        }
        let looked = scene.calls("DescribeRepository");
        scene.emulator.forward("75m").await?;
        scene.until_calls(&format!("pass {pass}"), "DescribeRepository", looked + 24).await?;
        // Every object of every kind is looked at, logins from caches alone.
        for ((kind, count), before) in KINDS.iter().zip(before) {
            scene.until_reconciles(kind, before + count).await?;
        }
        scene.until_idle().await?;
    }
    let moved = scene.since(&quiet).await?;
    // Seven hours of a login of twelve hours: not due for renewal, which comes at two thirds of its life.
    ensure!(moved.is_silent(), "five passes: {moved:?}");

    scene.install.operator.terminate().await?;
    scene.install.operator.start_again().await?;
    scene.until_idle().await?;
    let moved = scene.since(&quiet).await?;
    ensure!(moved.is_silent(), "a restart: {moved:?}");

    scene.apply(&object("Domain", "acme", &json!({"tags": {"team": "b"}})).to_string()).await?;
    scene.until_tag("acme", "team", "b").await?;
    scene.until_idle().await?;
    let moved = scene.since(&quiet).await?;
    ensure!(moved.aws_writes > 0, "one edit: {moved:?}");
    println!("50 objects in sync, 5 passes and a restart: 0 writes, 0 mints; one edit: {moved:?}");
    Ok(())
}

#[tokio::test]
async fn one_write_of_any_sort_is_no_silence() -> Result<()> {
    scene!(scene);
    scene.apply(&object("Domain", "acme", &json!({"tags": {"team": "a"}})).to_string()).await?;
    scene.ready("Domain", "acme").await?;
    scene.until_idle().await?;
    let quiet = scene.mark().await?;
    let moved = scene.since(&quiet).await?;
    ensure!(moved.is_silent(), "nothing was planted: {moved:?}");

    // A status that is written as it is: the object does not change, and the request is one too many all the same.
    let account = scene.install.user.rsplit(':').next().unwrap_or_default();
    let client = scene.cluster.client_as(&scene.install.operator_namespace, account).await?;
    let domains: Api<Domain> = Api::namespaced(client, NAMESPACE);
    let same = domains.get("acme").await?.status;
    let patch = Patch::Merge(json!({"status": same}));
    domains.patch_status("acme", &PatchParams::default(), &patch).await?;
    let moved = scene.since(&quiet).await?;
    ensure!(moved.kubernetes_writes.len() == 1 && !moved.is_silent(), "a status: {moved:?}");

    let quiet = scene.mark().await?;
    let tag = Tag::builder().key("team").value("a").build()?;
    let arn = "arn:aws:codeartifact:us-east-1:123456789012:domain/acme";
    scene.aws().tag_resource().resource_arn(arn).tags(tag).send().await?;
    let moved = scene.since(&quiet).await?;
    ensure!(moved.aws_writes == 1 && !moved.is_silent(), "a tag: {moved:?}");

    let quiet = scene.mark().await?;
    scene.aws().get_authorization_token().domain("acme").send().await?;
    let moved = scene.since(&quiet).await?;
    ensure!(moved.mints == 1 && !moved.is_silent(), "a token: {moved:?}");
    Ok(())
}
