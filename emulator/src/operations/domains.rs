//! `CreateDomain`, `DescribeDomain`, `DeleteDomain`, `ListDomains`.

use super::Input;
use crate::error::{Error, ResourceType, Result};
use crate::state::tags::Tags;
use crate::state::{Domain, State};
use crate::wire::json_response;
use axum::response::Response;
use serde_json::json;
use std::sync::Arc;

pub(super) fn create(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = input.domain_key()?;
    let tags = Tags::of(input.list("tags").unwrap_or_default())?;
    if !tags.is_empty() {
        let arn = state.settings.arn(&key.owner, &format!("domain/{}", key.name));
        input.authorize(state, "TagResource", &arn)?;
    }
    let quotas = &state.settings.quotas;
    tags.check_quota(ResourceType::Domain, &key.name, quotas.tags_per_resource)?;
    if state.domains.contains_key(&key) {
        let message = format!("Domain {key} already exists");
        return Err(Error::conflict(ResourceType::Domain, &key.name, message));
    }
    let owned = state.domains.keys().filter(|known| known.owner == key.owner).count();
    if owned >= quotas.domains_per_account {
        let limit = quotas.domains_per_account;
        let message = format!("The account already has {limit} domains, its quota");
        return Err(Error::quota(ResourceType::Domain, &key.name, message));
    }
    let encryption_key = state.encryption_key(&key.owner, input.text("encryptionKey"))?;
    let mut domain = Domain::new(&state.settings, key.clone(), encryption_key, input.now);
    domain.tags = tags;
    domain.number = state.free_number();
    let description = domain.description(&state.settings);
    state.domains.insert(key, Arc::new(domain));
    Ok(json_response(&json!({ "domain": description })))
}

pub(super) fn describe(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let domain = state.domain(&input.domain_key()?)?;
    Ok(json_response(&json!({ "domain": domain.description(&state.settings) })))
}

/// An absent domain is no error: the operation declares none for it.
pub(super) fn delete(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = input.domain_key()?;
    let Some(domain) = state.domains.get(&key) else { return Ok(json_response(&json!({}))) };
    if !domain.repositories.is_empty() {
        let message = "Domain must contain 0 repositories before deletion";
        return Err(Error::conflict(ResourceType::Domain, &key.name, message));
    }
    let description = domain.description(&state.settings);
    state.domains.remove(&key);
    Ok(json_response(&json!({ "domain": description })))
}

pub(super) fn list(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let page = input.page(state)?;
    let mine = state.domains.values().filter(|one| one.key.owner == input.caller.account);
    let items = mine.map(|domain| (domain.key.name.clone(), domain));
    Ok(json_response(&page.cut("domains", items, |domain| domain.summary())))
}
