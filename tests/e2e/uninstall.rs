//! `release` before an uninstall: nothing is left with a finalizer, AWS stays as it is.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use harness::process::{Process, guarded, output, tail};
use harness::wait::PATIENCE;
use harness::{Fixture, wait_for};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::json;

const ACME: &str = "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Domain\nmetadata: {name: acme}\n\
                    spec: {deletionPolicy: Delete, tags: {team: a}}\n";

const STORE: &str = "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: Repository\nmetadata: {name: store}\n\
                     spec: {domainRef: {name: acme}}\n";

#[tokio::test]
async fn release_takes_the_lead_and_lets_everything_go() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(ACME).await?;
    fixture.ready("Domain", "acme").await?;

    let kubeconfig =
        fixture.cluster.kubeconfig_as(&fixture.install.operator_namespace, "codeartifact-operator").await?;
    let released = output(release(&fixture, &kubeconfig), "").await?;
    ensure!(released.status.success(), "{}", String::from_utf8_lossy(&released.stderr));

    for (kind, namespace, name) in [("Domain", fixture.namespace(), "acme"), ("AwsAccount", "", "default")] {
        let object = fixture.cluster.get(kind, namespace, name).await?;
        ensure!(object.metadata.finalizers.is_none(), "{kind}: {:?}", object.metadata.finalizers);
        ensure!(object.metadata.deletion_timestamp.is_none(), "{kind} is being deleted");
    }
    ensure!(fixture.tag("acme", "codeartifact-operator.dev/owner").await?.is_none(), "the owner tag stayed");
    ensure!(fixture.tag("acme", "team").await?.as_deref() == Some("a"), "another tag went");
    let ended = std::fs::read_to_string(fixture.install.operator.log()).context("log")?;
    ensure!(ended.contains("the leader lease is lost"), "the operator goes on:\n{ended}");
    rests_after_a_restart(&fixture, "everything was released", "acme", false).await?;

    let leases = fixture.cluster.api("Lease", &fixture.install.operator_namespace).await?;
    let unmarked = json!({"metadata": {"annotations": {"codeartifact-operator.dev/released": null}}});
    leases.patch("codeartifact-operator", &PatchParams::default(), &Patch::Merge(&unmarked)).await?;
    is_held_again(&fixture).await
}

/// The administrator's user has a uid, as the users of client certificates and of EKS have.
#[tokio::test]
async fn whoever_releases_the_installation_rests_and_another_installation_works() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(ACME).await?;
    fixture.ready("Domain", "acme").await?;
    let released = output(release(&fixture, fixture.cluster.kubeconfig()), "").await?;
    ensure!(released.status.success(), "{}", String::from_utf8_lossy(&released.stderr));
    rests_after_a_restart(&fixture, "everything was released", "acme", false).await?;

    let (namespace, name) = (&fixture.install.operator_namespace, "codeartifact-operator");
    let accounts = fixture.cluster.api("ServiceAccount", namespace).await?;
    accounts.delete(name, &DeleteParams::default()).await?;
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    fixture.cluster.apply(namespace, &account.to_string()).await?;
    // The operator reads the same file, and its token is of the new ServiceAccount.
    fixture.cluster.kubeconfig_as(namespace, name).await?;
    fixture.install.operator.start_again().await?;
    is_held_again(&fixture).await
}

#[tokio::test]
async fn a_release_that_is_stopped_early_says_what_it_left_and_can_go_on() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(&format!("{ACME}---\n{STORE}")).await?;
    fixture.ready("Repository", "store").await?;
    let before = lease(&fixture).await?.metadata.annotations;
    let logs = tempfile::tempdir()?;

    let early = Process::start(
        "release",
        release(&fixture, fixture.cluster.kubeconfig()),
        &logs.path().join("early"),
    )?;
    until_marked(&fixture, &early).await?;
    ensure!(!early.terminate(PATIENCE).await?.success(), "it says that it did all");
    let said = tail(early.log(), 50);
    ensure!(said.contains("3 objects (Repository 1, Domain 1, AwsAccount 1) will be released"), "{said}");
    ensure!(said.contains(&fixture.cluster.url()), "{said}");
    ensure!(
        said.contains("stopped: nothing was released") && said.contains("the operator works on"),
        "{said}"
    );
    let after = lease(&fixture).await?.metadata.annotations;
    ensure!(before == after, "{before:?} became {after:?}");

    fixture.install.operator.start_again().await?;
    fixture.install.operator.ready().await?;
    fixture.emulator.fault("UntagResource", &json!({"hold": true})).await?;
    let late = Process::start(
        "release",
        release(&fixture, fixture.cluster.kubeconfig()),
        &logs.path().join("late"),
    )?;
    fixture.until_held(1).await?;
    let (ended, cleared) = tokio::join!(late.terminate(PATIENCE), async {
        wait_for("it is told to stop", PATIENCE, async || {
            let said = tail(late.log(), 50);
            ensure!(said.contains("stopping"), "{said}");
            Ok(())
        })
        .await?;
        fixture.emulator.clear_faults().await
    });
    cleared?;
    ensure!(!ended?.success(), "it says that it did all");
    let said = tail(late.log(), 50);
    ensure!(said.contains("stopped: 1 of 3 objects") && said.contains("kubectl annotate lease"), "{said}");
    let (store, acme) = ("store", "acme");
    for (kind, name, held) in [("Repository", store, false), ("Domain", acme, true)] {
        let object = fixture.get(kind, name).await?;
        ensure!(object.metadata.finalizers.is_some() == held, "{kind}: {:?}", object.metadata.finalizers);
    }
    rests_after_a_restart(&fixture, "a release ended before everything was released", acme, true).await?;

    let again = output(release(&fixture, fixture.cluster.kubeconfig()), "").await?;
    let said = String::from_utf8_lossy(&again.stderr);
    ensure!(again.status.success() && said.contains("released: 2 objects"), "{said}");
    ensure!(said.contains("binding-key") && said.contains("kubectl delete lease"), "{said}");
    rests_after_a_restart(&fixture, "everything was released", acme, false).await
}

