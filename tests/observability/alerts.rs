//! Each alert fires on series that were recorded from an operator in the state that the alert is about, and is resolved after the mend.

use anyhow::{Context, Result, ensure};
use harness::emulator::MINT;
use harness::fixture::Setup;
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use serde_json::json;

use crate::promtool::Expected;
use crate::watched::Watched;

const WATCH_ERRORS: &str = "codeartifact_operator_watch_errors_total";

#[tokio::test]
async fn alerts_about_a_login_follow_a_renewal_that_fails() -> Result<()> {
    const ALERTS: [&str; 3] =
        ["CodeArtifactRenewalsFailing", "CodeArtifactLoginBelowPromise", "CodeArtifactLoginExpired"];
    let mut watched = Watched::new(Fixture::with_store().await?);
    watched.fixture.ready_login("login", &json!({"token": {"duration": "1h"}})).await?;
    let well = watched.scrape().await?;
    let mut expected: Vec<_> = ALERTS.iter().map(|alert| Expected::silent(well, alert)).collect();
    watched.fixture.emulator.fault(MINT, &json!({"error": "InternalServerException"})).await?;

    // The token lives for 60 minutes, is renewed after 34 to 37, and promises a third of its life.
    let login = watched.login("login");
    let before = watched.minutes(39).await?;
    let broken = watched.minutes(8).await?;
    let dying = watched.minutes(10).await?;
    let dead = watched.minutes(6).await?;
    let much_later = watched.minutes(15).await?;
    expected.extend([
        Expected::silent(before, ALERTS[1]),
        Expected::firing(broken, ALERTS[1], &login),
        Expected::silent(broken, ALERTS[2]),
        Expected::firing(dying, ALERTS[0], ""),
        Expected::firing(dying, ALERTS[1], &login),
        Expected::firing(dead, ALERTS[2], &login),
        Expected::silent(dead, ALERTS[1]),
        Expected::firing(much_later, ALERTS[2], &login),
    ]);

    watched.fixture.emulator.clear_faults().await?;
    watched.minutes(5).await?;
    watched.fixture.issued_after_looks("login").await?;
    let mended = watched.scrape().await?;
    expected.extend(ALERTS.iter().map(|alert| Expected::silent(mended, alert)));
    watched.judge(&expected).await
}

#[tokio::test]
async fn an_alert_tells_of_objects_that_are_stalled() -> Result<()> {
    const ALERT: &str = "CodeArtifactObjectsStalled";
    let mut watched = Watched::new(Fixture::with_store().await?);
    let well = watched.scrape().await?;
    let domain = watched.fixture.object("Domain", "acme", &json!({}));
    watched.fixture.apply(&domain).await?;
    watched.fixture.ready_for("Domain", "acme", "AdoptionRefused").await?;
    let stalled = watched.minutes(8).await?;
    watched.fixture.patch("Domain", "acme", &json!({"spec": {"adoptionPolicy": "Overwrite"}})).await?;
    watched.fixture.ready("Domain", "acme").await?;
    let mended = watched.scrape().await?;
    watched
        .judge(&[
            Expected::silent(well, ALERT),
            Expected::firing(stalled, ALERT, "kind=\"Domain\",reason=\"AdoptionRefused\""),
            Expected::silent(mended, ALERT),
        ])
        .await
}

#[tokio::test]
async fn an_alert_tells_of_a_repository_that_cannot_be_read_any_more() -> Result<()> {
    const ALERTS: [&str; 2] = ["CodeArtifactObjectsDegraded", "CodeArtifactRenewalsFailing"];
    let mut watched = Watched::new(Fixture::with_store().await?);
    let fixture = &watched.fixture;
    fixture.apply(&fixture.object("Repository", "team", &json!({"domain": {"name": "acme"}}))).await?;
    fixture.ready_for("Repository", "team", "Synced").await?;
    let well = watched.scrape().await?;
    watched.fixture.emulator.fault("DescribeRepository", &json!({"error": "AccessDeniedException"})).await?;
    watched.fixture.reconcile_now("Repository", "team").await?;
    watched.fixture.ready_for("Repository", "team", "ReadDenied").await?;
    let soon = watched.minutes(12).await?;
    let denied = watched.minutes(8).await?;
    watched.fixture.emulator.clear_faults().await?;
    watched.fixture.reconcile_now("Repository", "team").await?;
    watched.fixture.ready_for("Repository", "team", "Synced").await?;
    let mended = watched.scrape().await?;
    watched
        .judge(&[
            Expected::silent(well, ALERTS[0]),
            Expected::silent(soon, ALERTS[0]),
            Expected::firing(denied, ALERTS[0], "kind=\"Repository\""),
            Expected::silent(denied, ALERTS[1]),
            Expected::silent(mended, ALERTS[0]),
        ])
        .await
}

