//! `ListAssociatedPackages`, `GetAssociatedPackageGroup`.

use super::{Input, pattern};
use crate::error::Result;
use crate::state::State;
use crate::state::group::{Association, Group};
use crate::state::package::PackageKey;
use crate::wire::json_response;
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The packages of all repositories that belong to a group; with `preview` also those that would
/// belong to a group that is not there.
pub(crate) fn list_associated(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let pattern = pattern(input)?;
    let page = input.page(state)?;
    let domain = state.domain(&input.domain_key()?)?;
    let mut groups = domain.groups.clone();
    if !input.flag("preview") {
        domain.group(pattern.text())?;
    } else if groups.get(pattern.text()).is_none() {
        groups.add(Group::new(pattern.clone(), input.now));
    }
    let keys = domain.repositories.values().flat_map(|repository| repository.packages.keys());
    // Many repositories have the same package; it is looked up once.
    let keys: BTreeMap<String, &PackageKey> = keys.map(|key| (key.arn_path(), key)).collect();
    let associated = keys.into_iter().filter_map(|(path, key)| {
        let Association { group, strength } = groups.association(key);
        (group.pattern.text() == pattern.text()).then_some((path, (key, strength)))
    });
    let answer = page.cut("packages", associated, |(key, strength)| {
        let mut package = json!({
            "format": key.format.name(),
            "package": key.name,
            "associationType": strength.name(),
        });
        if let Some(namespace) = &key.namespace {
            package["namespace"] = Value::from(namespace.as_str());
        }
        package
    });
    Ok(json_response(&answer))
}

/// The group that a package belongs to, whether the package exists or not.
pub(crate) fn get_associated(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = input.package_key()?.stored()?;
    let domain = state.domain(&input.domain_key()?)?;
    let Association { group, strength } = domain.groups.association(&key);
    let answer = json!({
        "packageGroup": group.describe(domain, &state.settings),
        "associationType": strength.name(),
    });
    Ok(json_response(&answer))
}
