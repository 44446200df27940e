//! The steps.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::FutureExt;
use harness::install::values;
use harness::node::{self, pod};
use harness::objects::conditions;
use harness::wait::PATIENCE;
use harness::wait_for;
use serde_json::{Value, json};

use crate::Step;
use crate::cluster::{Cluster, OPERATOR, TEAM};
use crate::{images, pods, replicas};

/// How long a step may wait for kubelet, which looks at mounted Secrets every 5 s here.
const KUBELET: Duration = Duration::from_mins(2);

/// Every step with its name, in the order of the story.
pub(crate) const STEPS: &[(&str, Step)] = &[
    ("helm_install_waits_until_the_operator_is_ready_in_its_pod", |cluster| install(cluster).boxed_local()),
    ("the_operator_runs_from_its_released_image_pulled_by_digest", |cluster| {
        images::pulled_by_digest(cluster).boxed_local()
    }),
    ("the_emulator_answers_from_its_released_image", |cluster| images::emulator(cluster).boxed_local()),
    ("a_job_installs_with_npm_and_pip_through_the_mounted_secret_alone", |cluster| {
        clients(cluster).boxed_local()
    }),
    ("a_short_job_reads_the_token_from_its_environment", |cluster| environment(cluster).boxed_local()),
    ("a_running_pod_sees_the_renewed_token_without_a_restart", |cluster| rotation(cluster).boxed_local()),
    ("a_pod_that_is_killed_is_followed_by_another_that_goes_on", |cluster| {
        pods::killed(cluster).boxed_local()
    }),
    ("a_pod_that_the_kernel_ends_says_so_and_works_again_with_more_memory", |cluster| {
        pods::out_of_memory(cluster).boxed_local()
    }),
    ("an_upgrade_applies_the_crds_by_the_hook_in_a_pod", |cluster| upgrade(cluster).boxed_local()),
    ("two_replicas_are_both_ready_and_one_stands_by", |cluster| replicas::two(cluster).boxed_local()),
    ("a_leader_that_is_shut_down_hands_over_at_once", |cluster| replicas::shut_down(cluster).boxed_local()),
    ("a_leader_that_is_killed_is_followed_within_the_life_of_its_lease", |cluster| {
        replicas::killed(cluster).boxed_local()
    }),
    ("a_frozen_leader_that_thaws_asks_for_nothing_more", |cluster| replicas::frozen(cluster).boxed_local()),
    ("a_drain_takes_one_replica_at_a_time", |cluster| pods::drained(cluster).boxed_local()),
    ("an_uninstall_with_the_hook_leaves_nothing_behind", |cluster| uninstall(cluster).boxed_local()),
];

pub(crate) async fn install(cluster: &Cluster) -> Result<()> {
    let secret = values::administrator().to_string();
    cluster.node.control_plane.apply(OPERATOR, &secret).await?;
    cluster
        .emulator
        .seed(&json!({"connection": "public:npmjs", "packages": [{"name": "left-pad", "version": "1.3.0"}]}))
        .await?;
    cluster
        .emulator
        .seed(&json!({"connection": "public:pypi", "packages": [{"name": "six", "version": "1.17.0"}]}))
        .await?;
    cluster.helm("install", json!({})).await?;
    let ready = [
        "get",
        "deployment",
        OPERATOR,
        "--namespace",
        OPERATOR,
        "--output=jsonpath={.status.availableReplicas}",
    ];
    let available = cluster.kubectl(&ready).await?;
    ensure!(available == "1", "{available} replicas are available");
    Ok(())
}

async fn clients(cluster: &Cluster) -> Result<()> {
    let object = |kind: &str, name: &str, spec: Value| json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    let registry = |name: &str, formats: Value| json!({"repositoryRef": {"name": name}, "formats": formats});
    cluster
        .apply(&[
            object("Domain", "acme", json!({})),
            object(
                "Repository",
                "npm",
                json!({"domainRef": {"name": "acme"}, "externalConnection": "public:npmjs"}),
            ),
            object(
                "Repository",
                "pypi",
                json!({"domainRef": {"name": "acme"}, "externalConnection": "public:pypi"}),
            ),
            object(
                "RegistryCredential",
                "login",
                json!({"registries": [
                registry("npm", json!(["npm"])), registry("pypi", json!(["pip"]))]}),
            ),
        ])
        .await?;
    cluster.node.control_plane.ready("RegistryCredential", TEAM, "login").await?;
    let script = "npm install left-pad\npython3 -m pip download six --no-deps --dest .\nls -d node_modules/left-pad six-*";
    let printed = cluster.job("clients", node::clients(script)).await?;
    ensure!(printed.contains("node_modules/left-pad") && printed.contains("six-1.17.0"), "{printed}");
    Ok(())
}

