//! Objects in sync cost no write: over five reconciles, and over a restart.

use anyhow::{Result, ensure};
use aws_sdk_codeartifact::types::Tag;
use codeartifact_operator::api::Domain;
use harness::Fixture;
use harness::objects::object;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

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
            let secret = json!({"templates": {"login.env": "TOKEN={{ token | shell }}"}});
            objects.push(object(
                "RegistryCredential",
                &name,
                &json!({"registries": registries, "secret": secret}),
            ));
        }
    }
    objects
}

#[tokio::test]
async fn fifty_objects_in_sync_cost_no_write_in_five_passes_and_a_restart() -> Result<()> {
    let fixture = Fixture::own().await?;
    ensure!(objects().len() == 50);
    for object in objects() {
        fixture.apply(&object).await?;
    }
    for object in objects() {
        let (kind, name) = (&object["kind"], &object["metadata"]["name"]);
        fixture.ready(kind.as_str().unwrap_or_default(), name.as_str().unwrap_or_default()).await?;
    }
    let mints = fixture.emulator.took_effect("GetAuthorizationToken");
    ensure!(mints == 2, "{mints} mints for two domains");

    let quiet = fixture.mark().await?;
    for pass in 1..=5 {
        let mut before = Vec::new();
        for (kind, _) in KINDS {
            before.push(fixture.reconciles(kind).await?);
        }
        let looked = fixture.emulator.calls("DescribeRepository", 0);
        fixture.emulator.forward("75m").await?;
        fixture.until_calls(&format!("pass {pass}"), "DescribeRepository", looked + 24).await?;
        // Every object of every kind is looked at, logins from caches alone.
        for ((kind, count), before) in KINDS.iter().zip(before) {
            fixture.until_reconciles(kind, before + count).await?;
        }
        fixture.until_idle().await?;
    }
    let moved = fixture.since(&quiet).await?;
    // Seven hours of a login of twelve hours: not due for renewal, which comes at two thirds of its life.
    ensure!(moved.is_silent(), "five passes: {moved:?}");

    fixture.install.operator.terminate().await?;
    fixture.install.operator.start_again().await?;
    fixture.until_idle().await?;
    let moved = fixture.since(&quiet).await?;
    ensure!(moved.is_silent(), "a restart: {moved:?}");

    fixture.apply(&object("Domain", "acme", &json!({"tags": {"team": "b"}}))).await?;
    fixture.until_tag("acme", "team", "b").await?;
    fixture.until_idle().await?;
    let moved = fixture.since(&quiet).await?;
    ensure!(moved.aws_writes > 0, "one edit: {moved:?}");
    println!("50 objects in sync, 5 passes and a restart: 0 writes, 0 mints; one edit: {moved:?}");
    Ok(())
}

#[tokio::test]
async fn one_write_of_any_sort_is_no_silence() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&object("Domain", "acme", &json!({"tags": {"team": "a"}}))).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.until_idle().await?;
    let quiet = fixture.mark().await?;
    let moved = fixture.since(&quiet).await?;
    ensure!(moved.is_silent(), "nothing was planted: {moved:?}");

    // A status that is written as it is: the object does not change, and the request is one too many all the same.
    let account = fixture.install.user.rsplit(':').next().unwrap_or_default();
    let client = fixture.cluster.client_as(&fixture.install.operator_namespace, account).await?;
    let domains: Api<Domain> = Api::namespaced(client, fixture.namespace());
    let same = domains.get("acme").await?.status;
    let patch = Patch::Merge(json!({"status": same}));
    domains.patch_status("acme", &PatchParams::default(), &patch).await?;
    let moved = fixture.since(&quiet).await?;
    ensure!(moved.kubernetes_writes.len() == 1 && !moved.is_silent(), "a status: {moved:?}");

    let quiet = fixture.mark().await?;
    let tag = Tag::builder().key("team").value("a").build()?;
    let arn = "arn:aws:codeartifact:us-east-1:123456789012:domain/acme";
    fixture.emulator.aws().tag_resource().resource_arn(arn).tags(tag).send().await?;
    let moved = fixture.since(&quiet).await?;
    ensure!(moved.aws_writes == 1 && !moved.is_silent(), "a tag: {moved:?}");

    let quiet = fixture.mark().await?;
    fixture.emulator.aws().get_authorization_token().domain("acme").send().await?;
    let moved = fixture.since(&quiet).await?;
    ensure!(moved.mints == 1 && !moved.is_silent(), "a token: {moved:?}");
    Ok(())
}