#[tokio::test]
async fn alerts_tell_of_throttled_calls_and_of_logins_that_wait_for_them() -> Result<()> {
    const ALERTS: [&str; 2] = ["CodeArtifactAwsThrottling", "CodeArtifactObjectsNotReady"];
    let mut watched = Watched::new(Fixture::with_store().await?);
    let well = watched.scrape().await?;
    watched.fixture.emulator.fault(MINT, &json!({"error": "ThrottlingException"})).await?;
    watched.fixture.login("login", &json!({})).await?;
    watched.fixture.login_ready_for("login", "Throttled").await?;
    let throttled = watched.minutes(34).await?;
    watched.fixture.emulator.clear_faults().await?;
    watched.minutes(5).await?;
    watched.fixture.issued_after_looks("login").await?;
    let ready = watched.scrape().await?;
    let mended = watched.minutes(15).await?;
    let operation = format!("operation=\"{MINT}\"");
    watched
        .judge(&[
            Expected::silent(well, ALERTS[0]),
            Expected::silent(well, ALERTS[1]),
            Expected::firing(throttled, ALERTS[0], operation),
            Expected::firing(throttled, ALERTS[1], "kind=\"RegistryCredential\""),
            Expected::silent(ready, ALERTS[1]),
            Expected::silent(mended, ALERTS[0]),
        ])
        .await
}

#[tokio::test]
async fn an_alert_tells_that_nobody_leads() -> Result<()> {
    const ALERT: &str = "CodeArtifactNoLeader";
    let mut watched = Watched::new(Fixture::shared().await?);
    let well = watched.scrape().await?;
    watched.fixture.install.operator.kill().await?;
    let mut dead = 0;
    for _ in 0..7 {
        dead = watched.scrape_in_vain()?;
    }
    watched.fixture.install.operator.start_again().await?;
    watched.fixture.install.operator.ready().await?;
    let mended = watched.scrape().await?;
    watched
        .judge(&[
            Expected::silent(well, ALERT),
            Expected::silent(dead - 3, ALERT),
            Expected::firing(dead, ALERT, ""),
            Expected::silent(mended, ALERT),
        ])
        .await
}

/// The API server refuses lists and watches in several namespaces after a new start. The operator tries again at least twice in a
/// minute; here each scrape follows at least one more failure.
#[tokio::test]
async fn an_alert_tells_that_a_watch_is_refused() -> Result<()> {
    const ALERT: &str = "CodeArtifactWatchBroken";
    let mut watched = Watched::new(Setup::shared().namespaces(6).start().await?);
    watched.fixture.install.operator.ready().await?;
    let well = watched.scrape().await?;
    let roles = take_roles(&watched.fixture).await?;
    watched.fixture.install.operator.start_again().await?;
    let (mut broken, mut failures) = (0, 0.0);
    for _ in 0..11 {
        failures = more_failures(&watched.fixture, failures).await?;
        broken = watched.scrape().await?;
    }
    watched.fixture.cluster.kubectl_with(&roles, &["create", "-f", "-"]).await?;
    watched.fixture.install.operator.ready().await?;
    let mended = watched.minutes(6).await?;
    watched
        .judge(&[
            Expected::silent(well, ALERT),
            Expected::firing(broken, ALERT, "kind=\"Domain\""),
            Expected::silent(mended, ALERT),
        ])
        .await
}

/// Takes the operator's rights in its namespaces away, and returns the manifest that gives them back.
async fn take_roles(fixture: &Fixture) -> Result<String> {
    let mut taken = Vec::new();
    for namespace in &fixture.install.namespaces {
        let list =
            fixture.cluster.kubectl(&["get", "rolebindings", "--namespace", namespace, "-o", "json"]).await?;
        let list: serde_json::Value = serde_json::from_str(&list)?;
        for mut binding in list["items"].as_array().context("a list")?.clone() {
            binding["metadata"]
                .as_object_mut()
                .context("metadata")?
                .retain(|key, _| ["name", "namespace"].contains(&key.as_str()));
            taken.push(binding);
        }
        fixture.cluster.kubectl(&["delete", "rolebindings", "--all", "--namespace", namespace]).await?;
    }
    ensure!(taken.len() >= fixture.install.namespaces.len(), "{} RoleBindings", taken.len());
    Ok(json!({"apiVersion": "v1", "kind": "List", "items": taken}).to_string())
}

/// Waits until the watches of Domains have failed more often, and returns how often.
async fn more_failures(fixture: &Fixture, before: f64) -> Result<f64> {
    let waited = wait_for("more failures of watches", PATIENCE, async || {
        let failures = fixture.install.operator.metric(&format!("{WATCH_ERRORS}{{kind=\"Domain\"}}")).await?;
        ensure!(failures > before, "{failures} so far");
        Ok(failures)
    });
    fixture.install.explain(waited.await)
}
