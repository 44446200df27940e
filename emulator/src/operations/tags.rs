//! `TagResource`, `UntagResource`, `ListTagsForResource`, on domains, repositories and package groups.

use super::Input;
use crate::error::{Error, ResourceType, Result};
use crate::state::group::from_arn_path;
use crate::state::tags::Tags;
use crate::state::{DomainKey, State};
use crate::wire::json_response;
use axum::response::Response;
use serde_json::json;

/// Its answer has no body, nor has that of `UntagResource`.
pub(super) fn tag(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let given = Tags::of(input)?;
    let limit = state.settings.quotas.tags_per_resource;
    let Tagged { tags, kind, name } = tagged(input, state)?;
    let merged = tags.merged(given);
    merged.check_quota(kind, &name, limit)?;
    *tags = merged;
    Ok(Response::default())
}

pub(super) fn untag(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let keys = input.texts("tagKeys").unwrap_or_default();
    let tags = tagged(input, state)?.tags;
    for key in keys {
        tags.remove(key);
    }
    Ok(Response::default())
}

pub(super) fn list(input: &Input<'_>, state: &mut State) -> Result<Response> {
    Ok(json_response(&json!({ "tags": tagged(input, state)?.tags.to_json() })))
}

/// A resource's tags, with what an error would say of it.
struct Tagged<'a> {
    tags: &'a mut Tags,
    kind: ResourceType,
    name: String,
}

/// The resource that `resourceArn` names.
fn tagged<'a>(input: &Input<'_>, state: &'a mut State) -> Result<Tagged<'a>> {
    let arn = input.required("resourceArn")?;
    let malformed = || Error::invalid(format!("The resource ARN '{arn}' is not valid"));
    let parts = arn.splitn(6, ':').collect::<Vec<_>>();
    let ["arn", "aws", "codeartifact", region, owner, resource] = parts[..] else {
        return Err(malformed());
    };
    if region != state.settings.region {
        return Err(malformed());
    }
    let key = |name: &str| DomainKey { owner: owner.into(), name: name.into() };
    if let Some((domain, pattern)) = from_arn_path(resource) {
        let tags = &mut state.domain_mut(&key(domain))?.group_mut(&pattern)?.tags;
        return Ok(Tagged { tags, kind: ResourceType::PackageGroup, name: pattern });
    }
    match resource.split('/').collect::<Vec<_>>()[..] {
        ["domain", domain] => {
            let tags = &mut state.domain_mut(&key(domain))?.tags;
            Ok(Tagged { tags, kind: ResourceType::Domain, name: domain.into() })
        }
        ["repository", domain, repository] => {
            let domain = state.domain_mut(&key(domain))?;
            let tags = &mut domain.repository_mut(repository)?.tags;
            Ok(Tagged { tags, kind: ResourceType::Repository, name: repository.into() })
        }
        _ => Err(malformed()),
    }
}
