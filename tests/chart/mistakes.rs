//! A mistake in the values is refused, and Helm says where it is.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::render::Chart;

/// Structures that are not the chart's: values for subcharts, and the sources of volumes, which the API server checks.
const OPEN: [&str; 2] = ["#/properties/global", "#/definitions/volume/properties/"];
/// Maps of values.yaml whose keys are the user's.
const FREE: [&str; 3] = ["/metrics/dashboard/labels", "/resources/limits", "/resources/requests"];

#[test]
fn the_schema_leaves_no_structure_open() -> Result<()> {
    let schema: Value = serde_json::from_str(&Chart::ours().read("values.schema.json")?)?;
    let mut open = Vec::new();
    open_structures(&schema, "#", &mut open);
    let known: usize =
        open.iter().filter(|path| path.as_str() == OPEN[0] || path.starts_with(OPEN[1])).count();
    ensure!(known == open.len() && known > 1, "not closed in values.schema.json: {open:#?}");

    let planted =
        json!({"properties": {"a": {"type": "array", "items": {"type": "object", "properties": {}}}}});
    let mut open = Vec::new();
    open_structures(&planted, "#", &mut open);
    ensure!(open == ["#/properties/a/items"], "{open:?}");
    Ok(())
}

/// Where a schema speaks of an object without saying which other keys the object may have.
fn open_structures(schema: &Value, path: &str, into: &mut Vec<String>) {
    if schema["type"] == "object" && schema.get("additionalProperties").is_none() {
        into.push(path.to_owned());
    }
    let children = schema.as_object().into_iter().flatten().map(|(key, child)| (key.clone(), child));
    let items =
        schema.as_array().into_iter().flatten().enumerate().map(|(at, child)| (at.to_string(), child));
    for (key, child) in children.chain(items) {
        open_structures(child, &format!("{path}/{key}"), into);
    }
}

#[test]
fn an_unknown_key_is_refused_at_every_level() -> Result<()> {
    let chart = Chart::ours();
    let defaults: Value = serde_saphyr::from_str(&chart.read("values.yaml")?)?;
    let mut levels = Vec::new();
    maps(&defaults, String::new(), &mut levels);
    ensure!(levels.len() > 15, "{levels:?}");
    for level in levels {
        let mut values = defaults.clone();
        let Some(Value::Object(map)) = values.pointer_mut(&level) else { continue };
        map.insert("typo".into(), json!(1));
        let said = chart.manifests(&values).err().map(|error| error.to_string()).unwrap_or_default();
        let wanted = format!("at '{level}': additional properties 'typo' not allowed");
        ensure!(said.contains(&wanted), "a typo below '{level}' gives: {said}");
    }
    Ok(())
}

/// Where a map is that has keys by default.
fn maps(value: &Value, path: String, into: &mut Vec<String>) {
    let Some(map) = value.as_object().filter(|map| !map.is_empty()) else { return };
    for (key, value) in map {
        maps(value, format!("{path}/{key}"), into);
    }
    if !FREE.contains(&path.as_str()) {
        into.push(path);
    }
}

