//! `TagResource`, `UntagResource`, `ListTagsForResource`, on domains, repositories and package groups.

use super::Input;
use super::named::{Kind, Named};
use crate::error::{Error, ResourceType, Result};
use crate::state::tags::Tags;
use crate::state::{DomainKey, State};
use crate::wire::json_response;
use axum::response::Response;
use serde_json::json;

/// Its answer has no body, nor has that of `UntagResource`.
pub(super) fn tag(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let given = Tags::of(input.list("tags").unwrap_or_default())?;
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
    let named = Named::parse(arn).filter(|named| named.region == state.settings.region);
    let named = named.ok_or_else(|| Error::invalid(format!("The resource ARN '{arn}' is not valid")))?;
    let domain = state.domain_mut(&DomainKey { owner: named.owner.into(), name: named.domain.into() })?;
    let (tags, kind, name) = match named.kind {
        Kind::Domain => (&mut domain.tags, ResourceType::Domain, named.domain.to_owned()),
        Kind::Repository(repository) => {
            (&mut domain.repository_mut(repository)?.tags, ResourceType::Repository, repository.to_owned())
        }
        Kind::Group(pattern) => (&mut domain.group_mut(&pattern)?.tags, ResourceType::PackageGroup, pattern),
    };
    Ok(Tagged { tags, kind, name })
}
