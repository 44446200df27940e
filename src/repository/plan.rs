//! What to do to make a repository as declared. Pure.

use std::fmt;

use super::state::{RepositoryState, UpstreamState};
use crate::api::Tags;
use crate::engine::pipeline::tag_step::TagStep;
use crate::engine::pipeline::tags;

/// One call to AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Create the repository.
    Create {
        /// Description; not sent when empty.
        description: String,
        /// Upstreams, in order; not sent when there are none.
        upstreams: Vec<UpstreamState>,
        /// Tags.
        tags: Tags,
    },
    /// Detach an external connection.
    Disconnect(String),
    /// Change what is given; the rest stays. AWS keeps upstreams by identity, so giving the same names again renews them.
    Update {
        /// The new description.
        description: Option<String>,
        /// All upstreams, in order.
        upstreams: Option<Vec<String>>,
    },
    /// Attach an external connection.
    Connect(String),
    /// Change the tags.
    Tags(TagStep),
    /// Delete the repository with its packages.
    Delete,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { .. } => f.write_str("create the repository"),
            Self::Disconnect(name) => write!(f, "detach {name}"),
            Self::Update { description, upstreams } => {
                let upstreams = upstreams.as_deref().map(|names| match names {
                    [] => "remove all upstreams".to_owned(),
                    names => format!("set upstreams to {}", names.join(", ")),
                });
                let description = description.as_ref().map(|text| format!("set description to {text:?}"));
                let parts = [description, upstreams].into_iter().flatten().collect::<Vec<_>>();
                f.write_str(&parts.join(" and "))
            }
            Self::Connect(name) => write!(f, "attach {name}"),
            Self::Tags(step) => step.fmt(f),
            Self::Delete => f.write_str("delete the repository"),
        }
    }
}

/// The writes, in order, that turn `have` into `want`.
pub fn plan(want: Option<&RepositoryState>, have: Option<&RepositoryState>) -> Vec<Step> {
    match (want, have) {
        (None, None) => vec![],
        (None, Some(_)) => vec![Step::Delete],
        (Some(want), None) => {
            let create = Step::Create {
                description: want.description.clone(),
                upstreams: want.upstreams.clone(),
                tags: want.tags.clone(),
            };
            [create].into_iter().chain(want.connection.clone().map(Step::Connect)).collect()
        }
        (Some(want), Some(have)) => changes(want, have),
    }
}

/// Release, reshape, acquire: upstreams and a connection exclude each other, and there is room for one connection and for a
/// number of tags, so that what goes must go before anything comes.
fn changes(want: &RepositoryState, have: &RepositoryState) -> Vec<Step> {
    let rewired = want.upstreams != have.upstreams;
    // Upstreams cannot be sent, not even an empty list, while a connection is attached.
    let reconnected = want.connection != have.connection || (rewired && have.connection.is_some());
    let update = Step::Update {
        description: (want.description != have.description).then(|| want.description.clone()),
        upstreams: rewired.then(|| want.upstreams.iter().map(|upstream| upstream.name.clone()).collect()),
    };
    [
        have.connection.clone().filter(|_| reconnected).map(Step::Disconnect),
        (rewired || want.description != have.description).then_some(update),
        want.connection.clone().filter(|_| reconnected).map(Step::Connect),
    ]
    .into_iter()
    .flatten()
    .chain(TagStep::plan(&have.arn.0, &want.tags, &have.tags).map(Step::Tags))
    .collect()
}

/// Whether AWS shows the effect of a step.
pub fn shows(step: &Step, have: Option<&RepositoryState>) -> bool {
    let Some(have) = have else { return *step == Step::Delete };
    match step {
        Step::Create { tags, .. } => tags::same_owner(tags, &have.tags),
        Step::Disconnect(name) => have.connection.as_ref() != Some(name),
        Step::Update { description, upstreams } => {
            let names = have.upstreams.iter().map(|upstream| &upstream.name);
            description.as_ref().is_none_or(|text| *text == have.description)
                && upstreams.as_ref().is_none_or(|upstreams| upstreams.iter().eq(names))
        }
        Step::Connect(name) => have.connection.as_ref() == Some(name),
        Step::Tags(step) => step.shows(&have.tags),
        Step::Delete => false,
    }
}

/// The writes that let the repository go: our tag comes off.
pub fn release(have: &RepositoryState) -> Vec<Step> {
    TagStep::release(&have.arn.0, &have.tags).map(Step::Tags).into_iter().collect()
}

#[cfg(test)]
mod tests;
