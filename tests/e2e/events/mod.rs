//! Events: each thing that was done is told with its own text, and nothing waits for an event.

mod told_once;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use harness::control_plane::AuditEvent;
use harness::wait::PATIENCE;
use harness::wait_for;
use kube::api::ListParams;
use serde_json::json;

use crate::scene::{NAMESPACE, Scene, scene};

const DOMAIN: &str =
    "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {name: acme}\nspec: {}\n";

#[tokio::test]
async fn each_edit_is_told_with_its_own_text() -> Result<()> {
    scene!(scene);
    for team in ["a", "b", "c"] {
        let domain = json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Domain",
            "metadata": {"name": "acme"}, "spec": {"tags": {"team": team}}});
        scene.apply(&domain.to_string()).await?;
        scene.until_tag("acme", "team", team).await?;
        scene.ready("Domain", "acme").await?;
    }
    scene.until_event("Created", "acme").await?;
    scene.until_event("Updated", "team to \"b\"").await?;
    scene.until_event("Updated", "team to \"c\"").await?;
    let events = scene.cluster.api("Event", NAMESPACE).await?.list(&ListParams::default()).await?;
    let told = events.items.iter().filter(|event| event.data["reason"] == "Updated").count();
    ensure!(told == 2, "{told} events Updated for two edits");
    Ok(())
}

#[tokio::test]
async fn ready_waits_for_no_more_writes_than_it_must_and_for_no_event() -> Result<()> {
    scene!(scene);
    let login = |name: &str| {
        json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "RegistryCredential",
            "metadata": {"name": name}, "spec": {"registries": [{"repositoryRef": {"name": "npm"}, "formats": ["npm"]}]}})
        .to_string()
    };
    let repository = json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Repository",
        "metadata": {"name": "npm"}, "spec": {"domainRef": {"name": "acme"}}});
    scene.apply(DOMAIN).await?;
    scene.ready("Domain", "acme").await?;
    scene.apply(&repository.to_string()).await?;
    scene.ready("Repository", "npm").await?;
    // The first login brings the token, which the second one shares.
    for name in ["first", "second"] {
        scene.apply(&login(name)).await?;
        scene.ready("RegistryCredential", name).await?;
    }
    for (reason, about) in [("Created", "domain"), ("Created", "Secret second")] {
        scene.until_event(reason, about).await?;
    }
    let writes = writes_by_object(&scene).await?;
    let made = ["patch domains", "patch domains/status", "patch domains/status", "create events"];
    ensure!(writes["acme"] == made, "a domain: {:?}", writes["acme"]);
    let made = made.map(|write| write.replace("domains", "repositories"));
    ensure!(writes["npm"] == made, "a repository: {:?}", writes["npm"]);
    let made = ["create secrets", "patch registrycredentials/status", "create events"];
    ensure!(writes["second"] == made, "a login: {:?}", writes["second"]);
    Ok(())
}

#[tokio::test]
async fn an_event_that_the_api_server_refused_for_a_while_outlives_the_operators_end() -> Result<()> {
    scene!(scene);
    scene.refuse("events", "CREATE").await?;
    scene.apply(DOMAIN).await?;
    scene.ready("Domain", "acme").await?;
    // By then the next attempt is seconds away.
    wait_for("the event is refused", PATIENCE, async || {
        let log = scene.cluster.audit_log().await?;
        let refused = log.iter().filter(|event| is_event(event, &scene) && event.response_status.code == 500);
        let count = refused.count();
        ensure!(count >= 4, "{count} times so far");
        Ok(())
    })
    .await?;
    scene.refuse_no_more("events", "CREATE").await?;
    let status = scene.install.operator.terminate().await?;
    ensure!(status.success(), "{status}");
    let events = scene.cluster.api("Event", NAMESPACE).await?.list(&ListParams::default()).await?;
    let told = events.items.iter().filter(|event| event.data["reason"] == "Created").count();
    ensure!(told == 1, "{told} events Created for one domain");
    Ok(())
}

/// What the operator wrote, in order, by the name of the object that it was about.
async fn writes_by_object(scene: &Scene<'_>) -> Result<BTreeMap<String, Vec<String>>> {
    let mut writes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in scene.cluster.audit_log().await? {
        let Some(object) = event.object_ref.as_ref().filter(|object| object.namespace == NAMESPACE) else {
            continue;
        };
        if event.user.username == scene.install.user && event.writes() {
            let slash = if object.subresource.is_empty() { "" } else { "/" };
            let write = format!("{} {}{slash}{}", event.verb, object.resource, object.subresource);
            // An event is called by its object's name and a hash.
            let about = object.name.split('.').next().unwrap_or_default().to_owned();
            writes.entry(about).or_default().push(write);
        }
    }
    Ok(writes)
}

fn is_event(event: &AuditEvent, scene: &Scene<'_>) -> bool {
    let resource = event.object_ref.as_ref().map(|object| object.resource.as_str());
    resource == Some("events") && event.user.username == scene.install.user
}
