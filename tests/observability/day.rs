//! Lets many things happen to an operator for some hours: throttled calls, renewals that fail, a new team, changes by hand.

use anyhow::{Result, ensure};
use harness::audit::refused;
use harness::control_plane::AuditEvent;
use harness::emulator::MINT;
use harness::fixture::Setup;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use serde_json::{Value, json};

use crate::watched::Watched;

/// Logins by namespace and name, with the life of their tokens.
const LOGINS: [(&str, &str, &str); 6] = [
    ("web", "shop", "12h"),
    ("web", "previews", "2h"),
    ("search", "index", "8h"),
    ("search", "nightly", "3h"),
    ("data", "notebooks", "4h"),
    ("data", "etl", "1h"),
];
/// The teams of these logins, and the team that comes later.
const TEAMS: [&str; 4] = ["web", "search", "data", "mobile"];
/// How many repositories the new team brings.
const NEW: usize = 40;

/// Lets an operator live through six scenes of so many minutes each.
pub(crate) async fn live(scene: usize) -> Result<Watched> {
    let mut day = Watched::new(Setup::own().start().await?);
    declare(&day.fixture).await?;
    day.scrape().await?;
    day.minutes(scene).await?;
    throttled(&mut day, scene).await?;
    renewals_fail(&mut day, scene).await?;
    a_new_team(&mut day, scene).await?;
    changes_by_hand(&mut day, scene).await?;
    day.minutes(scene).await?;
    until_allowed_again(&day.fixture).await?;
    Ok(day)
}

/// An API server that has just started refuses requests that it allows a moment later. Waits until the operator has made them again.
async fn until_allowed_again(fixture: &Fixture) -> Result<()> {
    let waited = wait_for("every refused request is allowed", PATIENCE, async || {
        let log = fixture.requests().await?;
        let refused: Vec<_> = refused(&log).map(AuditEvent::summary).collect();
        ensure!(refused.is_empty(), "these are not: {refused:?}");
        Ok(())
    });
    fixture.install.explain(waited.await)
}

/// A domain with its repositories, and logins for them.
async fn declare(fixture: &Fixture) -> Result<()> {
    for team in TEAMS {
        fixture.cluster.namespace(team, &[]).await?;
    }
    fixture.emulator.aws().create_domain().domain("legacy").send().await?;
    fixture.apply(&watched("Domain", "acme", json!({}))).await?;
    let of_acme = |more: Value| {
        let mut spec = json!({"domainRef": {"name": "acme"}});
        spec.as_object_mut()
            .into_iter()
            .for_each(|spec| spec.extend(more.as_object().cloned().unwrap_or_default()));
        spec
    };
    for (name, connection) in
        [("npm", "public:npmjs"), ("pypi", "public:pypi"), ("maven", "public:maven-central")]
    {
        fixture
            .apply(&watched("Repository", name, of_acme(json!({"externalConnection": connection}))))
            .await?;
    }
    let upstreams = json!([{"repositoryRef": {"name": "npm"}}, {"repositoryRef": {"name": "pypi"}}]);
    fixture.apply(&watched("Repository", "store", of_acme(json!({"upstreams": upstreams})))).await?;
    fixture.ready("Repository", "store").await?;
    for (namespace, name, duration) in LOGINS {
        login(fixture, namespace, name, duration).await?;
        fixture.install.ready("RegistryCredential", namespace, name).await?;
    }
    fixture.until_idle().await
}

/// An object that is compared with AWS every ten minutes.
fn watched(kind: &str, name: &str, mut spec: Value) -> Value {
    spec["accountRef"] = json!({"name": "default"});
    spec["interval"] = json!("10m");
    harness::objects::object(kind, name, &spec)
}

async fn login(fixture: &Fixture, namespace: &str, name: &str, duration: &str) -> Result<()> {
    let login = fixture.login_object(name, &json!({"token": {"duration": duration}}));
    fixture.cluster.apply(namespace, &login.to_string()).await.map(drop)
}

/// AWS throttles reads for half of the time. Somebody declares a domain that belongs to another owner, and the domain stays as it is.
async fn throttled(day: &mut Watched, scene: usize) -> Result<()> {
    let throttle = |operation: &str| json!({"match": {"operation": operation}, "fault": {"error": "ThrottlingException"}, "probability": 0.4});
    let faults = json!([throttle("Describe*"), throttle("List*")]);
    day.fixture.emulator.set_faults(&faults).await?;
    day.minutes(scene / 2).await?;
    day.fixture.emulator.clear_faults().await?;
    day.fixture.apply(&watched("Domain", "legacy", json!({}))).await?;
    day.fixture.ready_for("Domain", "legacy", "AdoptionRefused").await?;
    day.minutes(scene - scene / 2).await.map(drop)
}

/// AWS issues no tokens for nearly half of the time.
async fn renewals_fail(day: &mut Watched, scene: usize) -> Result<()> {
    day.fixture.emulator.fault(MINT, &json!({"error": "InternalServerException"})).await?;
    day.minutes(scene * 5 / 12).await?;
    day.fixture.emulator.clear_faults().await?;
    day.minutes(scene - scene * 5 / 12).await.map(drop)
}

/// A new team declares many repositories and logins at once, while AWS is slow. The team declares the domain of the repositories last.
async fn a_new_team(day: &mut Watched, scene: usize) -> Result<()> {
    let fixture = &day.fixture;
    fixture.emulator.fault("*", &json!({"delay": "300ms"})).await?;
    for number in 0..NEW {
        let repository =
            watched("Repository", &format!("app-{number}"), json!({"domainRef": {"name": "apps"}}));
        fixture.apply(&repository).await?;
    }
    for (number, duration) in ["6h", "7h", "8h", "10h"].into_iter().enumerate() {
        login(fixture, "mobile", &format!("app-{number}"), duration).await?;
    }
    day.minutes(scene / 3).await?;
    day.fixture.apply(&watched("Domain", "apps", json!({}))).await?;
    day.fixture.ready("Domain", "apps").await?;
    for _ in 0..2 {
        day.fixture.emulator.forward("1m").await?;
        day.scrape().await?;
    }
    day.fixture.ready("Repository", "app-0").await?;
    day.fixture.emulator.clear_faults().await?;
    day.minutes(scene - scene / 3).await.map(drop)
}

/// Somebody changes a repository in AWS, and the operator changes it back. The API server is restarted.
async fn changes_by_hand(day: &mut Watched, scene: usize) -> Result<()> {
    let change = day.fixture.emulator.aws().update_repository().domain("acme").repository("store");
    change.description("changed by hand").send().await?;
    day.minutes(scene / 2).await?;
    day.fixture.cluster.restart_api_server().await?;
    day.minutes(scene - scene / 2).await.map(drop)
}
