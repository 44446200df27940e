//! `release` before an uninstall: nothing is left with a finalizer, AWS stays as it is.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use harness::process::{Process, guarded, output, tail};
use harness::wait::PATIENCE;
use harness::wait_for;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::json;

use crate::scene::{NAMESPACE, Scene, scene};

const ACME: &str = "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {name: acme}\n\
                    spec: {deletionPolicy: Delete, tags: {team: a}}\n";

const STORE: &str = "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Repository\nmetadata: {name: store}\n\
                     spec: {domainRef: {name: acme}}\n";

#[tokio::test]
async fn release_takes_the_lead_and_lets_everything_go() -> Result<()> {
    scene!(scene);
    scene.apply(ACME).await?;
    scene.ready("Domain", "acme").await?;

    let kubeconfig =
        scene.cluster.kubeconfig_as(&scene.install.operator_namespace, "codeartifact-operator").await?;
    let released = output(release(&scene, &kubeconfig), "").await?;
    ensure!(released.status.success(), "{}", String::from_utf8_lossy(&released.stderr));

    for (kind, namespace, name) in [("Domain", NAMESPACE, "acme"), ("AwsAccount", "", "default")] {
        let object = scene.cluster.get(kind, namespace, name).await?;
        ensure!(object.metadata.finalizers.is_none(), "{kind}: {:?}", object.metadata.finalizers);
        ensure!(object.metadata.deletion_timestamp.is_none(), "{kind} is being deleted");
    }
    ensure!(scene.tag("acme", "codeartifact-operator.dev/owner").await?.is_none(), "the owner tag stayed");
    ensure!(scene.tag("acme", "team").await?.as_deref() == Some("a"), "another tag went");
    let ended = std::fs::read_to_string(scene.install.operator.log()).context("log")?;
    ensure!(ended.contains("the leader lease is lost"), "the operator goes on:\n{ended}");
    rests_after_a_restart(&scene, "everything was released", "acme", false).await?;

    let leases = scene.cluster.api("Lease", &scene.install.operator_namespace).await?;
    let unmarked = json!({"metadata": {"annotations": {"codeartifact-operator.dev/released": null}}});
    leases.patch("codeartifact-operator", &PatchParams::default(), &Patch::Merge(&unmarked)).await?;
    is_held_again(&scene).await
}

/// The administrator's user has a uid, as the users of client certificates and of EKS have.
#[tokio::test]
async fn whoever_releases_the_installation_rests_and_another_installation_works() -> Result<()> {
    scene!(scene);
    scene.apply(ACME).await?;
    scene.ready("Domain", "acme").await?;
    let released = output(release(&scene, scene.cluster.kubeconfig()), "").await?;
    ensure!(released.status.success(), "{}", String::from_utf8_lossy(&released.stderr));
    rests_after_a_restart(&scene, "everything was released", "acme", false).await?;

    let (namespace, name) = (&scene.install.operator_namespace, "codeartifact-operator");
    let accounts = scene.cluster.api("ServiceAccount", namespace).await?;
    accounts.delete(name, &DeleteParams::default()).await?;
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    scene.cluster.apply(namespace, &account.to_string()).await?;
    // The operator reads the same file, and its token is of the new ServiceAccount.
    scene.cluster.kubeconfig_as(namespace, name).await?;
    scene.install.operator.start_again().await?;
    is_held_again(&scene).await
}

