//! Alerts and dashboard reach the cluster as their files say, whatever braces are in them.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::render::Chart;

const ALERTS: &str = "# Rules.\ngroups:\n- name: planted\n  rules:\n  - alert: Planted\n    expr: up == 0\n    annotations:\n      \
                      summary: '{{ $labels.kind }} is {{ $value | humanize }} {{ .Values.replicas }}'\n      text: |-\n        two\n\n        lines\n";
const DASHBOARD: &str = "{\n  \"title\": \"{{kind}} {{ .Release.Name }}\",\n  \"panels\": []\n}\n";

#[test]
fn alerts_and_dashboard_are_embedded_as_they_are() -> Result<()> {
    let chart = Chart::copy()?;
    let values = json!({"metrics": {
        "prometheusRule": {"enabled": true, "labels": {"prometheus": "main"}},
        "dashboard": {"enabled": true, "labels": {"grafana_dashboard": "2"}, "annotations": {"grafana_folder": "A"}},
    }});
    for (file, text) in [("files/alerts.yaml", ALERTS), ("files/dashboard.json", DASHBOARD)] {
        chart.write(file, text)?;
    }
    let rules = chart.object("PrometheusRule", &values)?;
    let wanted: Value = serde_saphyr::from_str(ALERTS)?;
    ensure!(rules["spec"] == wanted, "{rules:#}");
    ensure!(rules["metadata"]["labels"]["prometheus"] == "main", "{rules:#}");
    let dashboard = chart.object("ConfigMap", &values)?;
    ensure!(
        dashboard["data"] == json!({"codeartifact-operator.json": DASHBOARD.trim_end()}),
        "{dashboard:#}"
    );
    ensure!(dashboard["metadata"]["labels"]["grafana_dashboard"] == "2", "{dashboard:#}");
    ensure!(dashboard["metadata"]["annotations"]["grafana_folder"] == "A", "{dashboard:#}");
    Ok(())
}

/// One object holds the dashboard, and Helm keeps the whole release in one Secret: neither may be larger than 1 MiB.
#[test]
fn the_alerts_and_the_dashboard_of_the_chart_are_embedded_whole() -> Result<()> {
    let chart = Chart::ours();
    let values = json!({"metrics": {"prometheusRule": {"enabled": true}, "dashboard": {"enabled": true}}});
    let alerts: Value = serde_saphyr::from_str(&chart.read("files/alerts.yaml")?)?;
    ensure!(
        chart.object("PrometheusRule", &values)?["spec"] == alerts,
        "files/alerts.yaml was changed on its way"
    );
    let dashboard = chart.read("files/dashboard.json")?;
    let embedded = chart.object("ConfigMap", &values)?;
    let embedded = embedded["data"]["codeartifact-operator.json"].as_str().unwrap_or_default();
    ensure!(embedded == dashboard.trim_end(), "files/dashboard.json was changed on its way");
    ensure!(chart.everything(&values)?.len() < 512 * 1024, "a release is too large");
    Ok(())
}

#[test]
fn without_the_file_only_who_asks_for_it_is_refused() -> Result<()> {
    let chart = Chart::copy()?;
    let files = chart.folder().join("files");
    if files.exists() {
        std::fs::remove_dir_all(files)?;
    }
    chart.manifests(&json!({}))?;
    for (value, file) in [("prometheusRule", "alerts.yaml"), ("dashboard", "dashboard.json")] {
        let asked = chart.manifests(&json!({"metrics": {value: {"enabled": true}}}));
        let said = asked.err().map(|error| error.to_string()).unwrap_or_default();
        let wanted = format!("metrics.{value}.enabled: this chart has no file files/{file}");
        ensure!(said.contains(&wanted), "{said}");
    }
    Ok(())
}
