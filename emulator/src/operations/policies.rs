//! Permissions policies of domains and repositories: put, get, delete.

use super::Input;
use crate::error::{ResourceType, Result};
use crate::state::permissions::{Permissions, Subject, check_revision, no_policy};
use crate::state::{Settings, State};
use crate::wire::json_response;
use axum::response::Response;
use serde_json::json;

pub(super) fn put_domain(input: &Input<'_>, state: &mut State) -> Result<Response> {
    put(input, state, &Owner::domain(input, &state.settings)?)
}

pub(super) fn get_domain(input: &Input<'_>, state: &mut State) -> Result<Response> {
    get(input, state, &Owner::domain(input, &state.settings)?)
}

pub(super) fn delete_domain(input: &Input<'_>, state: &mut State) -> Result<Response> {
    delete(input, state, &Owner::domain(input, &state.settings)?)
}

pub(super) fn put_repository(input: &Input<'_>, state: &mut State) -> Result<Response> {
    put(input, state, &Owner::repository(input, &state.settings)?)
}

pub(super) fn get_repository(input: &Input<'_>, state: &mut State) -> Result<Response> {
    get(input, state, &Owner::repository(input, &state.settings)?)
}

pub(super) fn delete_repository(input: &Input<'_>, state: &mut State) -> Result<Response> {
    delete(input, state, &Owner::repository(input, &state.settings)?)
}

/// What has the policy: a domain, or a repository.
struct Owner {
    kind: ResourceType,
    repository: Option<String>,
    name: String,
    arn: String,
    /// What the ARNs begin with of all that lies in it.
    within: Vec<String>,
    /// The ARN of the domain that a repository lies in.
    domain: Option<String>,
}

impl Owner {
    fn domain(input: &Input<'_>, settings: &Settings) -> Result<Self> {
        let key = input.domain_key()?;
        let arn = |kind: &str, rest: &str| settings.arn(&key.owner, &format!("{kind}/{}{rest}", key.name));
        Ok(Self {
            kind: ResourceType::Domain,
            repository: None,
            arn: arn("domain", ""),
            within: ["repository", "package", "package-group"].map(|kind| arn(kind, "/")).into(),
            domain: None,
            name: key.name.clone(),
        })
    }

    fn repository(input: &Input<'_>, settings: &Settings) -> Result<Self> {
        let key = input.domain_key()?;
        let name = input.repository_name()?;
        let arn =
            |kind: &str, rest: &str| settings.arn(&key.owner, &format!("{kind}/{}/{name}{rest}", key.name));
        Ok(Self {
            kind: ResourceType::Repository,
            repository: Some(name.into()),
            arn: arn("repository", ""),
            within: vec![arn("package", "/")],
            domain: Some(settings.arn(&key.owner, &format!("domain/{}", key.name))),
            name: name.into(),
        })
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            kind: self.kind,
            name: &self.name,
            arn: &self.arn,
            within: &self.within,
            domain: self.domain.as_deref(),
        }
    }

    fn current<'a>(&self, input: &Input<'_>, state: &'a State) -> Result<Option<&'a Permissions>> {
        let domain = state.domain(&input.domain_key()?)?;
        Ok(match &self.repository {
            Some(name) => domain.repository(name)?.policy.as_ref(),
            None => domain.policy.as_ref(),
        })
    }

    fn slot<'a>(&self, input: &Input<'_>, state: &'a mut State) -> Result<&'a mut Option<Permissions>> {
        let domain = state.domain_mut(&input.domain_key()?)?;
        Ok(match &self.repository {
            Some(name) => &mut domain.repository_mut(name)?.policy,
            None => &mut domain.policy,
        })
    }
}

fn put(input: &Input<'_>, state: &mut State, owner: &Owner) -> Result<Response> {
    let subject = owner.subject();
    check_revision(owner.current(input, state)?, input.text("policyRevision"), subject)?;
    let id = state.next_id();
    let document = input.required("policyDocument")?;
    let permissions = Permissions::new(document, subject, &state.principals, id)?;
    let answer = json!({ "policy": permissions.to_json(&owner.arn) });
    *owner.slot(input, state)? = Some(permissions);
    Ok(json_response(&answer))
}

fn get(input: &Input<'_>, state: &mut State, owner: &Owner) -> Result<Response> {
    let permissions = owner.current(input, state)?.ok_or_else(|| no_policy(owner.subject()))?;
    Ok(json_response(&json!({ "policy": permissions.to_json(&owner.arn) })))
}

/// The answer shows the policy that was.
fn delete(input: &Input<'_>, state: &mut State, owner: &Owner) -> Result<Response> {
    let slot = owner.slot(input, state)?;
    let permissions = slot.take().ok_or_else(|| no_policy(owner.subject()))?;
    check_revision(Some(&permissions), input.text("policyRevision"), owner.subject())?;
    Ok(json_response(&json!({ "policy": permissions.to_json(&owner.arn) })))
}
