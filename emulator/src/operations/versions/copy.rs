//! `CopyPackageVersions`.

use super::batches::{named_revisions, named_versions};
use crate::error::{Error, Result};
use crate::operations::Input;
use crate::state::State;
use crate::state::copy::Copy;
use crate::wire::json_response;
use axum::response::Response;
use std::collections::BTreeMap;

/// Needs its permission on the repository that it goes to, besides that on the package there, and needs to read
/// the source.
pub(crate) fn copy(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let domain = input.domain_key()?;
    let (source, destination) =
        (input.required("sourceRepository")?, input.required("destinationRepository")?);
    for (action, repository) in [("CopyPackageVersions", destination), ("ReadFromRepository", source)] {
        let path = format!("repository/{}/{repository}", domain.name);
        input.authorize(state, action, &state.settings.arn(&domain.owner, &path))?;
    }
    if source == destination {
        return Err(Error::invalid("The source and the destination are the same repository"));
    }
    let versions = match (named_versions(input)?, named_revisions(input)) {
        (Some(versions), None) => versions.into_iter().map(|version| (version, None)).collect(),
        (None, Some(revisions)) if !revisions.is_empty() => {
            revisions.into_iter().map(|(version, revision)| (version, Some(revision))).collect()
        }
        _ => return Err(Error::invalid("Exactly one of versions and versionRevisions must be given")),
    };
    let versions: BTreeMap<&str, Option<&str>> = versions;
    let copy = Copy {
        key: input.package_key()?.looked_up(),
        source,
        destination,
        versions,
        overwrite: input.flag("allowOverwrite"),
        from_upstream: input.flag("includeFromUpstream"),
    };
    Ok(json_response(&state.copy(&domain, &copy)?.describe()))
}
