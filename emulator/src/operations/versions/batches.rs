//! `UpdatePackageVersionsStatus`, `DisposePackageVersions`, `DeletePackageVersions`.

use crate::error::{Error, Result};
use crate::operations::Input;
use crate::operations::packages::package_mut;
use crate::state::State;
use crate::state::version::batch::Batch;
use crate::state::version::{Change, Status};
use crate::wire::json_response;
use axum::response::Response;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn update_status(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let target = input.required("targetStatus")?;
    let change = Status::parse(target).and_then(Change::toward).ok_or_else(|| {
        Error::invalid(format!(
            "The target status '{target}' is not allowed; it can be Published, Unlisted or Archived"
        ))
    })?;
    apply(change, input, state)
}

pub(crate) fn dispose(input: &Input<'_>, state: &mut State) -> Result<Response> {
    apply(Change::Dispose, input, state)
}

pub(crate) fn delete(input: &Input<'_>, state: &mut State) -> Result<Response> {
    apply(Change::Delete, input, state)
}

/// Failures of single versions are told in an answer that is a success itself.
fn apply(change: Change, input: &Input<'_>, state: &mut State) -> Result<Response> {
    let versions = named_versions(input)?.unwrap_or_default();
    let revisions = named_revisions(input);
    if let Some(revisions) = &revisions
        && revisions.keys().copied().ne(versions.iter().copied())
    {
        return Err(Error::invalid("versionRevisions must name the same versions as versions does"));
    }
    let batch = Batch {
        change,
        versions: versions.into_iter().collect(),
        expected: input.text("expectedStatus").and_then(Status::parse),
        revisions: revisions.unwrap_or_default(),
    };
    let outcome = package_mut(input, state)?.change(&batch, input.now);
    Ok(json_response(&outcome.describe()))
}

/// The versions that a request lists: some, and each once.
pub(super) fn named_versions<'a>(input: &'a Input<'_>) -> Result<Option<BTreeSet<&'a str>>> {
    let Some(listed) = input.texts("versions") else { return Ok(None) };
    let versions: BTreeSet<&str> = listed.iter().copied().collect();
    if versions.is_empty() {
        return Err(Error::invalid("At least one version must be given"));
    }
    if versions.len() < listed.len() {
        return Err(Error::invalid("A version is given twice"));
    }
    Ok(Some(versions))
}

/// The revisions that a request asks for, by version.
pub(super) fn named_revisions<'a>(input: &'a Input<'_>) -> Option<BTreeMap<&'a str, &'a str>> {
    let revisions = input.value("versionRevisions")?.as_object()?;
    let text = |(version, revision): (&'a String, &'a Value)| Some((version.as_str(), revision.as_str()?));
    Some(revisions.iter().filter_map(text).collect())
}
