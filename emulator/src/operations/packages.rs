//! `PutPackageOriginConfiguration`, `DescribePackage`, `ListPackages`, `ListPackageVersions`.

use super::Input;
use crate::error::{Error, Result};
use crate::state::package::{OriginConfiguration, Package, PackageKey, Restriction};
use crate::state::version::{Origin, Status, Version};
use crate::state::{Format, Repository, State};
use crate::wire::members::{missing, string};
use crate::wire::page::PageRequest;
use crate::wire::text::{PACKAGE_FORMATS, PACKAGE_NAME, check_enum};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Creates the package when it is not there. Both restrictions are sent every time.
pub(super) fn put_origin_configuration(input: &Input<'_>, state: &mut State) -> Result<Value> {
    let key = package_key(input)?;
    let restriction = |name: &str| -> Result<Restriction> {
        let member = format!("restrictions.{name}");
        let restrictions = input.members.raw_body("restrictions").ok_or_else(|| missing("restrictions"))?;
        let value = restrictions.get(name).filter(|value| !value.is_null());
        let value = string(&member, value.ok_or_else(|| missing(&member))?)?;
        check_enum(&member, value, Restriction::NAMES)?;
        Ok(Restriction::parse(value))
    };
    let origin = OriginConfiguration { publish: restriction("publish")?, upstream: restriction("upstream")? };
    let domain = state.domain_mut(&input.domain_key()?)?;
    let repository = domain.repository_mut(input.repository_name()?)?;
    let stored = key.normalised();
    // NuGet names are taken in either form; of the others the documentation wants the stored one.
    if key != stored && key.format != Format::Nuget {
        return Err(Error::invalid(format!(
            "The package name '{}' is not normalised; use '{}'",
            key.full_name(),
            stored.full_name()
        )));
    }
    let package = repository.packages.entry(stored.clone()).or_insert_with(|| Package::new(stored, origin));
    package.origin = origin;
    Ok(json!({ "originConfiguration": origin.describe() }))
}

pub(super) fn describe(input: &Input<'_>, state: &mut State) -> Result<Value> {
    let key = package_key(input)?;
    Ok(json!({ "package": package(input, state, &key)?.description() }))
}

/// What is in this very repository. `namespace` and `package-prefix` match beginnings.
pub(super) fn list(input: &Input<'_>, state: &mut State) -> Result<Value> {
    let members = input.members;
    let page = PageRequest::from_query(members, state.settings.page_size)?;
    let format = members.query_enum("format", PACKAGE_FORMATS)?;
    let namespace = members.query("namespace", &PACKAGE_NAME)?;
    let prefix = members.query("package-prefix", &PACKAGE_NAME)?.unwrap_or_default();
    let publish = members.query_enum("publish", Restriction::NAMES)?;
    let upstream = members.query_enum("upstream", Restriction::NAMES)?;
    if namespace.is_some() && format.is_none() {
        return Err(Error::invalid("A namespace can only be given together with a format"));
    }
    let wanted = |package: &&Package| {
        let PackageKey { format: of, namespace: within, name } = &package.key;
        format.is_none_or(|format| of.name() == format)
            && namespace.is_none_or(|prefix| within.as_ref().is_some_and(|name| name.starts_with(prefix)))
            && name.starts_with(prefix)
            && publish.is_none_or(|wanted| package.origin.publish.name() == wanted)
            && upstream.is_none_or(|wanted| package.origin.upstream.name() == wanted)
    };
    let packages = repository(input, state)?.packages.values().filter(wanted);
    let sorted: BTreeMap<String, &Package> =
        packages.map(|package| (sort_key(&package.key), package)).collect();
    Ok(page.cut("packages", sorted.into_iter(), Package::summary))
}

/// Every status unless one is asked for; by version, or the newest first.
pub(super) fn list_versions(input: &Input<'_>, state: &mut State) -> Result<Value> {
    let members = input.members;
    let page = PageRequest::from_query(members, state.settings.page_size)?;
    let status = members.query_enum("status", Status::NAMES)?;
    let newest_first = members.query_enum("sortBy", &["PUBLISHED_TIME"])?.is_some();
    let origin = members.query_enum("originType", Origin::TYPES)?;
    let key = package_key(input)?;
    let package = package(input, state, &key)?;
    let wanted = |version: &&Version| {
        status.is_none_or(|status| version.status.name() == status)
            && origin.is_none_or(|origin| version.origin.type_name() == origin)
    };
    let page_key = |version: &Version| {
        if newest_first { format!("{} {}", age(version), version.number) } else { version.number.clone() }
    };
    let versions = package.versions.values().filter(wanted);
    let sorted: BTreeMap<String, &Version> = versions.map(|version| (page_key(version), version)).collect();
    let mut answer = page.cut("versions", sorted.into_iter(), Version::summary);
    answer["format"] = package.key.format.name().into();
    answer["package"] = package.key.name.as_str().into();
    if let Some(namespace) = &package.key.namespace {
        answer["namespace"] = namespace.as_str().into();
    }
    if let Some(version) = package.default_display_version() {
        answer["defaultDisplayVersion"] = version.into();
    }
    Ok(answer)
}

/// A space sorts below every character of a name, so namespaces stay together.
fn sort_key(key: &PackageKey) -> String {
    format!("{} {} {}", key.format.name(), key.namespace.as_deref().unwrap_or_default(), key.name)
}

/// Sorts the newest first as text.
fn age(version: &Version) -> String {
    format!("{:020}", i64::MAX - version.published.as_microsecond())
}

/// The package that a request names, as it names it.
fn package_key(input: &Input<'_>) -> Result<PackageKey> {
    let format = Format::parse(input.members.format()?).ok_or_else(|| missing("format"))?;
    let name = input.members.required_query("package", &PACKAGE_NAME)?;
    PackageKey::new(format, input.members.query("namespace", &PACKAGE_NAME)?, name)
}

fn repository<'a>(input: &Input<'_>, state: &'a State) -> Result<&'a Repository> {
    state.domain(&input.domain_key()?)?.repository(input.repository_name()?)
}

/// Found under the stored name, or for NuGet under either.
fn package<'a>(input: &Input<'_>, state: &'a State, key: &PackageKey) -> Result<&'a Package> {
    let packages = &repository(input, state)?.packages;
    let found = match key.format {
        Format::Nuget => packages.get(&key.normalised()),
        _ => packages.get(key),
    };
    found.ok_or_else(|| key.not_found())
}