#[tokio::test]
async fn a_mistyped_release_changes_nothing() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(ACME).await?;
    fixture.ready("Domain", "acme").await?;
    let before = lease(&fixture).await?.metadata.annotations;
    for (arguments, success, says) in [
        (["--lease-name", "mistyped"], false, "there is no Lease mistyped in the namespace"),
        (["--operator-namespace", "mistyped"], false, "in the namespace mistyped"),
        (
            ["--operator-namespace=mistyped", "--without-lease"],
            false,
            "the namespace mistyped does not exist",
        ),
        (["--cluster-name", "mistyped"], false, "Run the same command with --cluster-name"),
        (["--namespaces", "mistyped"], true, "the namespace mistyped of --namespaces does not exist"),
        (["--namespaces", "mistyped"], true, "nothing is released, and the operator works on"),
    ] {
        let mut command = release(&fixture, fixture.cluster.kubeconfig());
        command.args(arguments);
        let ended = output(command, "").await?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success() == success && said.contains(says), "{arguments:?}: {said}");
    }
    let after = lease(&fixture).await?.metadata.annotations;
    ensure!(before == after, "{before:?} became {after:?}");
    let domain = fixture.get("Domain", "acme").await?;
    ensure!(domain.metadata.finalizers.is_some(), "the Domain was released");
    fixture.install.operator.ready().await
}

/// As the README says under "Uninstall".
#[tokio::test]
async fn an_account_that_helm_deleted_without_a_release_is_told_of_and_comes_back() -> Result<()> {
    let fixture = Fixture::own().await?;
    fixture.apply(ACME).await?;
    fixture.ready("Domain", "acme").await?;
    let (cluster, operator) = (&fixture.cluster, &fixture.install.operator);
    let (namespace, name) = (fixture.install.operator_namespace.as_str(), "codeartifact-operator");
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
    fixture.install.condition(("AwsAccount", "", "default"), "DeletionBlocked", "True").await?;

    let free = r#"{"metadata": {"finalizers": null}}"#;
    cluster.kubectl(&["patch", "awsaccount", "default", "--type", "merge", "--patch", free]).await?;
    fixture.install.gone("AwsAccount", "", "default").await?;
    let notes = helm("upgrade").await?;
    ensure!(notes.contains("`default` signs in to account"), "{notes}");
    fixture.install.ready("AwsAccount", "", "default").await?;
    fixture.reconcile_now("Domain", "acme").await?;
    fixture.ready("Domain", "acme").await.map(drop)
}

async fn lease(fixture: &Fixture) -> Result<DynamicObject> {
    fixture.cluster.get("Lease", &fixture.install.operator_namespace, "codeartifact-operator").await
}

async fn until_marked(fixture: &Fixture, release: &Process) -> Result<()> {
    wait_for("the release has the lead", PATIENCE, async || {
        release.still_runs()?;
        let annotations = lease(fixture).await?.metadata.annotations.unwrap_or_default();
        ensure!(annotations.contains_key("codeartifact-operator.dev/released"), "{annotations:?}");
        Ok(())
    })
    .await
}

/// The command that the README names, with the clock of the emulator.
fn release(fixture: &Fixture, kubeconfig: &Path) -> Command {
    let mut command = guarded(env!("CARGO_BIN_EXE_codeartifact-operator"));
    command.arg("release").arg("--kubeconfig").arg(kubeconfig);
    command.args(["--operator-namespace", &fixture.install.operator_namespace]);
    command.args(["--clock", &fixture.emulator.clock_url()]);
    command
}

async fn is_held_again(fixture: &Fixture) -> Result<()> {
    let holds = |domain: &DynamicObject| domain.metadata.finalizers.is_some();
    fixture.until("it is held again", "Domain", "acme", holds).await.map(drop)
}

/// The operator that still runs, as a restarted Pod does, takes nothing up again and says why.
async fn rests_after_a_restart(fixture: &Fixture, why: &str, domain: &str, held: bool) -> Result<()> {
    fixture.install.operator.start_again().await?;
    wait_for("the operator says that it rests", PATIENCE, async || {
        let log = std::fs::read_to_string(fixture.install.operator.log())?;
        ensure!(log.contains(&format!("{why}: this operator rests")), "{log}");
        let answer = fixture
            .install
            .operator
            .get("/ready")
            .await
            .map_or_else(|error| error.to_string(), |_| String::new());
        ensure!(answer.contains(&format!("leader lease: {why}")), "{answer}");
        Ok(())
    })
    .await?;
    let domain = fixture.get("Domain", domain).await?;
    ensure!(domain.metadata.finalizers.is_some() == held, "{:?}", domain.metadata.finalizers);
    Ok(())
}