/// Values that must be refused, and what Helm must say of them.
type Mistakes = Vec<(Value, &'static str)>;

#[test]
fn a_wrong_value_is_refused_with_its_place() -> Result<()> {
    let chart = Chart::ours();
    for (values, place) in mistakes_of_the_operator().into_iter().chain(mistakes_around_it()) {
        let said = chart.manifests(&values).err().map(|error| error.to_string()).unwrap_or_default();
        ensure!(said.contains(place), "{values} gives: {said}");
    }
    Ok(())
}

fn mistakes_of_the_operator() -> Mistakes {
    let account = |key: &str, value: Value| {
        let mut account = json!({"create": true, "accountId": "111122223333", "region": "eu-central-1"});
        account[key] = value;
        json!({ "account": account })
    };
    vec![
        (json!({"replicas": "2"}), "at '/replicas': got string, want integer"),
        (json!({"replicas": -1}), "at '/replicas'"),
        (json!({"image": {"repository": ""}}), "at '/image/repository'"),
        (json!({"image": {"repository": "https://registry.example.com"}}), "at '/image/repository'"),
        (json!({"image": {"tag": "a b"}}), "at '/image/tag'"),
        (json!({"image": {"digest": "sha256:1"}}), "at '/image/digest'"),
        (json!({"image": {"pullPolicy": "always"}}), "at '/image/pullPolicy'"),
        (json!({"namespaces": ["Team"]}), "at '/namespaces/0'"),
        (
            account("accountId", json!(111_122_223_333_u64)),
            "at '/account/accountId': got number, want string",
        ),
        (account("region", json!("Frankfurt")), "at '/account/region'"),
        (
            account("grants", json!([{"manage": ["*"]}])),
            "at '/account/grants/0': missing property 'namespaces'",
        ),
        (account("grants", json!([{"namespaces": {"name": "a"}}])), "at '/account/grants/0/namespaces'"),
        (
            account("grants", json!([{"namespaces": {"selector": {"team": "a"}}}])),
            "at '/account/grants/0/namespaces/selector': additional properties 'team' not allowed",
        ),
        (account("limits", json!({"readsPerSecond": 0})), "at '/account/limits/readsPerSecond'"),
        (json!({"serviceAccount": {"name": "A b"}}), "at '/serviceAccount/name'"),
        (json!({"concurrency": 0}), "at '/concurrency'"),
        (json!({"logFormat": "yaml"}), "at '/logFormat'"),
        (
            json!({"extraEnv": [{"name": "A", "val": "b"}]}),
            "at '/extraEnv/0': additional properties 'val' not allowed",
        ),
        (json!({"extraEnv": [{"name": "A", "value": 1}]}), "at '/extraEnv/0/value': got number, want string"),
        (json!({"extraVolumes": [{"name": "A b"}]}), "at '/extraVolumes/0/name'"),
        (
            json!({"extraVolumeMounts": [{"name": "a", "mountPath": "tmp"}]}),
            "at '/extraVolumeMounts/0/mountPath'",
        ),
    ]
}

fn mistakes_around_it() -> Mistakes {
    let affinity =
        json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}});
    vec![
        (json!({"caBundle": {"configMap": "a"}}), "at '/caBundle'"),
        (json!({"metrics": {"service": {"port": 0}}}), "at '/metrics/service/port'"),
        (json!({"metrics": {"podMonitor": {"interval": "30 s"}}}), "at '/metrics/podMonitor/interval'"),
        (
            json!({"metrics": {"serviceMonitor": {"relabelings": [{"action": "delete"}]}}}),
            "relabelings/0/action'",
        ),
        (
            json!({"metrics": {"prometheusRule": {"runbookBaseUrl": "docs/runbooks"}}}),
            "at '/metrics/prometheusRule/runbookBaseUrl'",
        ),
        (json!({"networkPolicy": {"ingress": {"from": [{}]}}}), "at '/networkPolicy/ingress/from/0'"),
        (
            json!({"networkPolicy": {"egress": {"aws": {"ports": ["https"]}}}}),
            "at '/networkPolicy/egress/aws/ports/0'",
        ),
        (
            json!({"networkPolicy": {"egress": {"aws": {"to": [{"ipBlock": {"cidr": "10.0.0.1"}}]}}}}),
            "to/0/ipBlock/cidr'",
        ),
        (json!({"resources": {"limits": {"memory": "lots"}}}), "at '/resources/limits/memory'"),
        (json!({"tolerations": [{"operator": "Is"}]}), "at '/tolerations/0/operator'"),
        (json!({"affinity": affinity}), "missing property 'podAffinityTerm'"),
        (
            json!({"affinity": {"podAntiAfinity": {}}}),
            "at '/affinity': additional properties 'podAntiAfinity' not allowed",
        ),
        (json!({"topologySpreadConstraints": [{"maxSkew": 1}]}), "at '/topologySpreadConstraints/0'"),
        (json!({"podLabels": {"a": "b c"}}), "at '/podLabels/a'"),
        (json!({"podAnnotations": {"a": true}}), "at '/podAnnotations/a': got boolean, want string"),
        (json!({"nodeSelector": {"a": true}}), "at '/nodeSelector/a': got boolean, want string"),
    ]
}
