//! Faults of AWS and of the cluster: nothing is lost, and all converges when the fault ends.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use harness::objects::{conditions, object};
use harness::wait::PATIENCE;
use harness::{ControlPlane, Fixture, wait_for};
use kube::api::PostParams;
use serde_json::json;

const DOMAIN: &str =
    "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {name: acme}\nspec: {}\n";

#[tokio::test]
async fn an_outage_of_aws_is_waited_out() -> Result<()> {
    for (fault, reason) in [
        (json!({"status": 503}), "AwsUnavailable"),
        (json!({"disconnect": true}), "AwsUnavailable"),
        (json!({"error": "InternalServerException"}), "AwsUnavailable"),
        (json!({"error": "ThrottlingException", "retryAfter": 2}), "Throttled"),
    ] {
        let fixture = Fixture::own().await?;
        fixture.emulator.fault("*", &fault).await?;
        fixture.apply(DOMAIN).await?;
        let failing = fixture.condition("Domain", "acme", "Ready", "False").await?;
        ensure!(failing.reason == reason || failing.reason == "SignInFailed", "{fault}: {failing:?}");
        fixture.emulator.clear_faults().await?;
        fixture.ready("Domain", "acme").await?;
        ensure!(fixture.emulator.took_effect("CreateDomain") == 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_write_that_failed_after_it_took_effect_is_not_repeated() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.emulator.fault("CreateDomain", &json!({"failAfterWrite": true})).await?;
    fixture.apply(DOMAIN).await?;
    fixture.ready("Domain", "acme").await?;
    ensure!(fixture.emulator.calls("CreateDomain", 0) == 1, "the domain was there already");
    Ok(())
}

#[tokio::test]
async fn stale_answers_after_a_write_make_nothing_twice() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.emulator.fault("Describe*", &json!({"staleReads": "30s"})).await?;
    fixture.apply(DOMAIN).await?;
    fixture.until_calls("created", "CreateDomain", 1).await?;
    // Its first Describe was answered before the domain was there, and so are those of the next 30 s.
    let described = fixture.emulator.calls("DescribeDomain", 0);
    fixture.reconcile_now("Domain", "acme").await?;
    fixture.until_calls("looked again", "DescribeDomain", described + 1).await?;
    fixture.emulator.forward("1m").await?;
    fixture.ready("Domain", "acme").await?;
    ensure!(fixture.emulator.aws().list_domains().send().await?.domains().len() == 1);
    ensure!(fixture.emulator.took_effect("CreateDomain") == 1, "created twice");
    Ok(())
}

#[tokio::test]
async fn a_failing_look_at_a_domain_wakes_none_of_its_repositories() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(DOMAIN).await?;
    let names: Vec<_> = (0..8).map(|number| format!("web-{number}")).collect();
    for name in &names {
        fixture.apply(&object("Repository", name, &json!({"domainRef": {"name": "acme"}}))).await?;
    }
    for name in &names {
        fixture.ready("Repository", name).await?;
    }
    fixture.until_idle().await?;
    let before = fixture.emulator.last_call();
    fixture.emulator.fault("DescribeDomain", &json!({"status": 503})).await?;
    fixture.reconcile_now("Domain", "acme").await?;
    fixture.condition("Domain", "acme", "Ready", "False").await?;
    fixture.emulator.clear_faults().await?;
    fixture.ready("Domain", "acme").await?;
    fixture.until_idle().await?;
    let calls = fixture.emulator.operations(before);
    ensure!(calls.iter().all(|call| call == "DescribeDomain" || call == "ListTagsForResource"), "{calls:?}");
    ensure!(calls.len() < 10, "{calls:?}");
    Ok(())
}

