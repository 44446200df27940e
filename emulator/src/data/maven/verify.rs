//! Checksum files that clients upload beside what they publish. They are compared and not kept;
//! that one was wrong is remembered until the version is finished.

use super::super::{Target, render};
use super::checksum::Algorithm;
use super::path::{METADATA, Wanted};
use super::publish::own;
use super::{no_asset, snapshot};
use crate::call::Refused;
use crate::error::{Error, Result};
use crate::state::State;
use crate::state::version::{Asset, Status, Version};
use axum::response::Response;

/// Compare a checksum with what the repository has.
pub(super) fn checksum(
    state: &mut State,
    target: &Target,
    wanted: &Wanted,
    (algorithm, written): (Algorithm, &[u8]),
) -> Result<Response> {
    let (name, assets) = candidates(state, target, wanted)?;
    if assets.is_empty() {
        return Err(no_asset(wanted.key(), wanted.version().unwrap_or_default(), &name));
    }
    let agrees = assets.iter().any(|asset| algorithm.agrees(asset, written));
    let file = format!("{name}{}", algorithm.suffix());
    if let Wanted::File { version, .. } = wanted {
        let package = state.domain_mut(&target.domain)?.repository_mut(&target.repository)?;
        remember(package.package_mut(wanted.key())?.version_mut(version), file, agrees);
    }
    if agrees {
        return Ok(Response::default());
    }
    // An error would undo what is remembered.
    let error = Error::invalid(format!("The checksum is not that of '{name}'"));
    let mut response = render(&error);
    response.extensions_mut().insert(Refused(error.code));
    Ok(response)
}

/// A right checksum makes up for a wrong one of the same kind.
fn remember(version: Option<&mut Version>, file: String, agrees: bool) {
    let Some(version) = version.filter(|version| version.status == Status::Unfinished) else { return };
    if agrees {
        version.mismatches.remove(&file);
    } else {
        version.mismatches.insert(file);
    }
}

/// The assets that a checksum may be of, and their name.
fn candidates(state: &State, target: &Target, wanted: &Wanted) -> Result<(String, Vec<Asset>)> {
    let key = wanted.key();
    let package = own(state, target, key)?;
    let version = |number: &String| {
        package.versions.get(number).ok_or_else(|| key.version_not_found(number)).map(AsRef::as_ref)
    };
    Ok(match wanted {
        Wanted::File { version: number, name, .. } => {
            (name.clone(), version(number)?.asset(name).cloned().into_iter().collect())
        }
        Wanted::Snapshot { version: number, .. } => {
            (METADATA.into(), snapshot::newest(version(number)?).into_iter().collect())
        }
        Wanted::Metadata(_) => {
            let lists =
                |version: &Version| version.asset(METADATA).cloned().or_else(|| snapshot::list(version));
            (METADATA.into(), package.versions.values().filter_map(|version| lists(version)).collect())
        }
    })
}

/// A version is not finished as long as a checksum of it was wrong.
pub(super) fn check(version: &Version) -> Result<()> {
    match version.mismatches.first() {
        Some(file) => Err(Error::invalid(format!(
            "Version '{}' cannot be finished: '{file}' was not the checksum of its asset",
            version.number
        ))),
        None => Ok(()),
    }
}
