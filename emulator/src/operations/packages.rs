//! `PutPackageOriginConfiguration`, `DescribePackage`, `DeletePackage`, `ListPackages`,
//! `ListPackageVersions`.

use super::Input;
use crate::error::{Error, Result};
use crate::state::package::{OriginConfiguration, Package, PackageKey, Restriction, packages_from};
use crate::state::version::Version;
use crate::state::{Repository, State};
use crate::wire::json_response;
use axum::response::Response;
use serde_json::json;
use std::sync::Arc;

/// Creates the package when it is not there. Both restrictions are sent every time.
pub(super) fn put_origin_configuration(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = input.package_key()?;
    let restrictions = input.value("restrictions").ok_or_else(|| Error::internal("unchecked input"))?;
    let restriction = |name: &str| Restriction::parse(restrictions[name].as_str().unwrap_or_default());
    let origin = OriginConfiguration { publish: restriction("publish"), upstream: restriction("upstream") };
    let domain = state.domain_mut(&input.domain_key()?)?;
    let repository = domain.repository_mut(input.repository_name()?)?;
    repository.package_or_insert(&key.stored()?, origin).origin = origin;
    Ok(json_response(&json!({ "originConfiguration": origin.describe() })))
}

pub(super) fn describe(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = input.package_key()?;
    Ok(json_response(&json!({ "package": package(input, state, &key)?.description() })))
}

/// The record goes with all of its versions, and with its origin configuration.
pub(super) fn delete(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = package(input, state, &input.package_key()?)?.key.clone();
    let repository = state.domain_mut(&input.domain_key()?)?.repository_mut(input.repository_name()?)?;
    let deleted = repository.packages.remove(&key).ok_or_else(|| key.not_found())?;
    Ok(json_response(&json!({ "deletedPackage": deleted.summary() })))
}

/// What is in this very repository. `namespace` and `package-prefix` match beginnings.
pub(super) fn list(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let page = input.page(state)?;
    let format = input.text("format").map(|_| input.format()).transpose()?;
    let namespace = input.text("namespace");
    let prefix = input.text("packagePrefix").unwrap_or_default();
    let publish = input.text("publish");
    let upstream = input.text("upstream");
    if let Some(prefix) = namespace {
        let missing = || Error::invalid("A namespace can only be given together with a format");
        // One that no package of the format can have is refused here as everywhere.
        PackageKey::new(format.ok_or_else(missing)?, Some(prefix), prefix)?;
    }
    let wanted = |package: &&Arc<Package>| {
        let PackageKey { format: of, namespace: within, name } = &package.key;
        let begins = |text: &str, prefix| text.starts_with(&of.looked_up(prefix));
        format.is_none_or(|format| *of == format)
            && namespace.is_none_or(|prefix| within.as_ref().is_some_and(|name| begins(name, prefix)))
            && begins(name, prefix)
            && publish.is_none_or(|wanted| package.origin.publish.name() == wanted)
            && upstream.is_none_or(|wanted| package.origin.upstream.name() == wanted)
    };
    let packages = packages_from(&repository(input, state)?.packages, page.from()).filter(wanted);
    let packages = packages.map(|package| (package.key.page_key(), package));
    Ok(json_response(&page.cut("packages", packages, |package| package.summary())))
}

/// Every status unless one is asked for; by version, or the newest first.
pub(super) fn list_versions(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let page = input.page(state)?;
    let status = input.text("status");
    let newest_first = input.text("sortBy").is_some();
    let origin = input.text("originType");
    let key = input.package_key()?;
    let package = package(input, state, &key)?;
    let wanted = |version: &&Arc<Version>| {
        status.is_none_or(|status| version.status.name() == status)
            && origin.is_none_or(|origin| version.origin.type_name() == origin)
    };
    let page_key = |version: &Version| {
        if newest_first { format!("{} {}", age(version), version.number) } else { version.number.clone() }
    };
    let versions = package.versions.values().filter(wanted);
    let sorted = page.select(versions.map(|version| (page_key(version), version)));
    let mut answer = page.cut("versions", sorted.into_iter(), |version| version.summary());
    answer["format"] = package.key.format.name().into();
    answer["package"] = package.key.name.as_str().into();
    if let Some(namespace) = &package.key.namespace {
        answer["namespace"] = namespace.as_str().into();
    }
    if let Some(version) = package.default_display_version() {
        answer["defaultDisplayVersion"] = version.into();
    }
    Ok(json_response(&answer))
}

/// Sorts the newest first as text.
fn age(version: &Version) -> String {
    // Wider than the time itself, so that no time is too early.
    format!("{:020}", i128::from(i64::MAX) - i128::from(version.published.as_microsecond()))
}

fn repository<'a>(input: &Input<'_>, state: &'a State) -> Result<&'a Repository> {
    state.domain(&input.domain_key()?)?.repository(input.repository_name()?)
}

pub(super) fn package<'a>(input: &Input<'_>, state: &'a State, key: &PackageKey) -> Result<&'a Package> {
    let found = repository(input, state)?.packages.get(&key.looked_up());
    found.map(AsRef::as_ref).ok_or_else(|| key.not_found())
}

/// The package that a request names, to change it.
pub(super) fn package_mut<'a>(input: &Input<'_>, state: &'a mut State) -> Result<&'a mut Package> {
    let key = package(input, state, &input.package_key()?)?.key.clone();
    let repository = state.domain_mut(&input.domain_key()?)?.repository_mut(input.repository_name()?)?;
    repository.package_mut(&key)
}