#[tokio::test]
async fn denied_access_stalls_after_ten_minutes_and_heals_when_allowed() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.emulator.fault("CreateDomain", &json!({"error": "AccessDeniedException"})).await?;
    fixture.apply(DOMAIN).await?;
    let denied = fixture.condition("Domain", "acme", "Ready", "False").await?;
    ensure!(denied.reason == "AccessDenied", "{denied:?}");
    ensure!(!fixture.has("Domain", "acme", "Stalled").await?, "stalled at once");
    for _ in 0..3 {
        // The clock must not jump during a reconcile: AWS would refuse the signatures of that reconcile, and the next one comes minutes later.
        fixture.until_idle().await?;
        let calls = fixture.emulator.calls("CreateDomain", 0);
        fixture.emulator.forward("6m").await?;
        fixture.until_calls("tried again", "CreateDomain", calls + 1).await?;
    }
    fixture.condition("Domain", "acme", "Stalled", "True").await?;
    fixture.emulator.clear_faults().await?;
    fixture.emulator.forward("6m").await?;
    fixture.ready("Domain", "acme").await?;
    ensure!(!fixture.has("Domain", "acme", "Stalled").await?, "still stalled");
    Ok(())
}

#[tokio::test]
async fn a_clock_that_is_set_back_stops_no_retry() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.emulator.forward("6h").await?;
    fixture.emulator.fault("CreateDomain", &json!({"error": "AccessDeniedException"})).await?;
    fixture.apply(DOMAIN).await?;
    fixture.condition("Domain", "acme", "Ready", "False").await?;
    fixture.emulator.forward("-6h").await?;
    let calls = fixture.emulator.calls("CreateDomain", 0);
    fixture.until_calls("tried again", "CreateDomain", calls + 1).await?;
    fixture.emulator.clear_faults().await?;
    fixture.ready("Domain", "acme").await?;
    Ok(())
}

#[tokio::test]
async fn an_object_that_does_not_parse_is_told_and_disturbs_nobody() -> Result<()> {
    let fixture = Fixture::own().await?;
    loosen_schema(&fixture.cluster).await?;
    let broken = object("Domain", "broken", &json!({"mode": "Sometimes", "tags": ["not", "a", "map"]}));
    fixture.apply(&broken).await?;
    let told = fixture
        .until("it is told", "Domain", "broken", |object| {
            conditions(object).iter().any(|seen| seen.kind == "Stalled")
        })
        .await?;
    ensure!(conditions(&told).iter().all(|seen| seen.reason == "Malformed"), "{:?}", conditions(&told));
    fixture.apply(DOMAIN).await?;
    fixture.ready("Domain", "acme").await?;
    fixture.install.operator.terminate().await?;
    fixture.install.operator.start_again().await?;
    fixture.apply(&DOMAIN.replace("acme", "umbrella")).await?;
    fixture.ready("Domain", "umbrella").await?;
    Ok(())
}

#[tokio::test]
async fn a_restarted_api_server_is_found_again() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(DOMAIN).await?;
    fixture.ready("Domain", "acme").await?;
    let watches = watched(&fixture, 0).await?;
    let before = fixture.cluster.audit_log().await?.len();
    fixture.cluster.restart_api_server().await?;
    fixture.apply(&DOMAIN.replace("acme", "umbrella")).await?;
    fixture.ready("Domain", "umbrella").await?;
    ensure!(fixture.emulator.took_effect("CreateDomain") == 2);
    // One that has just started refuses watches until it has read its roles; each is opened again.
    wait_for("everything is watched again", PATIENCE, async || {
        let again = watched(&fixture, before).await?;
        ensure!(again == watches, "of {watches:?} only {again:?}");
        Ok(())
    })
    .await
}

/// What the operator has opened a watch of, in the requests after the first so many.
async fn watched(fixture: &Fixture, after: usize) -> Result<BTreeSet<String>> {
    let requests = fixture.requests_since(after).await?.into_iter();
    let watches = requests.filter(|event| event.verb == "watch" && event.response_status.code == 200);
    Ok(watches.filter_map(|event| Some(event.object_ref?.resource)).collect())
}

/// Lets the API server take any Domain: what a newer or older version of a CRD may do.
async fn loosen_schema(cluster: &ControlPlane) -> Result<()> {
    type Crd = k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
    let crds: kube::Api<Crd> = kube::Api::all(cluster.client()?);
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let mut loose = crds.get("domains.codeartifact-operator.dev").await?;
    loose.spec.versions[0].schema = Some(serde_json::from_value(schema)?);
    crds.replace("domains.codeartifact-operator.dev", &PostParams::default(), &loose).await?;
    Ok(())
}
