//! `usage`, against a cluster: it reads the login and prints what a Pod takes.

use std::path::Path;

use anyhow::{Result, ensure};
use harness::process::{guarded, output};
use harness::{Fixture, fixture::registry};
use serde_json::{Value, json};

async fn usage(arguments: &[&str], kubeconfig: &Path) -> Result<(bool, String)> {
    let mut command = guarded(env!("CARGO_BIN_EXE_codeartifact-operator"));
    command.arg("usage").args(arguments).arg("--kubeconfig").arg(kubeconfig);
    let done = output(command, "").await?;
    let text = if done.status.success() { &done.stdout } else { &done.stderr };
    Ok((done.status.success(), String::from_utf8_lossy(text).into_owned()))
}

#[tokio::test]
async fn a_pod_with_what_usage_prints_is_accepted() -> Result<()> {
    let fixture = Fixture::with_store().await?;
    let spec = json!({"registries": [registry(&["npm", "pip", "maven"])], "secret": {"name": "files"}});
    fixture.login("login", &spec).await?;
    fixture.issued("login").await?;
    let kubeconfig = fixture.cluster.kubeconfig();
    let (found, text) = usage(&["login", "-n", fixture.namespace()], kubeconfig).await?;
    ensure!(found, "{text}");
    let part: Value = serde_saphyr::from_str(&text)?;
    let data = fixture.data("files").await?;
    for variable in part["containers"][0]["env"].as_array().into_iter().flatten() {
        let key = variable["value"].as_str().and_then(|value| value.rsplit('/').next()).unwrap_or_default();
        ensure!(data.contains_key(key), "{variable}: the Secret has no {key}");
    }
    ensure!(!data.values().any(|value| value.len() > 40 && text.contains(value)), "a value is told");

    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "build"}, "spec": part});
    pod["spec"]["containers"][0]["image"] = json!("example.com/build");
    fixture.apply(&pod).await?;

    let (found, text) = usage(&["absent", "-n", fixture.namespace()], kubeconfig).await?;
    ensure!(!found && text.contains("there is no RegistryCredential absent in namespace"), "{text}");
    Ok(())
}
