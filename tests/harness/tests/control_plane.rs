//! The harness itself: control planes work, remember, refuse, and die with the process that started them.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::{ControlPlane, Options, own, unique, wait_for};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::json;

const BARE: Options = Options { audit: true, crds: false, node: false };

async fn config_map(control_plane: &ControlPlane, name: &str) -> Result<Api<ConfigMap>> {
    let api: Api<ConfigMap> = Api::namespaced(control_plane.client()?, "default");
    let map = serde_json::from_value(json!({"metadata": {"name": name}, "data": {"key": "value"}}))?;
    api.create(&PostParams::default(), &map).await?;
    Ok(api)
}

#[tokio::test]
async fn objects_live_and_outlive_the_api_server() -> Result<()> {
    let control_plane = own(BARE).await?;
    let api = config_map(&control_plane, "kept").await?;
    let before = api.get("kept").await?;

    control_plane.stop_api_server()?;
    assert!(api.get("kept").await.is_err(), "a killed API server answered");
    control_plane.start_api_server().await?;

    let after = api.get("kept").await?;
    assert_eq!((before.uid(), before.data), (after.uid(), after.data));
    api.delete("kept", &DeleteParams::default()).await?;
    control_plane.gone("ConfigMap", "default", "kept").await
}

#[tokio::test]
async fn rbac_refuses_an_unprivileged_account_and_the_audit_log_shows_it() -> Result<()> {
    let control_plane = own(BARE).await?;
    let namespace = unique("poor");
    control_plane.namespace(&namespace, &[]).await?;
    control_plane.apply(&namespace, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: poor}}").await?;
    let secrets: Api<Secret> =
        Api::namespaced(control_plane.client_as(&namespace, "poor").await?, &namespace);

    let refusal = secrets.list(&ListParams::default()).await.expect_err("it may list Secrets");
    assert!(matches!(&refusal, kube::Error::Api(status) if status.is_forbidden()), "{refusal}");

    let user = format!("system:serviceaccount:{namespace}:poor");
    let log = control_plane.audit_log().await?;
    let denied: Vec<_> = log.iter().filter(|event| event.denied()).collect();
    assert_eq!(denied.len(), 1, "{:?}", denied.iter().map(|event| event.summary()).collect::<Vec<_>>());
    assert_eq!((denied[0].user.username.as_str(), denied[0].verb.as_str()), (user.as_str(), "list"));
    Ok(())
}

#[tokio::test]
async fn owned_objects_go_with_their_owner() -> Result<()> {
    let control_plane = own(BARE).await?;
    let api = config_map(&control_plane, "owner").await?;
    let owner = api.get("owner").await?;
    let dependent = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owned", "ownerReferences": [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.uid()}]}});
    control_plane.apply("default", &dependent.to_string()).await?;
    api.delete("owner", &DeleteParams::default()).await?;
    control_plane.gone("ConfigMap", "default", "owned").await
}

#[tokio::test]
async fn kubectl_and_helm_are_those_of_the_pinned_versions() -> Result<()> {
    let control_plane = own(BARE).await?;
    let versions: serde_json::Value =
        serde_json::from_str(&control_plane.kubectl(&["version", "-o", "json"]).await?)?;
    assert_eq!(versions["serverVersion"]["gitVersion"], versions["clientVersion"]["gitVersion"]);
    assert_eq!(control_plane.helm(&["list", "--short"]).await?, "");
    let refusal = control_plane.kubectl(&["get", "pod", "none"]).await.expect_err("no such pod");
    assert!(refusal.to_string().contains("NotFound"), "{refusal}");
    Ok(())
}

#[tokio::test]
async fn all_servers_die_with_a_process_that_is_killed() -> Result<()> {
    let mut doomed = Command::new(env!("CARGO_BIN_EXE_doomed")).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(doomed.stdout.take().unwrap()), &mut line)?;
    let servers: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(servers.len(), 3, "etcd, API server, controller manager: {line}");
    assert!(servers.iter().all(|id| runs(id)), "{line}");

    doomed.kill()?;
    doomed.wait()?;
    wait_for("all servers are gone", PATIENCE, async || {
        let left: Vec<_> = servers.iter().filter(|id| runs(id)).collect();
        ensure!(left.is_empty(), "still there: {left:?}");
        Ok(())
    })
    .await
}

/// Whether a process runs. One that has ended stays listed until whoever inherited it asks for its end.
fn runs(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The state follows the program's name, which stands in parentheses.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[tokio::test]
async fn a_vain_wait_says_what_was_seen_last() {
    let vain =
        wait_for::<()>("the moon is full", Duration::from_millis(100), async || anyhow::bail!("it is new"));
    let message = format!("{:#}", vain.await.expect_err("it is never full"));
    assert_eq!(message, "waited 0 s in vain: the moon is full: it is new");
}
