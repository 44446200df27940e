//! `CreatePackageGroup`, `DescribePackageGroup`, `UpdatePackageGroup`, `DeletePackageGroup`, and the
//! lists of groups.

mod origin;
mod packages;

pub(super) use origin::{list_allowed_repositories, update_origin};
pub(super) use packages::{get_associated, list_associated};

use super::Input;
use crate::error::{Error, ResourceType, Result};
use crate::state::group::{Group, Pattern};
use crate::state::tags::Tags;
use crate::state::{Domain, State};
use crate::wire::json_response;
use crate::wire::page::PageRequest;
use axum::response::Response;
use serde_json::json;

pub(super) fn create(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let pattern = pattern(input)?;
    let tags = Tags::of(input.list("tags").unwrap_or_default())?;
    let domain = state.domain(&input.domain_key()?)?;
    if !tags.is_empty() {
        input.authorize(state, "TagResource", &domain.group_arn(pattern.text(), &state.settings))?;
    }
    let limit = state.settings.quotas.tags_per_resource;
    tags.check_quota(ResourceType::PackageGroup, pattern.text(), limit)?;
    if domain.groups.get(pattern.text()).is_some() {
        let message = format!("Package group '{}' in domain {} already exists", pattern.text(), domain.key);
        return Err(Error::conflict(ResourceType::PackageGroup, pattern.text(), message));
    }
    let mut group = Group { tags, ..Group::new(pattern.clone(), input.now) };
    describe_anew(input, &mut group);
    state.domain_mut(&input.domain_key()?)?.groups.add(group);
    answer(input, state)
}

pub(super) fn describe(input: &Input<'_>, state: &mut State) -> Result<Response> {
    answer(input, state)
}

/// What is left out stays as it is.
pub(super) fn update(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let pattern = pattern(input)?;
    describe_anew(input, state.domain_mut(&input.domain_key()?)?.group_mut(pattern.text())?);
    answer(input, state)
}

/// Packages and groups within it stay, and fall to its parent.
pub(super) fn delete(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let pattern = pattern(input)?;
    if pattern.is_root() {
        return Err(Error::invalid("The root package group '/*' cannot be deleted"));
    }
    let last = answer(input, state)?;
    state.domain_mut(&input.domain_key()?)?.groups.remove(pattern.text());
    Ok(last)
}

/// All groups of the domain whose patterns begin with `prefix`.
pub(super) fn list(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let prefix = input.text("prefix").unwrap_or_default();
    let page = input.page(state)?;
    let domain = state.domain(&input.domain_key()?)?;
    let groups = domain.groups.iter_from(page.from());
    let groups = groups.filter(|group| group.pattern.text().starts_with(prefix));
    Ok(answer_page(&page, state, domain, groups))
}

/// The groups directly within one.
pub(super) fn list_sub(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let pattern = pattern(input)?;
    let domain = state.domain(&input.domain_key()?)?;
    let page = input.page(state)?;
    domain.group(pattern.text())?;
    Ok(answer_page(&page, state, domain, domain.groups.children(&pattern, page.from())))
}

/// The pattern that a request names, which must be a legal one also where nothing is made of it.
fn pattern(input: &Input<'_>) -> Result<Pattern> {
    Pattern::parse(input.required("packageGroup")?)
}

/// Set what people say of the group. An empty text is as good as none.
fn describe_anew(input: &Input<'_>, group: &mut Group) {
    let set = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    if let Some(text) = input.text("contactInfo") {
        group.contact_info = set(text);
    }
    if let Some(text) = input.text("description") {
        group.description = set(text);
    }
}

/// The group that a request names, as it is.
fn answer(input: &Input<'_>, state: &State) -> Result<Response> {
    let domain = state.domain(&input.domain_key()?)?;
    let group = domain.group(pattern(input)?.text())?;
    Ok(json_response(&json!({ "packageGroup": group.describe(domain, &state.settings) })))
}

fn answer_page<'a>(
    page: &PageRequest,
    state: &State,
    domain: &'a Domain,
    groups: impl Iterator<Item = &'a Group>,
) -> Response {
    let items = groups.map(|group| (group.pattern.text().to_owned(), group));
    let describe = |group: &Group| group.describe(domain, &state.settings);
    json_response(&page.cut("packageGroups", items, describe))
}
