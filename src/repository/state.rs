//! A repository in normal form, from the spec and from AWS. Pure.

use std::collections::BTreeMap;

use aws_sdk_codeartifact::types::RepositoryDescription;
use jiff::Timestamp;

use super::endpoints::Endpoints;
use crate::api::{RepositorySpec, RepositoryStatus, Tags, UpstreamStatus};
use crate::aws::timestamp;
use crate::engine::pipeline::not_compared::NotCompared;
use crate::engine::pipeline::tags;

/// What the operator manages of a repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RepositoryState {
    /// Description; AWS leaves out an empty one.
    pub description: String,
    /// Upstreams in the order in which they are searched.
    pub upstreams: Vec<UpstreamState>,
    /// The external connection; AWS allows one.
    pub connection: Option<String>,
    /// Tags, the owner tag among them.
    pub tags: Tags,
    /// ARN, once AWS has given one.
    pub arn: NotCompared<String>,
}

/// An upstream. AWS refers to it by identity: one that was deleted and made anew under its name is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamState {
    /// Name of the repository.
    pub name: String,
    /// When AWS created it. On the wanted side `None` means that only AWS can tell; on the other side a time that differs from
    /// the wanted one means that AWS still refers to an upstream that is gone.
    pub created: Option<Timestamp>,
}

/// What AWS says about a repository, for status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// ARN of the repository.
    pub arn: Option<String>,
    /// Account that owns the domain.
    pub owner: Option<String>,
    /// Account that created the repository.
    pub administrator_account: Option<String>,
    /// When AWS created it.
    pub created_time: Option<Timestamp>,
    /// Its addresses, when they were asked for.
    pub endpoints: Option<Endpoints>,
    /// When AWS created the upstreams that the spec names by AWS name.
    pub upstreams_created: CreationTimes,
    /// Whether AWS denied to list its tags, so that they are taken to be as declared.
    pub tags_denied: bool,
    /// Whether AWS denied to describe it, so that it is taken to be as it was last made.
    pub unseen: bool,
}

/// Name of a repository to when AWS created it.
pub type CreationTimes = BTreeMap<String, Timestamp>;

impl RepositoryState {
    /// What a spec declares; upstreams and tags are the resolved ones.
    pub fn declared(spec: &RepositorySpec, upstreams: Vec<UpstreamState>, tags: Tags) -> Self {
        Self {
            description: spec.description.clone().unwrap_or_default(),
            upstreams,
            connection: spec.external_connection.clone(),
            tags,
            arn: NotCompared::default(),
        }
    }

    /// What AWS holds, narrowed to what the object manages. `created` are the wanted upstreams that had to be looked up.
    pub fn observed(
        described: &RepositoryDescription,
        all_tags: Tags,
        want: Option<&Self>,
        (status, created): (&RepositoryStatus, &CreationTimes),
    ) -> Self {
        let names = described.upstreams().iter().filter_map(|upstream| upstream.repository_name());
        let connections = described.external_connections().iter();
        Self {
            description: described.description().unwrap_or_default().into(),
            upstreams: names.map(|name| observed_upstream(name, want, &status.upstreams, created)).collect(),
            connection: connections.filter_map(|one| one.external_connection_name()).map(Into::into).next(),
            tags: tags::managed(all_tags, want.map(|want| &want.tags), &status.tag_keys),
            arn: NotCompared(described.arn().unwrap_or_default().into()),
        }
    }
}

/// A repository that was made as declared, and that AWS does not let this identity describe. Only an upstream that was made
/// anew since is known to differ.
pub fn unseen(status: &RepositoryStatus, want: &RepositoryState) -> (RepositoryState, RepositoryFacts) {
    let recorded = status.upstreams.iter().filter_map(|one| Some((one.name.clone(), one.created_time?)));
    let facts = RepositoryFacts {
        arn: status.arn.clone(),
        owner: status.owner.clone(),
        administrator_account: status.administrator_account.clone(),
        created_time: status.created_time,
        upstreams_created: recorded.collect(),
        unseen: true,
        ..RepositoryFacts::default()
    };
    let names = want.upstreams.iter().map(|upstream| upstream.name.as_str());
    let upstreams =
        names.map(|name| observed_upstream(name, Some(want), &status.upstreams, &facts.upstreams_created));
    let arn = NotCompared(status.arn.clone().unwrap_or_default());
    (RepositoryState { upstreams: upstreams.collect(), arn, ..want.clone() }, facts)
}

/// Identifies an observed upstream by the creation time that was recorded when the operator set the upstream. Without a record,
/// the upstream is assumed to be the declared one.
fn observed_upstream(
    name: &str,
    want: Option<&RepositoryState>,
    recorded: &[UpstreamStatus],
    created: &CreationTimes,
) -> UpstreamState {
    let wanted = want.and_then(|want| want.upstreams.iter().find(|upstream| upstream.name == name));
    let wanted = wanted.and_then(|upstream| upstream.created);
    let current = wanted.or_else(|| created.get(name).copied());
    let when_set = recorded.iter().find(|upstream| upstream.name == name);
    let when_set = when_set.and_then(|upstream| upstream.created_time);
    let replaced = when_set.filter(|set| current.is_some_and(|current| current != *set));
    UpstreamState { name: name.into(), created: replaced.or(wanted) }
}

impl From<&RepositoryDescription> for RepositoryFacts {
    fn from(described: &RepositoryDescription) -> Self {
        Self {
            arn: described.arn().map(Into::into),
            owner: described.domain_owner().map(Into::into),
            administrator_account: described.administrator_account().map(Into::into),
            created_time: described.created_time().and_then(timestamp),
            endpoints: None,
            upstreams_created: CreationTimes::new(),
            tags_denied: false,
            unseen: false,
        }
    }
}

/// Puts into status what is known. Without `state` nothing was declared in AWS, and what was set before stays remembered.
pub fn fill_status(
    status: &mut RepositoryStatus,
    state: Option<&RepositoryState>,
    facts: Option<&RepositoryFacts>,
) {
    let Some(facts) = facts else {
        let (common, identity) = (status.common.clone(), status.identity.clone());
        *status = RepositoryStatus { common, identity, ..RepositoryStatus::default() };
        return;
    };
    status.arn.clone_from(&facts.arn);
    status.owner.clone_from(&facts.owner);
    status.administrator_account.clone_from(&facts.administrator_account);
    status.created_time = facts.created_time;
    if let Some(endpoints) = &facts.endpoints {
        status.endpoints.clone_from(endpoints);
    }
    if let Some(state) = state {
        status.tag_keys = tags::keys(&state.tags);
        let created = |upstream: &UpstreamState| {
            upstream.created.or_else(|| facts.upstreams_created.get(&upstream.name).copied())
        };
        let upstreams = state.upstreams.iter();
        status.upstreams = upstreams
            .map(|upstream| UpstreamStatus { name: upstream.name.clone(), created_time: created(upstream) })
            .collect();
    }
}

#[cfg(test)]
mod tests;