#[tokio::test]
async fn a_release_that_is_stopped_early_says_what_it_left_and_can_go_on() -> Result<()> {
    scene!(scene);
    scene.apply(&format!("{ACME}---\n{STORE}")).await?;
    scene.ready("Repository", "store").await?;
    let before = lease(&scene).await?.metadata.annotations;
    let logs = tempfile::tempdir()?;

    let early =
        Process::start("release", release(&scene, scene.cluster.kubeconfig()), &logs.path().join("early"))?;
    until_marked(&scene, &early).await?;
    ensure!(!early.terminate(PATIENCE).await?.success(), "it says that it did all");
    let said = tail(early.log(), 50);
    ensure!(said.contains("3 objects (Repository 1, Domain 1, AwsAccount 1) will be released"), "{said}");
    ensure!(said.contains(&scene.cluster.url()), "{said}");
    ensure!(
        said.contains("stopped: nothing was released") && said.contains("the operator works on"),
        "{said}"
    );
    let after = lease(&scene).await?.metadata.annotations;
    ensure!(before == after, "{before:?} became {after:?}");

    scene.install.operator.start_again().await?;
    scene.install.operator.ready().await?;
    scene.fault("UntagResource", &json!({"hold": true})).await?;
    let late =
        Process::start("release", release(&scene, scene.cluster.kubeconfig()), &logs.path().join("late"))?;
    scene.until_held().await?;
    let (ended, cleared) = tokio::join!(late.terminate(PATIENCE), async {
        wait_for("it is told to stop", PATIENCE, async || {
            let said = tail(late.log(), 50);
            ensure!(said.contains("stopping"), "{said}");
            Ok(())
        })
        .await?;
        scene.emulator.clear_faults().await
    });
    cleared?;
    ensure!(!ended?.success(), "it says that it did all");
    let said = tail(late.log(), 50);
    ensure!(said.contains("stopped: 1 of 3 objects") && said.contains("kubectl annotate lease"), "{said}");
    let (store, acme) = ("store", "acme");
    for (kind, name, held) in [("Repository", store, false), ("Domain", acme, true)] {
        let object = scene.cluster.get(kind, NAMESPACE, name).await?;
        ensure!(object.metadata.finalizers.is_some() == held, "{kind}: {:?}", object.metadata.finalizers);
    }
    rests_after_a_restart(&scene, "a release ended before everything was released", acme, true).await?;

    let again = output(release(&scene, scene.cluster.kubeconfig()), "").await?;
    let said = String::from_utf8_lossy(&again.stderr);
    ensure!(again.status.success() && said.contains("released: 2 objects"), "{said}");
    ensure!(said.contains("binding-key") && said.contains("kubectl delete lease"), "{said}");
    rests_after_a_restart(&scene, "everything was released", acme, false).await
}

#[tokio::test]
async fn a_mistyped_release_changes_nothing() -> Result<()> {
    scene!(scene);
    scene.apply(ACME).await?;
    scene.ready("Domain", "acme").await?;
    let before = lease(&scene).await?.metadata.annotations;
    for (arguments, success, says) in [
        (["--lease-name", "mistyped"], false, "there is no Lease mistyped in the namespace"),
        (["--operator-namespace", "mistyped"], false, "in the namespace mistyped"),
        (["--namespaces", "mistyped"], true, "the namespace mistyped of --namespaces does not exist"),
        (["--namespaces", "mistyped"], true, "nothing is released, and the operator works on"),
    ] {
        let mut command = release(&scene, scene.cluster.kubeconfig());
        command.args(arguments);
        let ended = output(command, "").await?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success() == success && said.contains(says), "{arguments:?}: {said}");
    }
    let after = lease(&scene).await?.metadata.annotations;
    ensure!(before == after, "{before:?} became {after:?}");
    let domain = scene.cluster.get("Domain", NAMESPACE, "acme").await?;
    ensure!(domain.metadata.finalizers.is_some(), "the Domain was released");
    scene.install.operator.ready().await
}

