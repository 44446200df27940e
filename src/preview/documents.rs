//! The documents of a manifest, as the API server would take them, as far as that can be told without it. Pure.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Problems, schema};
use crate::api::{AwsAccount, Domain, GROUP, RegistryCredential, Repository, crds};

/// The objects of a manifest that a preview needs.
#[derive(Debug, Default)]
pub struct Documents {
    pub(super) accounts: Vec<AwsAccount>,
    pub(super) domains: Vec<Domain>,
    pub(super) repositories: Vec<Repository>,
    /// The logins.
    pub logins: Vec<RegistryCredential>,
}

impl Documents {
    /// Reads a manifest of one or more documents. Objects of others are passed over; `namespace` is that of objects that name none.
    pub fn read(manifest: &str, namespace: &str) -> Result<Self, Problems> {
        let parsed: Vec<Value> = serde_saphyr::from_multiple(manifest)
            .map_err(|error| vec![format!("it is no YAML: {error}; correct it")])?;
        let (mut read, mut problems, crds) = (Self::default(), Problems::new(), crds());
        for (index, document) in parsed.into_iter().flat_map(items).enumerate() {
            if let Err(found) = read.take(document, namespace, &crds) {
                problems
                    .extend(found.into_iter().map(|problem| format!("document {}: {problem}", index + 1)));
            }
        }
        if problems.is_empty() { Ok(read) } else { Err(problems) }
    }

    fn take(
        &mut self,
        mut document: Value,
        namespace: &str,
        crds: &[CustomResourceDefinition],
    ) -> Result<(), Problems> {
        let version = document["apiVersion"].as_str().unwrap_or_default().to_owned();
        let kind = document["kind"].as_str().unwrap_or_default().to_owned();
        let ours = version.split('/').next() == Some(GROUP);
        if version.is_empty() || kind.is_empty() {
            return if document.is_null() {
                Ok(())
            } else {
                Err(vec!["it needs apiVersion and kind".into()])
            };
        }
        if !ours {
            return Ok(());
        }
        let crd = crds.iter().find(|crd| crd.spec.names.kind == kind).ok_or_else(|| {
            let kinds: Vec<_> = crds.iter().map(|crd| crd.spec.names.kind.as_str()).collect();
            vec![format!("there is no kind {}; known are {}", shown(&kind), kinds.join(", "))]
        })?;
        if crd.spec.scope == "Namespaced"
            && document["metadata"].is_object()
            && document["metadata"]["namespace"].is_null()
        {
            document["metadata"]["namespace"] = json!(namespace);
        }
        check(&document, &version, crd)?;
        match kind.as_str() {
            "AwsAccount" => self.accounts.push(typed(document)?),
            "Domain" => self.domains.push(typed(document)?),
            "Repository" => self.repositories.push(typed(document)?),
            "RegistryCredential" => self.logins.push(typed(document)?),
            _ => {}
        }
        Ok(())
    }
}

/// The objects of a list, or the object itself.
fn items(mut document: Value) -> Vec<Value> {
    let list = document["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    match document.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) if list => items,
        _ => vec![document],
    }
}

/// What the schema of the kind says of it. Rules in CEL are left to the API server.
fn check(document: &Value, version: &str, crd: &CustomResourceDefinition) -> Result<(), Problems> {
    let served = &crd.spec.versions.iter().find(|served| version == format!("{GROUP}/{}", served.name));
    let Some(served) = served else {
        return Err(vec![format!("there is no version {}; write {GROUP}/v1alpha1", shown(version))]);
    };
    let schema = serde_json::to_value(&served.schema).unwrap_or_default();
    let mut problems = schema::check(document, &schema["openAPIV3Schema"]);
    for field in ["name", "namespace"] {
        match &document["metadata"][field] {
            Value::String(text) if !text.is_empty() => {}
            Value::Null | Value::String(_) if field == "namespace" => {}
            Value::Null | Value::String(_) => problems.push("metadata.name is missing".into()),
            _ => problems.push(format!("metadata.{field} must be a text; put it in quotes")),
        }
    }
    for field in ["duration", "renewBefore"] {
        let Some(text) = document["spec"]["token"][field].as_str() else { continue };
        if text.parse::<kube::core::Duration>().is_err() {
            problems
                .push(format!("spec.token.{field} is {}: write a duration like 90m or 1h30m", shown(text)));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn typed<T: DeserializeOwned>(document: Value) -> Result<T, Problems> {
    serde_json::from_value(document).map_err(|error| vec![error.to_string()])
}

/// Kind, namespace and name of an object.
pub(super) fn title<K: Resource<DynamicType = ()>>(object: &K) -> String {
    let namespace = object.namespace().map(|namespace| namespace + "/").unwrap_or_default();
    format!("{} {namespace}{}", K::kind(&()), object.name_any())
}

/// A word of the manifest, as a message repeats it.
pub(super) fn shown(word: &str) -> String {
    word.chars().take(60).collect::<String>().escape_debug().to_string()
}
