//! `CreateRepository`, `DescribeRepository`, `UpdateRepository`, `DeleteRepository`, the two lists,
//! `GetRepositoryEndpoint`.

use super::Input;
use crate::error::{Error, ResourceType, Result};
use crate::host::Stack;
use crate::links::Place;
use crate::state::package::Packages;
use crate::state::repository::{link, relink};
use crate::state::tags::Tags;
use crate::state::{Domain, DomainKey, Repository, State};
use crate::wire::json_response;
use axum::response::Response;
use serde_json::json;
use std::ops::Bound;
use std::sync::Arc;

pub(super) fn create(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = input.domain_key()?;
    let name = input.repository_name()?;
    let description = input.text("description");
    let upstreams = upstream_names(input).unwrap_or_default();
    let tags = Tags::of(input.list("tags").unwrap_or_default())?;
    let arn = repository_arn(state, &key, name);
    if !tags.is_empty() {
        input.authorize(state, "TagResource", &arn)?;
    }
    authorize_upstreams(input, state, &key, &upstreams)?;
    let quotas = &state.settings.quotas;
    tags.check_quota(ResourceType::Repository, name, quotas.tags_per_resource)?;
    let domain = state.domain(&key)?;
    check_room(domain, name, quotas.repositories_per_domain)?;
    let upstreams = link(domain, name, &upstreams, quotas.upstreams_per_repository)?;
    let repository = Repository {
        id: state.next_id(),
        name: name.into(),
        arn,
        administrator: input.caller.account.clone(),
        tags,
        policy: None,
        upstreams,
        connection: None,
        description: set(description),
        created: input.now,
        packages: Packages::new(),
    };
    let domain = state.domain_mut(&key)?;
    let answer = answer(&repository, domain);
    domain.repositories.insert(name.into(), Arc::new(repository));
    Ok(answer)
}

/// Whether names that differ only in case may coexist is not documented; here they may not.
fn check_room(domain: &Domain, name: &str, limit: usize) -> Result<()> {
    let key = &domain.key;
    if domain.repositories.keys().any(|known| known.eq_ignore_ascii_case(name)) {
        let message = format!("Repository '{name}' in domain {key} already exists");
        return Err(Error::conflict(ResourceType::Repository, name, message));
    }
    if domain.repositories.len() >= limit {
        let message = format!("Domain {key} already has {limit} repositories, its quota");
        return Err(Error::quota(ResourceType::Repository, name, message));
    }
    Ok(())
}

pub(super) fn describe(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let domain = state.domain(&input.domain_key()?)?;
    Ok(answer(domain.repository(input.repository_name()?)?, domain))
}

/// Any update, also one without members, makes the references to upstreams afresh.
pub(super) fn update(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = input.domain_key()?;
    let name = input.repository_name()?;
    let description = input.text("description");
    let wanted = upstream_names(input);
    let domain = state.domain(&key)?;
    let repository = domain.repository(name)?;
    // A repository made anew under the name of an upstream is another upstream.
    let listed = |name: &String| {
        let now = domain.repositories.get(name);
        let same = |id| now.is_none_or(|now| now.id == id);
        repository.upstreams.iter().any(|known| known.name == *name && same(known.id))
    };
    let as_before = || repository.upstreams.iter().map(|known| known.name.clone()).collect();
    let mut added = wanted.clone().unwrap_or_else(as_before);
    added.retain(|name| !listed(name));
    authorize_upstreams(input, state, &key, &added)?;
    let upstreams = match &wanted {
        Some(_) if repository.connection.is_some() => {
            return Err(Error::invalid(format!(
                "Repository '{name}' has an external connection and cannot have upstreams"
            )));
        }
        Some(names) => link(domain, name, names, state.settings.quotas.upstreams_per_repository)?,
        None => relink(domain, name, &repository.upstreams)?,
    };
    let repository = state.domain_mut(&key)?.repository_mut(name)?;
    repository.upstreams = upstreams;
    if description.is_some() {
        repository.description = set(description);
    }
    describe(input, state)
}

/// An absent repository is no error. A repository that others use as upstream goes all the same.
pub(super) fn delete(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let name = input.repository_name()?;
    let domain = state.domain_mut(&input.domain_key()?)?;
    let Some(repository) = domain.repositories.remove(name) else { return Ok(json_response(&json!({}))) };
    domain.groups.forget(name);
    Ok(answer(&repository, domain))
}

/// What the caller's account administers, across domains.
pub(super) fn list(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let page = input.page(state)?;
    let prefix = input.text("repositoryPrefix").unwrap_or_default();
    let all = state
        .domains
        .values()
        .flat_map(|domain| domain.repositories.values().map(move |repository| (domain, repository)));
    let items = all
        .filter(|(_, repository)| repository.administrator == input.caller.account)
        .filter(|(_, repository)| repository.name.starts_with(prefix))
        // A space sorts below every character of a name, so keys sort as the maps do.
        .map(|(domain, repository)| {
            let key = format!("{} {} {}", domain.key.owner, domain.key.name, repository.name);
            (key, (domain, repository))
        });
    let answer = page.cut("repositories", items, |(domain, repository)| repository.summary(domain));
    Ok(json_response(&answer))
}

pub(super) fn list_in_domain(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let page = input.page(state)?;
    let prefix = input.text("repositoryPrefix").unwrap_or_default();
    let administrator = input.text("administratorAccount");
    let domain = state.domain(&input.domain_key()?)?;
    let items = domain
        .repositories
        .range::<_, str>((page.from(), Bound::Unbounded))
        .map(|(_, repository)| repository)
        .filter(|repository| repository.name.starts_with(prefix))
        .filter(|repository| administrator.is_none_or(|account| repository.administrator == account))
        .map(|repository| (repository.name.clone(), repository));
    Ok(json_response(&page.cut("repositories", items, |repository| repository.summary(domain))))
}

pub(super) fn endpoint(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = input.domain_key()?;
    let name = input.repository_name()?;
    let format = input.format()?.name();
    let domain = state.domain(&key)?;
    domain.repository(name)?;
    let stack = if input.text("endpointType") == Some("dualstack") { Stack::Dual } else { Stack::Ipv4 };
    let place = Place { domain: &key, number: domain.number, format, repository: name };
    let endpoint = state.settings.links.endpoint(input.reached, stack, &place);
    Ok(json_response(&json!({ "repositoryEndpoint": endpoint.to_string() })))
}

fn answer(repository: &Repository, domain: &Domain) -> Response {
    json_response(&json!({ "repository": repository.describe(domain) }))
}

/// An empty description is as good as none.
fn set(description: Option<&str>) -> Option<String> {
    description.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn upstream_names(input: &Input<'_>) -> Option<Vec<String>> {
    let name = |entry: &serde_json::Value| entry["repositoryName"].as_str().map(str::to_owned);
    Some(input.list("upstreams")?.iter().filter_map(name).collect())
}

/// Each new upstream needs a permission of its own.
fn authorize_upstreams(input: &Input<'_>, state: &State, key: &DomainKey, names: &[String]) -> Result<()> {
    names.iter().try_for_each(|name| {
        let arn = repository_arn(state, key, name);
        input.authorize(state, "AssociateWithDownstreamRepository", &arn)
    })
}

fn repository_arn(state: &State, key: &DomainKey, name: &str) -> String {
    state.settings.arn(&key.owner, &format!("repository/{}/{name}", key.name))
}