/// As the README says under "Uninstall".
#[tokio::test]
async fn an_account_that_helm_deleted_without_a_release_is_told_of_and_comes_back() -> Result<()> {
    scene!(scene);
    scene.apply(ACME).await?;
    scene.ready("Domain", "acme").await?;
    let (cluster, operator) = (scene.cluster, &scene.install.operator);
    let (namespace, name) = (scene.install.operator_namespace.as_str(), "codeartifact-operator");
    let values = tempfile::NamedTempFile::new()?;
    let given = cluster.helm(&["get", "values", name, "--namespace", namespace, "--output", "json"]).await?;
    std::fs::write(values.path(), given)?;
    let chart = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/codeartifact-operator");
    let values = values.path().display().to_string();
    let helm = async |verb: &str| {
        // Nothing runs the Jobs of hooks here.
        let told = ["--namespace", namespace, "--values", &values, "--no-hooks"];
        cluster.helm(&[[verb, name, chart].as_slice(), &told].concat()).await
    };
    let install = async || {
        let notes = helm("install").await?;
        // The operator reads the same file, and its token is of the new ServiceAccount.
        cluster.kubeconfig_as(namespace, name).await?;
        operator.start_again().await.map(|()| notes)
    };

    operator.kill().await?;
    cluster.helm(&["uninstall", name, "--namespace", namespace]).await?;
    let notes = install().await?;
    ensure!(notes.contains("`default` is being deleted since an earlier uninstall"), "{notes}");
    scene.install.condition(("AwsAccount", "", "default"), "DeletionBlocked", "True").await?;

    let free = r#"{"metadata": {"finalizers": null}}"#;
    cluster.kubectl(&["patch", "awsaccount", "default", "--type", "merge", "--patch", free]).await?;
    scene.install.gone("AwsAccount", "", "default").await?;
    let notes = helm("upgrade").await?;
    ensure!(notes.contains("`default` signs in to account"), "{notes}");
    scene.install.ready("AwsAccount", "", "default").await?;
    scene.reconcile_now("Domain", "acme").await?;
    scene.ready("Domain", "acme").await.map(drop)
}

async fn lease(scene: &Scene<'_>) -> Result<DynamicObject> {
    scene.cluster.get("Lease", &scene.install.operator_namespace, "codeartifact-operator").await
}

async fn until_marked(scene: &Scene<'_>, release: &Process) -> Result<()> {
    wait_for("the release has the lead", PATIENCE, async || {
        release.still_runs()?;
        let annotations = lease(scene).await?.metadata.annotations.unwrap_or_default();
        ensure!(annotations.contains_key("codeartifact-operator.dev/released"), "{annotations:?}");
        Ok(())
    })
    .await
}

/// The command that the README names, with the clock of the emulator.
fn release(scene: &Scene<'_>, kubeconfig: &Path) -> Command {
    let mut command = guarded(env!("CARGO_BIN_EXE_codeartifact-operator"));
    command.arg("release").arg("--kubeconfig").arg(kubeconfig);
    command.args(["--operator-namespace", &scene.install.operator_namespace]);
    command.args(["--clock", &scene.emulator.clock_url()]);
    command
}

async fn is_held_again(scene: &Scene<'_>) -> Result<()> {
    let holds = |domain: &DynamicObject| domain.metadata.finalizers.is_some();
    scene.until("it is held again", "Domain", "acme", holds).await.map(drop)
}

/// The operator that still runs, as a restarted Pod does, takes nothing up again and says why.
async fn rests_after_a_restart(scene: &Scene<'_>, why: &str, domain: &str, held: bool) -> Result<()> {
    scene.install.operator.start_again().await?;
    wait_for("the operator says that it rests", PATIENCE, async || {
        let log = std::fs::read_to_string(scene.install.operator.log())?;
        ensure!(log.contains(&format!("{why}: this operator rests")), "{log}");
        let answer = scene
            .install
            .operator
            .get("/ready")
            .await
            .map_or_else(|error| error.to_string(), |_| String::new());
        ensure!(answer.contains(&format!("leader lease: {why}")), "{answer}");
        Ok(())
    })
    .await?;
    let domain = scene.cluster.get("Domain", NAMESPACE, domain).await?;
    ensure!(domain.metadata.finalizers.is_some() == held, "{:?}", domain.metadata.finalizers);
    Ok(())
}
