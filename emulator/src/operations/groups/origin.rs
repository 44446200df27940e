//! `UpdatePackageGroupOriginConfiguration`, `ListAllowedRepositoriesForGroup`.

use super::{Input, pattern};
use crate::error::{Error, Result};
use crate::state::State;
use crate::state::group::{ListUpdates, Mode, OriginChange, Way};
use crate::wire::json_response;
use axum::response::Response;
use serde_json::{Map, Value, json};

/// Changes modes and lists in one call; what it does not name stays.
pub(crate) fn update_origin(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let pattern = pattern(input)?;
    let change = OriginChange {
        modes: modes(input)?,
        added: entries(input, "addAllowedRepositories")?,
        removed: entries(input, "removeAllowedRepositories")?,
    };
    let domain = state.domain_mut(&input.domain_key()?)?;
    domain.group(pattern.text())?;
    if pattern.is_root() && change.modes.iter().any(|(_, mode)| *mode == Mode::Inherit) {
        return Err(Error::invalid("The root package group '/*' has no parent to inherit from"));
    }
    // One that is gone can still be taken off.
    change.added.iter().try_for_each(|(_, name)| domain.repository(name).map(|_| ()))?;
    let updates = domain.group_mut(pattern.text())?.origin.change(&change)?;
    let domain = state.domain(&input.domain_key()?)?;
    let description = domain.group(pattern.text())?.describe(domain, &state.settings);
    let answer = json!({ "packageGroup": description, "allowedRepositoryUpdates": told(updates) });
    Ok(json_response(&answer))
}

/// The group's own list. One that inherits has none.
pub(crate) fn list_allowed_repositories(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let way = way(input.required("originRestrictionType")?)?;
    let domain = state.domain(&input.domain_key()?)?;
    let setting = domain.group(pattern(input)?.text())?.origin.setting(way);
    let items = setting.repositories.iter().map(|name| (name.clone(), name.as_str()));
    Ok(json_response(&input.page(state)?.cut("allowedRepositories", items, Value::from)))
}

fn modes(input: &Input<'_>) -> Result<Vec<(Way, Mode)>> {
    let given = input.value("restrictions").and_then(Value::as_object);
    let modes = given.into_iter().flatten().map(|(name, mode)| {
        let mode = mode.as_str().and_then(Mode::parse);
        Ok((way(name)?, mode.ok_or_else(|| Error::invalid(format!("The mode of {name} is not known")))?))
    });
    modes.collect()
}

/// The model requires neither member of an entry, yet it is nothing without them.
fn entries(input: &Input<'_>, list: &str) -> Result<Vec<(Way, String)>> {
    let entries = input.list(list).unwrap_or_default().iter().map(|entry| {
        let member = |name: &str| {
            let missing = || Error::invalid(format!("An entry of {list} has no {name}"));
            entry[name].as_str().ok_or_else(missing)
        };
        Ok((way(member("originRestrictionType")?)?, member("repositoryName")?.to_owned()))
    });
    entries.collect()
}

fn way(name: &str) -> Result<Way> {
    Way::parse(name)
        .ok_or_else(|| Error::invalid(format!("The origin restriction type '{name}' is not known")))
}

fn told(updates: ListUpdates) -> Value {
    let told = updates.into_iter().map(|(way, update)| {
        let kinds = [("ADDED", update.added), ("REMOVED", update.removed)].into_iter();
        let kinds = kinds.filter(|(_, names)| !names.is_empty());
        (way.name().to_owned(), kinds.map(|(kind, names)| (kind.to_owned(), Value::from(names))).collect())
    });
    Value::Object(told.collect::<Map<_, _>>())
}
