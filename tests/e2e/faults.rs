//! Faults of AWS and of the cluster: nothing is lost, and all converges when the fault ends.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::json;

use harness::objects::conditions;
use harness::wait::PATIENCE;
use harness::{ControlPlane, wait_for};
use kube::api::PostParams;

use crate::scene::{NAMESPACE, Scene, scene};

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
        scene!(scene);
        scene.fault("*", &fault).await?;
        scene.apply(DOMAIN).await?;
        let failing = scene.condition("Domain", "acme", "Ready", "False").await?;
        ensure!(failing.reason == reason || failing.reason == "SignInFailed", "{fault}: {failing:?}");
        scene.emulator.clear_faults().await?;
        scene.ready("Domain", "acme").await?;
        ensure!(scene.took_effect("CreateDomain") == 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_write_that_failed_after_it_took_effect_is_not_repeated() -> Result<()> {
    scene!(scene);
    scene.fault("CreateDomain", &json!({"failAfterWrite": true})).await?;
    scene.apply(DOMAIN).await?;
    scene.ready("Domain", "acme").await?;
    ensure!(scene.calls("CreateDomain") == 1, "the domain was there already");
    Ok(())
}

#[tokio::test]
async fn stale_answers_after_a_write_make_nothing_twice() -> Result<()> {
    scene!(scene);
    scene.fault("Describe*", &json!({"staleReads": "30s"})).await?;
    scene.apply(DOMAIN).await?;
    scene.until_calls("created", "CreateDomain", 1).await?;
    // Its first Describe was answered before the domain was there, and so are those of the next 30 s.
    let described = scene.calls("DescribeDomain");
    scene.reconcile_now("Domain", "acme").await?;
    scene.until_calls("looked again", "DescribeDomain", described + 1).await?;
    scene.emulator.forward("1m").await?;
    scene.ready("Domain", "acme").await?;
    ensure!(scene.aws().list_domains().send().await?.domains().len() == 1);
    ensure!(scene.took_effect("CreateDomain") == 1, "created twice");
    Ok(())
}

#[tokio::test]
async fn a_failing_look_at_a_domain_wakes_none_of_its_repositories() -> Result<()> {
    scene!(scene);
    scene.apply(DOMAIN).await?;
    let names: Vec<_> = (0..8).map(|number| format!("web-{number}")).collect();
    for name in &names {
        let object = json!({
            "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Repository", "metadata": {"name": name},
            "spec": {"domainRef": {"name": "acme"}},
        });
        scene.apply(&object.to_string()).await?;
    }
    for name in &names {
        scene.ready("Repository", name).await?;
    }
    scene.until_idle().await?;
    let before = scene.emulator.last_call();
    scene.fault("DescribeDomain", &json!({"status": 503})).await?;
    scene.reconcile_now("Domain", "acme").await?;
    scene.condition("Domain", "acme", "Ready", "False").await?;
    scene.emulator.clear_faults().await?;
    scene.ready("Domain", "acme").await?;
    scene.until_idle().await?;
    let calls: Vec<_> = scene.emulator.journal(before).into_iter().map(|call| call.operation).collect();
    ensure!(calls.iter().all(|call| call == "DescribeDomain" || call == "ListTagsForResource"), "{calls:?}");
    ensure!(calls.len() < 10, "{calls:?}");
    Ok(())
}

#[tokio::test]
async fn a_refused_package_leaves_no_other_open() -> Result<()> {
    scene!(scene);
    scene.apply(DOMAIN).await?;
    let object = |kind: &str, name: &str, spec: serde_json::Value| {
        json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
            .to_string()
    };
    scene.apply(&object("Repository", "npm", json!({"domainRef": {"name": "acme"}}))).await?;
    scene.ready("Repository", "npm").await?;
    let put = |fault: serde_json::Value| json!({"match": {"operation": "PutPackageOriginConfiguration"}, "fault": fault, "times": 1});
    // The first call is refused.
    scene.emulator.set_faults(&json!([put(json!({"error": "ValidationException"}))])).await?;
    let packages: Vec<_> =
        (0..40).map(|number| json!({"format": "pypi", "name": format!("p{number:02}")})).collect();
    let spec = json!({
        "mode": "Enforce", "repositoryRef": {"name": "npm"}, "packages": packages, "origin": {"publish": "Allow", "upstream": "Block"},
    });
    scene.apply(&object("PackagePolicy", "internal", spec)).await?;
    let stalled = scene.condition("PackagePolicy", "internal", "Stalled", "True").await?;
    ensure!(
        stalled.message.contains("39 of 40 packages are as declared; 1 refused (pypi/p00)"),
        "{stalled:?}"
    );
    let policy = scene.cluster.get("PackagePolicy", NAMESPACE, "internal").await?;
    ensure!(policy.data["status"]["packagesInSync"] == 39, "{:?}", policy.data["status"]);
    ensure!(scene.took_effect("PutPackageOriginConfiguration") == 39);
    Ok(())
}

#[tokio::test]
async fn denied_access_stalls_after_ten_minutes_and_heals_when_allowed() -> Result<()> {
    scene!(scene);
    scene.fault("CreateDomain", &json!({"error": "AccessDeniedException"})).await?;
    scene.apply(DOMAIN).await?;
    let denied = scene.condition("Domain", "acme", "Ready", "False").await?;
    ensure!(denied.reason == "AccessDenied", "{denied:?}");
    ensure!(!scene.has("Domain", "acme", "Stalled").await?, "stalled at once");
    for _ in 0..3 {
        // A jump in the middle of a look makes its signatures invalid, and the next look comes minutes later.
        scene.until_idle().await?;
        let calls = scene.calls("CreateDomain");
        scene.emulator.forward("6m").await?;
        scene.until_calls("tried again", "CreateDomain", calls + 1).await?;
    }
    scene.condition("Domain", "acme", "Stalled", "True").await?;
    scene.emulator.clear_faults().await?;
    scene.emulator.forward("6m").await?;
    scene.ready("Domain", "acme").await?;
    ensure!(!scene.has("Domain", "acme", "Stalled").await?, "still stalled");
    Ok(())
}

#[tokio::test]
async fn a_clock_that_is_set_back_stops_no_retry() -> Result<()> {
    scene!(scene);
    scene.emulator.forward("6h").await?;
    scene.fault("CreateDomain", &json!({"error": "AccessDeniedException"})).await?;
    scene.apply(DOMAIN).await?;
    scene.condition("Domain", "acme", "Ready", "False").await?;
    scene.emulator.forward("-6h").await?;
    let calls = scene.calls("CreateDomain");
    scene.until_calls("tried again", "CreateDomain", calls + 1).await?;
    scene.emulator.clear_faults().await?;
    scene.ready("Domain", "acme").await?;
    Ok(())
}

#[tokio::test]
async fn an_object_that_does_not_parse_is_told_and_disturbs_nobody() -> Result<()> {
    scene!(scene);
    loosen_schema(scene.cluster).await?;
    let broken = json!({
        "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Domain", "metadata": {"name": "broken"},
        "spec": {"mode": "Sometimes", "tags": ["not", "a", "map"]},
    });
    scene.apply(&broken.to_string()).await?;
    let told = scene
        .until("it is told", "Domain", "broken", |object| {
            conditions(object).iter().any(|seen| seen.kind == "Stalled")
        })
        .await?;
    ensure!(conditions(&told).iter().all(|seen| seen.reason == "Malformed"), "{:?}", conditions(&told));
    scene.apply(DOMAIN).await?;
    scene.ready("Domain", "acme").await?;
    scene.install.operator.terminate().await?;
    scene.install.operator.start_again().await?;
    scene.apply(&DOMAIN.replace("acme", "umbrella")).await?;
    scene.ready("Domain", "umbrella").await?;
    Ok(())
}

#[tokio::test]
async fn a_restarted_api_server_is_found_again() -> Result<()> {
    scene!(scene);
    scene.apply(DOMAIN).await?;
    scene.ready("Domain", "acme").await?;
    let watches = watched(&scene, 0).await?;
    let before = scene.cluster.audit_log().await?.len();
    scene.cluster.restart_api_server().await?;
    scene.apply(&DOMAIN.replace("acme", "umbrella")).await?;
    scene.ready("Domain", "umbrella").await?;
    ensure!(scene.took_effect("CreateDomain") == 2);
    // One that has just started refuses watches until it has read its roles; each is opened again.
    wait_for("everything is watched again", PATIENCE, async || {
        let again = watched(&scene, before).await?;
        ensure!(again == watches, "of {watches:?} only {again:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_wrong_account_is_told_by_name_and_nothing_is_written() -> Result<()> {
    scene!(scene);
    let url = scene.emulator.url();
    let account = json!({
        "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": "other"},
        "spec": {
            "accountId": "999999999999", "region": "us-east-1", "endpoints": {"codeartifact": url, "sts": url},
            "credentials": {"secretRef": {"namespace": scene.install.operator_namespace, "name": "aws"}},
        },
    });
    scene.apply(&account.to_string()).await?;
    let told = scene.install.condition(("AwsAccount", "", "other"), "Stalled", "True").await?;
    ensure!(told.message.contains("123456789012") && told.message.contains("999999999999"), "{told:?}");
    Ok(())
}

/// What the operator has opened a watch of, in the requests after the first so many.
async fn watched(scene: &Scene<'_>, after: usize) -> Result<BTreeSet<String>> {
    let log = scene.cluster.audit_log().await?.into_iter().skip(after);
    let watches = log.filter(|event| event.verb == "watch" && event.response_status.code == 200);
    let ours = watches.filter(|event| event.user.username == scene.install.user);
    Ok(ours.filter_map(|event| Some(event.object_ref?.resource)).collect())
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
