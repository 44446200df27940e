//! What the API server makes of our definitions: it refuses what cannot be meant, with our words, and fills in defaults.

mod accepted;
mod refused;

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use harness::{ControlPlane, repository, shared, unique};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

/// What was asked for, and what must come of it.
struct Row {
    kind: &'static str,
    /// A JSON merge patch on the spec of the valid object of that kind; `null` takes a field away.
    change: Value,
    /// What the refusal says.
    message: &'static str,
}

fn row(kind: &'static str, change: Value, message: &'static str) -> Row {
    Row { kind, change, message }
}

/// The smallest spec of a kind that has something of everything that rules speak of.
fn valid(kind: &str) -> Value {
    match kind {
        "AwsAccount" => json!({"accountId": "123456789012", "region": "eu-central-1", "grants": [{
            "namespaces": {"names": ["team-a"]}, "manage": ["acme", "acme/*"], "use": ["999999999999:other/*"],
            "connect": ["public:*"], "credentials": [{"domains": ["acme"], "maxDuration": "4h"}]}]}),
        "Domain" => json!({"tags": {"team": "a"}}),
        "Repository" => json!({"domainRef": {"name": "acme"}, "upstreams": [{"name": "store"}]}),
        "PackagePolicy" => {
            json!({"repositoryRef": {"name": "team"}, "packages": [{"format": "npm", "name": "hello"}],
            "origin": {"publish": "Allow", "upstream": "Block"}})
        }
        "ClusterRegistryCredential" => {
            json!({"namespaceSelector": {"matchLabels": {"team": "a"}}, "registries": [
            {"repositoryRef": {"namespace": "platform", "name": "team"}, "formats": ["npm", "pip", "netrc"]}]})
        }
        _ => json!({"registries": [{"repositoryRef": {"name": "team"}, "formats": ["npm", "pip", "netrc"]}]}),
    }
}

fn object(kind: &str, name: &str, spec: &Value) -> Result<DynamicObject> {
    let document = json!({"apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": kind,
        "metadata": {"name": name}, "spec": spec});
    Ok(serde_json::from_value(document)?)
}

/// The valid spec of a kind with a merge patch applied.
fn changed(kind: &str, change: &Value) -> Value {
    let mut spec = valid(kind);
    merge(&mut spec, change);
    spec
}

