//! A real API server takes everything that the chart renders with the values in its `ci/` and in the documentation, field by field and
//! without a warning.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use harness::process::{guarded, output};
use harness::{ControlPlane, Options, cluster_tool, own, repository};
use serde_json::Value;

use crate::render::{Chart, NAMESPACE};

/// The kinds of the Prometheus Operator that the chart knows.
const MONITORING: [&str; 3] = ["podmonitors", "prometheusrules", "servicemonitors"];

#[tokio::test]
async fn an_api_server_takes_everything_that_is_rendered() -> Result<()> {
    let control_plane = own(Options::default()).await?;
    for name in MONITORING {
        let file = monitoring_definitions()?.join(format!("monitoring.coreos.com_{name}.yaml"));
        let file = file.display().to_string();
        control_plane.kubectl(&["apply", "--server-side", "-f", &file]).await?;
        control_plane.kubectl(&["wait", "--for=condition=Established", "--timeout=30s", "-f", &file]).await?;
    }
    let restricted = [
        ("pod-security.kubernetes.io/enforce", "restricted"),
        ("pod-security.kubernetes.io/warn", "restricted"),
    ];
    control_plane.namespace(NAMESPACE, &restricted).await?;
    let chart = Chart::ours();
    let (mut kinds, mut namespaces) = (Vec::new(), BTreeSet::new());
    for (name, values) in values(&chart)? {
        for namespace in values["namespaces"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if namespaces.insert(namespace.to_owned()) {
                control_plane.namespace(namespace, &[]).await?;
            }
        }
        let said = dry_run(&control_plane, &chart.manifests(&values)?).await.context(name.clone())?;
        ensure!(said.is_empty(), "{name}: {said}");
        let rendered = chart.objects(&values)?;
        kinds.extend(rendered.iter().filter_map(|object| object["kind"].as_str().map(String::from)));
        println!("{name}: the API server takes {} objects", rendered.len());
    }
    control_plane.namespace("codeartifact-operator", &restricted).await?;
    let plain = std::fs::read_to_string(repository().join("deploy/install.yaml"))?;
    let said = dry_run(&control_plane, &plain).await.context("deploy/install.yaml")?;
    ensure!(said.is_empty(), "deploy/install.yaml: {said}");

    let missing: Vec<_> = all_kinds(&chart)?.into_iter().filter(|kind| !kinds.contains(kind)).collect();
    ensure!(missing.is_empty(), "no values in ci/ render {missing:?}");

    let misspelt = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: planted}\ndat: {a: b}\n";
    let refused =
        dry_run(&control_plane, misspelt).await.err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(refused.contains(".dat: field not declared in schema"), "{refused}");
    Ok(())
}

/// Applies without effect, and returns the warnings.
async fn dry_run(control_plane: &ControlPlane, manifests: &str) -> Result<String> {
    let mut kubectl = guarded(cluster_tool("kubectl")?);
    kubectl.arg("--kubeconfig").arg(control_plane.kubeconfig());
    kubectl.args(["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"]);
    let applied = output(kubectl, manifests).await?;
    let said = String::from_utf8_lossy(&applied.stderr).into_owned();
    ensure!(applied.status.success(), "{said}");
    Ok(said)
}

/// The default values, each file in the chart's `ci/`, and the values in the documentation.
fn values(chart: &Chart) -> Result<Vec<(String, Value)>> {
    let mut found = vec![("the default values".to_owned(), serde_json::json!({}))];
    for entry in std::fs::read_dir(chart.folder().join("ci"))? {
        let path = entry?.path();
        let values = serde_saphyr::from_str(&std::fs::read_to_string(&path)?)?;
        found.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), values));
    }
    ensure!(found.len() > 2, "the chart has no values in ci/");
    for (page, blocks) in [("README.md", 1), ("docs/install.md", 2)] {
        let text = std::fs::read_to_string(repository().join(page))?;
        let values: Vec<_> =
            text.split("```yaml\n# values: ").skip(1).filter_map(|rest| rest.split_once("```")).collect();
        ensure!(values.len() == blocks, "{page} has {} blocks of values", values.len());
        for (block, _) in values {
            let (title, _) = block.split_once('\n').context(page)?;
            found.push((format!("{page}, {title}"), serde_saphyr::from_str(&format!("# {block}"))?));
        }
    }
    Ok(found)
}

/// Every kind that a template has.
fn all_kinds(chart: &Chart) -> Result<Vec<String>> {
    let mut kinds = Vec::new();
    for entry in std::fs::read_dir(chart.folder().join("templates"))? {
        let text = std::fs::read_to_string(entry?.path())?;
        kinds.extend(text.lines().filter_map(|line| line.strip_prefix("kind: ")).map(String::from));
    }
    ensure!(kinds.iter().any(|kind| kind == "Deployment"), "the templates are not understood: {kinds:?}");
    Ok(kinds)
}

/// Where the definitions of the Prometheus Operator's kinds lie: in its Go module, at the version that go.mod pins.
fn monitoring_definitions() -> Result<PathBuf> {
    const MODULE: &str = "github.com/prometheus-operator/prometheus-operator";
    let mut go = Command::new("go");
    go.args(["mod", "download", "-json", MODULE]).current_dir(repository().join("tests/chart/monitoring"));
    let done = go.output().context("cannot run go")?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    let module: Value = serde_json::from_slice(&done.stdout)?;
    let folder = module["Dir"].as_str().context("no folder of the module")?;
    Ok(PathBuf::from(folder).join("example/prometheus-operator-crd"))
}
