//! Events: each thing that was done is told with its own text, and nothing waits for an event.

mod told_once;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use harness::objects::object;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use serde_json::json;

const DOMAIN: &str =
    "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {name: acme}\nspec: {}\n";

#[tokio::test]
async fn each_edit_is_told_with_its_own_text() -> Result<()> {
    let fixture = Fixture::own().await?;
    for team in ["a", "b", "c"] {
        let domain = object("Domain", "acme", &json!({"tags": {"team": team}}));
        fixture.apply(&domain).await?;
        fixture.until_tag("acme", "team", team).await?;
        fixture.ready("Domain", "acme").await?;
    }
    fixture.until_event("Created", "acme").await?;
    fixture.until_event("Updated", "team to \"b\"").await?;
    fixture.until_event("Updated", "team to \"c\"").await?;
    let told = fixture.told("Updated").await?;
    ensure!(told.len() == 2, "events Updated for two edits: {told:?}");
    Ok(())
}

#[tokio::test]
async fn ready_waits_for_no_more_writes_than_it_must_and_for_no_event() -> Result<()> {
    let fixture = Fixture::own().await?;
    let login = |name: &str| fixture.login_for(name, json!({"repositoryRef": {"name": "npm"}}));
    let repository = object("Repository", "npm", &json!({"domainRef": {"name": "acme"}}));
    fixture.apply(DOMAIN).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.apply(&repository).await?;
    fixture.ready("Repository", "npm").await?;
    // The first login brings the token, which the second one shares.
    for name in ["first", "second"] {
        fixture.apply(&login(name)).await?;
        fixture.ready("RegistryCredential", name).await?;
    }
    for (reason, about) in [("Created", "domain"), ("Created", "Secret second")] {
        fixture.until_event(reason, about).await?;
    }
    let writes = writes_by_object(&fixture).await?;
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
    let fixture = Fixture::own().await?;
    fixture.refuse("events", "CREATE").await?;
    fixture.apply(DOMAIN).await?;
    fixture.ready("Domain", "acme").await?;
    // By then the next attempt is seconds away.
    wait_for("the event is refused", PATIENCE, async || {
        let requests = fixture.requests().await?;
        let of_events =
            requests.iter().filter(|it| it.object_ref.as_ref().is_some_and(|it| it.resource == "events"));
        let count = of_events.filter(|it| it.response_status.code == 500).count();
        ensure!(count >= 4, "{count} times so far");
        Ok(())
    })
    .await?;
    fixture.refuse_no_more("events", "CREATE").await?;
    let status = fixture.install.operator.terminate().await?;
    ensure!(status.success(), "{status}");
    let told = fixture.told("Created").await?;
    ensure!(told.len() == 1, "events Created for one domain: {told:?}");
    Ok(())
}

/// What the operator wrote, in order, by the name of the object that it was about.
async fn writes_by_object(fixture: &Fixture) -> Result<BTreeMap<String, Vec<String>>> {
    let mut writes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in fixture.requests().await? {
        let Some(object) = event.object_ref.as_ref().filter(|object| object.namespace == fixture.namespace())
        else {
            continue;
        };
        if event.writes() {
            let slash = if object.subresource.is_empty() { "" } else { "/" };
            let write = format!("{} {}{slash}{}", event.verb, object.resource, object.subresource);
            // An event is called by its object's name and a hash.
            let about = object.name.split('.').next().unwrap_or_default().to_owned();
            writes.entry(about).or_default().push(write);
        }
    }
    Ok(writes)
}