fn merge(into: &mut Value, change: &Value) {
    let Value::Object(changes) = change else {
        *into = change.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    let Some(members) = into.as_object_mut() else { return };
    for (key, value) in changes {
        if value.is_null() {
            members.remove(key);
        } else {
            merge(members.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Asks the API server without storing anything.
async fn try_create(
    control_plane: &ControlPlane,
    kind: &str,
    name: &str,
    spec: &Value,
) -> Result<DynamicObject> {
    let parameters = PostParams { dry_run: true, ..PostParams::default() };
    Ok(control_plane.api(kind, "default").await?.create(&parameters, &object(kind, name, spec)?).await?)
}

fn ensure_refused<T>(answer: Result<T>, message: &str) -> Result<()> {
    let Err(refusal) = answer else { anyhow::bail!("accepted, but it should say: {message}") };
    let said = format!("{refusal:#}");
    ensure!(said.contains(message), "it should say: {message}\nbut it says: {said}");
    ensure!(!said.contains("evaluating rule"), "a rule cannot be evaluated: {said}");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() -> Result<()> {
    let control_plane = shared().await?;
    let mut wrong = Vec::new();
    for Row { kind, change, message } in refused::on_create() {
        let answer = try_create(control_plane, kind, "acme", &changed(kind, &change)).await;
        if let Err(error) = ensure_refused(answer, message) {
            wrong.push(format!("{kind} {change}: {error:#}"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    Ok(())
}

#[tokio::test]
async fn what_is_immutable_stays() -> Result<()> {
    let control_plane = shared().await?;
    for (from, Row { kind, change, message }) in refused::on_update() {
        let (name, api) = (unique("fixed"), control_plane.api(kind, "default").await?);
        api.create(&PostParams::default(), &object(kind, &name, &changed(kind, &from))?).await?;
        let parameters = PatchParams { dry_run: true, ..PatchParams::default() };
        let answer = api.patch(&name, &parameters, &Patch::Merge(&json!({"spec": change}))).await;
        ensure_refused(answer.map_err(Into::into), message)
            .with_context(|| format!("{kind} {from} to {change}"))?;
        let harmless = Patch::Merge(&json!({"spec": {"suspend": true}}));
        api.patch(&name, &parameters, &harmless).await.with_context(|| format!("{kind} {from}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn the_name_that_holds_anyway_may_be_written_and_left_out() -> Result<()> {
    let control_plane = shared().await?;
    for kind in ["Domain", "Repository"] {
        let name = unique("named");
        for (from, to) in [(json!(null), json!(name)), (json!(name), json!(null))] {
            let api = control_plane.api(kind, "default").await?;
            let spec = changed(kind, &json!({ "name": from }));
            api.create(&PostParams::default(), &object(kind, &name, &spec)?).await?;
            let patch = Patch::Merge(json!({"spec": {"name": to}}));
            let patched = api.patch(&name, &PatchParams::default(), &patch).await;
            patched.with_context(|| format!("{kind}: {from} to {to}"))?;
            api.delete(&name, &DeleteParams::default()).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn names_that_aws_would_refuse_need_a_name_in_the_spec() -> Result<()> {
    let control_plane = shared().await?;
    for (kind, name, message) in refused::BY_NAME {
        let spec = valid(kind);
        ensure_refused(try_create(control_plane, kind, name, &spec).await, message)?;
        let named = changed(kind, &json!({"name": "acme"}));
        try_create(control_plane, kind, name, &named).await.with_context(|| format!("{kind} {name}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_legal_is_accepted() -> Result<()> {
    let control_plane = shared().await?;
    for (kind, change) in accepted::specs()
        .into_iter()
        .chain(accepted::regions())
        .chain(accepted::durations())
        .chain(accepted::selections())
    {
        let answer = try_create(control_plane, kind, "acme", &changed(kind, &change)).await;
        answer.with_context(|| format!("{kind} {change}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_left_out_is_filled_in() -> Result<()> {
    let control_plane = shared().await?;
    for (kind, defaults) in accepted::defaults() {
        let stored = try_create(control_plane, kind, "acme", &valid(kind)).await?;
        let mut with_defaults = stored.data["spec"].clone();
        merge(&mut with_defaults, &defaults);
        assert_eq!(stored.data["spec"], with_defaults, "{kind}");
    }
    Ok(())
}

#[tokio::test]
async fn short_names_category_and_columns_are_as_documented() -> Result<()> {
    let control_plane = shared().await?;
    let header = |table: &str| -> Vec<String> {
        table.lines().next().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    for (short, kind, columns, wide) in accepted::COLUMNS {
        let name = unique("shown");
        let api = control_plane.api(kind, "default").await?;
        api.create(&PostParams::default(), &object(kind, &name, &changed(kind, &json!({"name": null})))?)
            .await?;
        let narrow = header(&control_plane.kubectl(&["get", short, &name]).await?);
        assert_eq!(narrow.join(" "), columns, "{kind}");
        let mut more = header(&control_plane.kubectl(&["get", short, &name, "-o", "wide"]).await?);
        more.retain(|column| !narrow.contains(column));
        assert_eq!(more, wide, "{kind}");
        let all = control_plane.kubectl(&["get", "codeartifact", "-o", "name"]).await?;
        ensure!(
            all.lines().any(|line| line.ends_with(&format!("/{name}"))),
            "{kind} is not in the category: {all}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn the_api_server_has_no_warning_about_the_definitions() -> Result<()> {
    let crds = repository().join("crds").display().to_string();
    let arguments = ["apply", "--server-side", "--dry-run=server", "--warnings-as-errors", "-f", &crds];
    shared().await?.kubectl(&arguments).await.map(drop)
}

/// A rule that nobody has seen refuse anything may well refuse nothing.
#[test]
fn every_rule_has_a_row() -> Result<()> {
    let on_update = refused::on_update().into_iter().map(|(_, row)| row);
    let rows = refused::on_create().into_iter().chain(on_update).map(|row| (row.kind, row.message));
    let by_name = refused::BY_NAME.into_iter().map(|(kind, _, message)| (kind, message));
    let tested: BTreeSet<(String, String)> =
        rows.chain(by_name).map(|(kind, message)| (kind.to_owned(), message.to_owned())).collect();
    let mut untested = Vec::new();
    for entry in std::fs::read_dir(repository().join("crds"))? {
        let definition: Value = serde_saphyr::from_str(&std::fs::read_to_string(entry?.path())?)?;
        let kind = definition["spec"]["names"]["kind"].as_str().unwrap_or_default().to_owned();
        let mut messages = Vec::new();
        collect_messages(&definition["spec"]["versions"][0]["schema"], &mut messages);
        let known = messages.into_iter().map(|message| (kind.clone(), message));
        untested.extend(known.filter(|rule| !tested.contains(rule)));
    }
    ensure!(untested.is_empty(), "no row refuses by these rules: {untested:#?}");
    Ok(())
}

fn collect_messages(schema: &Value, messages: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            let rules = members.get("x-kubernetes-validations").and_then(Value::as_array);
            let said = rules.into_iter().flatten().filter_map(|rule| rule["message"].as_str());
            messages.extend(said.map(String::from));
            members.values().for_each(|member| collect_messages(member, messages));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_messages(item, messages)),
        _ => {}
    }
}
