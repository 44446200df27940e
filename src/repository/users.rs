//! The repositories that use another one as upstream: what keeps it from being deleted, and whom its changes concern.

use super::plan::Step;
use crate::api::Identity;
use crate::aws::Aws;
use crate::engine::context::Context;
use crate::engine::pipeline::downstreams::{Downstreams, Written};
use crate::engine::pipeline::kind::Blocker;
use crate::error::Result;
use crate::repository::neighbours;

/// How many blockers are named.
const NAMED_BLOCKERS: usize = 10;

/// The repositories that have this one as upstream.
pub(super) async fn blockers(
    downstreams: &Downstreams,
    aws: &Aws,
    identity: &Identity,
) -> Result<Vec<Blocker>> {
    let names = downstreams.of(identity, || neighbours::upstreams(aws, identity)).await?;
    let text = |name: &str| format!("repository {name}, which has it as upstream");
    Ok(names.iter().take(NAMED_BLOCKERS).map(|name| Blocker::repository(name, text(name))).collect())
}

/// Nothing that may get an upstream is missed, however the step ends.
pub(super) fn executing(context: &Context, identity: &Identity, step: &Step) {
    if let Some(upstreams) = upstreams(step).filter(|upstreams| !upstreams.is_empty()) {
        context.caches.downstreams.written(identity, Written::Perhaps(upstreams));
    }
}

/// Wakes the objects that wait until the repository exists, is gone or has other upstreams.
pub(super) fn executed(context: &Context, identity: &Identity, step: &Step) {
    if let Some(upstreams) = upstreams(step) {
        context.caches.downstreams.written(identity, Written::These(upstreams));
        context.references.written(identity);
    }
}

/// The upstreams that the repository has after the step; nothing when it does not change them.
fn upstreams(step: &Step) -> Option<Vec<String>> {
    match step {
        Step::Create { upstreams, .. } => {
            Some(upstreams.iter().map(|upstream| upstream.name.clone()).collect())
        }
        Step::Update { upstreams, .. } => upstreams.clone(),
        Step::Delete => Some(Vec::new()),
        Step::Disconnect(_) | Step::Connect(_) | Step::Tags(_) => None,
    }
}