async fn environment(cluster: &Cluster) -> Result<()> {
    let from = json!({"secretKeyRef": {"name": "login", "key": "token"}});
    // The token itself is never printed.
    let script = r#"test "$TOKEN" = "$(cat /login/token)" && echo the same"#;
    let printed = cluster
        .job(
            "environment",
            json!({"image": "node.local/shell:1", "command": ["/bin/sh", "-c", script],
            "env": [{"name": "TOKEN", "valueFrom": from}]}),
        )
        .await?;
    ensure!(printed.trim() == "the same", "{printed}");
    Ok(())
}

async fn rotation(cluster: &Cluster) -> Result<()> {
    let container = json!({"image": "node.local/shell:1", "command": ["/bin/sleep", "100000"]});
    let reader = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "reader"}, "spec": pod("login", container)});
    cluster.apply(&[reader]).await?;
    cluster
        .kubectl(&["wait", "--namespace", TEAM, "--for=condition=Ready", "pod/reader", "--timeout=120s"])
        .await?;
    let sum = async || {
        let read = ["exec", "--namespace", TEAM, "reader", "--", "/bin/sha256sum", "/login/token"];
        cluster.kubectl(&read).await
    };
    let before = sum().await?;
    cluster.emulator.forward("8h").await?;
    wait_for("the Pod sees another token", KUBELET, async || {
        ensure!(sum().await? != before, "the token is the old one");
        Ok(())
    })
    .await?;
    let restarts = [
        "get",
        "pod",
        "reader",
        "--namespace",
        TEAM,
        "--output=jsonpath={.status.containerStatuses[0].restartCount}",
    ];
    ensure!(cluster.kubectl(&restarts).await? == "0", "the Pod was restarted");
    // A shell hears no SIGTERM as the first process of a Pod, and the namespace would wait for it in the end.
    let now = ["delete", "pod", "reader", "--namespace", TEAM, "--grace-period=0", "--force"];
    cluster.kubectl(&now).await.map(drop)
}

async fn upgrade(cluster: &Cluster) -> Result<()> {
    let crd = "domains.codeartifact-operator.dev";
    cluster.kubectl(&["annotate", "crd", crd, "by-hand=1"]).await?;
    let strip = [
        "patch",
        "crd",
        crd,
        "--type=json",
        "--patch",
        r#"[{"op": "remove", "path": "/spec/versions/0/additionalPrinterColumns"}]"#,
    ];
    cluster.kubectl(&strip).await?;
    cluster
        .helm("upgrade", json!({"podAnnotations": {"upgraded": "yes"}, "releaseOnUninstall": true}))
        .await?;
    let columns =
        ["get", "crd", crd, "--output=jsonpath={.spec.versions[0].additionalPrinterColumns[0].name}"];
    ensure!(!cluster.kubectl(&columns).await?.is_empty(), "the hook did not apply the CRDs");
    cluster.node.control_plane.ready("RegistryCredential", TEAM, "login").await.map(drop)
}

/// Every sort of object that the chart may make.
const OF_A_RELEASE: &str = "all,roles,rolebindings,clusterroles,clusterrolebindings,serviceaccounts,configmaps,secrets,\
    validatingadmissionpolicies,validatingadmissionpolicybindings,poddisruptionbudgets,networkpolicies,awsaccounts";

async fn uninstall(cluster: &Cluster) -> Result<()> {
    let helm = ["uninstall", OPERATOR, "--namespace", OPERATOR, "--wait", "--timeout", "3m"];
    let began = Instant::now();
    let uninstalled = cluster.node.control_plane.helm(&helm).await;
    cluster.node.explain(uninstalled).await?;
    cluster.tell(format!("helm uninstall with the hook: {:.1} s", began.elapsed().as_secs_f64()));
    wait_for("nothing of the release is left", PATIENCE, async || {
        let selector = format!("--selector=app.kubernetes.io/instance={OPERATOR}");
        let left =
            cluster.kubectl(&["get", OF_A_RELEASE, "--all-namespaces", &selector, "--output=name"]).await?;
        ensure!(left.trim().is_empty(), "{left}");
        Ok(())
    })
    .await?;
    let domain = cluster.node.control_plane.get("Domain", TEAM, "acme").await?;
    ensure!(domain.metadata.finalizers.is_none_or(|list| list.is_empty()), "a finalizer is left");
    ensure!(
        !conditions(&cluster.node.control_plane.get("Domain", TEAM, "acme").await?).is_empty(),
        "the status is lost"
    );
    let arn = "arn:aws:codeartifact:us-east-1:123456789012:domain/acme";
    let tags = cluster.emulator.aws().list_tags_for_resource().resource_arn(arn).send().await?;
    ensure!(tags.tags().is_empty(), "{:?} are left in AWS", tags.tags());
    // Nothing hangs on a finalizer that nobody removes.
    for namespace in [TEAM, OPERATOR] {
        cluster.kubectl(&["delete", "namespace", namespace, "--timeout=60s"]).await?;
    }
    Ok(())
}
