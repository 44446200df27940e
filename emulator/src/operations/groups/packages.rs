//! `ListAssociatedPackages`, `GetAssociatedPackageGroup`.

use super::{Input, pattern};
use crate::error::Result;
use crate::state::State;
use crate::state::group::{Association, Group};
use crate::state::package::packages_from;
use crate::wire::json_response;
use axum::response::Response;
use itertools::Itertools;
use serde_json::{Value, json};

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
    let packages =
        domain.repositories.values().map(|repository| packages_from(&repository.packages, page.from()));
    // Many repositories have the same package; it is looked up once.
    let keys = packages.kmerge_by(|one, next| one.key < next.key).map(|package| &package.key).dedup();
    let associated = keys.filter_map(|key| {
        let Association { group, strength } = groups.association(key);
        (group.pattern.text() == pattern.text()).then(|| (key.page_key(), (key, strength)))
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
