//! Upstreams that AWS refuses because, as they are there now, they lead back to the repository.

use std::collections::BTreeMap;

use aws_sdk_codeartifact::types::{RepositoryDescription, UpstreamRepositoryInfo};

use crate::api::Identity;
use crate::aws::{Aws, AwsError, AwsErrorKind, repository_name};
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::repository::aws::describe;
use crate::repository::cycle::cycle_through;

/// How many repositories are looked into for the way back.
const LOOKED_INTO: usize = 100;

/// Why upstreams were refused: AWS may not yet have what was declared for the repositories in between.
pub(super) async fn explain(aws: &Aws, identity: &Identity, upstreams: &[String], error: AwsError) -> Error {
    if error.kind != AwsErrorKind::Rejected || upstreams.is_empty() {
        return error.into();
    }
    match way_back(aws, identity, upstreams).await {
        Ok(Some(members)) => {
            let way = members.iter().chain(members.first()).map(String::as_str).collect::<Vec<_>>();
            Error::waiting(
                Reason::DependencyNotReady,
                format!(
                    "spec.upstreams would make a cycle of what the repositories have in AWS now: {}; one of them has to \
                     let go of its upstream first",
                    way.join(" → ")
                ),
            )
        }
        // What AWS said is worth more than why nothing could be found out.
        Ok(None) | Err(_) => error.into(),
    }
}

async fn way_back(aws: &Aws, identity: &Identity, upstreams: &[String]) -> Result<Option<Vec<String>>> {
    let own = repository_name(identity)?.to_owned();
    let mut edges = BTreeMap::from([(own.clone(), upstreams.to_vec())]);
    let mut open = upstreams.to_vec();
    while let Some(name) = open.pop().filter(|_| edges.len() <= LOOKED_INTO) {
        if edges.contains_key(&name) {
            continue;
        }
        let described = describe(aws, identity, &name).await?;
        let listed = described.iter().flat_map(RepositoryDescription::upstreams);
        let next: Vec<_> =
            listed.filter_map(UpstreamRepositoryInfo::repository_name).map(str::to_owned).collect();
        open.extend(next.iter().cloned());
        edges.insert(name, next);
    }
    Ok(cycle_through(&own, &edges))
}
