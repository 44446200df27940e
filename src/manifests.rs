//! The CRDs as files and in the cluster.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Patch, PatchParams};
use kube::runtime::conditions::is_crd_established;
use kube::runtime::wait::await_condition;
use kube::{Api, ResourceExt};
use serde_json::Value;

use crate::api::{self, MANAGER};
use crate::error::{Error, Result};

/// How long the API server may take to serve a definition that it has accepted.
const ESTABLISHED_WITHIN: Duration = Duration::from_mins(1);

/// The definitions as files: name and YAML.
pub fn crd_yaml() -> Result<Vec<(String, String)>> {
    api::crds()
        .iter()
        .map(|crd| Ok((format!("{}.yaml", crd.spec.names.plural), yaml(&document(crd)?)?)))
        .collect()
}

/// Applies the definitions server-side, waits until each is served, and returns how many there are.
pub async fn apply(client: &kube::Client) -> Result<usize> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let params = PatchParams::apply(MANAGER).force();
    let crds = api::crds();
    for crd in &crds {
        api.patch(&crd.name_any(), &params, &Patch::Apply(&document(crd)?)).await?;
    }
    for crd in &crds {
        established(&api, &crd.name_any()).await?;
    }
    Ok(crds.len())
}

async fn established(api: &Api<CustomResourceDefinition>, name: &str) -> Result<()> {
    let seen = await_condition(api.clone(), name, is_crd_established());
    match tokio::time::timeout(ESTABLISHED_WITHIN, seen).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(Error::Internal(format!("cannot watch {name}: {error}"))),
        Err(_) => Err(Error::Internal(format!("the API server does not serve {name} yet"))),
    }
}

fn document(crd: &CustomResourceDefinition) -> Result<Value> {
    let mut document = serde_json::to_value(crd)
        .map_err(|error| Error::Internal(format!("a CRD does not serialize: {error}")))?;
    tidy(&mut document);
    // The order of members must not depend on the features of serde_json that other crates turn on.
    document.sort_all_objects();
    Ok(document)
}

/// Drops what the API server does not know: it takes `format` for unsigned numbers as unrecognised.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|key, value| {
                !(key == "format" && matches!(value.as_str(), Some("uint32" | "uint64")))
            });
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn yaml(document: &Value) -> Result<String> {
    serde_saphyr::to_string(document).map_err(|error| Error::Internal(format!("a CRD is no YAML: {error}")))
}
