//! Versions of packages: what is known of them, and their files.

mod batches;
mod copy;
mod publish;

pub(super) use batches::{delete, dispose, update_status};
pub(super) use copy::copy;
pub(super) use publish::publish;

use super::Input;
use super::packages::package;
use crate::error::{Error, ResourceType, Result};
use crate::state::State;
use crate::state::package::PackageKey;
use crate::state::version::{Asset, Dependency, Version};
use crate::wire::{header_value, json_response};
use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn describe(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let (key, version) = version(input, state)?;
    Ok(json_response(&json!({ "packageVersion": version.describe(key) })))
}

/// In the order of their names. A disposed version has none.
pub(super) fn list_assets(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let page = input.page(state)?;
    let (key, version) = version(input, state)?;
    let sorted: BTreeMap<String, &Asset> =
        version.assets.iter().map(|asset| (asset.name.clone(), asset)).collect();
    let answer = page.cut("assets", sorted.into_iter(), Asset::summary);
    Ok(json_response(&with_identity(answer, key, version)))
}

/// In the order in which the version lists them.
pub(super) fn list_dependencies(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let page = input.page(state)?;
    let (key, version) = version(input, state)?;
    let numbered = version.details.dependencies.iter().enumerate();
    let items = numbered.map(|(number, dependency)| (format!("{number:08}"), dependency));
    let answer = page.cut("dependencies", items, Dependency::describe);
    Ok(json_response(&with_identity(answer, key, version)))
}

pub(super) fn readme(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let (key, version) = version(input, state)?;
    let number = &version.number;
    let readme = version.details.readme.as_deref().ok_or_else(|| {
        let message = format!("Version '{number}' of package '{}' has no readme", key.full_name());
        Error::not_found(ResourceType::PackageVersion, number, message)
    })?;
    Ok(json_response(&with_identity(json!({ "readme": readme }), key, version)))
}

/// The file itself, with what it belongs to in headers.
pub(super) fn asset(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let (key, version) = version(input, state)?;
    let number = &version.number;
    if let Some(revision) =
        input.text("packageVersionRevision").filter(|given| *given != version.revision.to_string())
    {
        let message =
            format!("Version '{number}' of package '{}' has no revision '{revision}'", key.full_name());
        return Err(Error::not_found(ResourceType::PackageVersion, number, message));
    }
    if !version.status.is_downloadable() {
        let message = format!(
            "The assets of version '{number}' of package '{}' cannot be downloaded: its status is {}",
            key.full_name(),
            version.status.name()
        );
        return Err(Error::conflict(ResourceType::PackageVersion, number, message));
    }
    let name = input.required("asset")?;
    let asset = version.asset(name).ok_or_else(|| {
        let message = format!("Version '{number}' of package '{}' has no asset '{name}'", key.full_name());
        Error::not_found(ResourceType::Asset, name, message)
    })?;
    state.check_readable(&input.domain_key()?)?;
    let mut response = Response::new(Body::from(asset.content().clone()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert("x-assetname", header_value(&asset.name));
    headers.insert("x-packageversion", header_value(number));
    headers.insert("x-packageversionrevision", header_value(&version.revision.to_string()));
    Ok(response)
}

/// The version that a request names, in the very repository.
fn version<'a>(input: &Input<'_>, state: &'a State) -> Result<(&'a PackageKey, &'a Version)> {
    let package = package(input, state, &input.package_key()?)?;
    let number = input.required("packageVersion")?;
    let version = package.versions.get(number).ok_or_else(|| package.key.version_not_found(number))?;
    Ok((&package.key, version))
}

/// The members that all answers about one version have.
fn with_identity(mut answer: Value, key: &PackageKey, version: &Version) -> Value {
    answer["format"] = key.format.name().into();
    if let Some(namespace) = &key.namespace {
        answer["namespace"] = namespace.as_str().into();
    }
    answer["package"] = key.name.as_str().into();
    answer["version"] = version.number.as_str().into();
    answer["versionRevision"] = version.revision.to_string().into();
    answer
}
