//! Copies of versions from one repository to another of the same domain.

use super::package::{Package, PackageKey};
use super::resolution::search;
use super::version::batch::{Failure, Outcome, Success, check_revision};
use super::version::{Status, Version};
use super::{DomainKey, State};
use crate::error::Result;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What to copy.
pub(crate) struct Copy<'a> {
    pub(crate) key: PackageKey,
    pub(crate) source: &'a str,
    pub(crate) destination: &'a str,
    /// Each version, with the revision that it must have where one is named.
    pub(crate) versions: BTreeMap<&'a str, Option<&'a str>>,
    pub(crate) overwrite: bool,
    pub(crate) from_upstream: bool,
}

/// A version as it was found, with the tags that mean it there.
struct Found {
    version: Arc<Version>,
    tags: Vec<String>,
}

impl State {
    /// Copy all of the versions, or none. The destination's origin
    /// configuration and package group have no say.
    pub(crate) fn copy(&mut self, domain: &DomainKey, copy: &Copy<'_>) -> Result<Outcome> {
        let sources = self.sources(domain, copy)?;
        let repository = self.domain(domain)?.repository(copy.destination)?;
        let there = repository.packages.get(&copy.key).map(AsRef::as_ref);
        let mut outcome = Outcome::default();
        for (number, revision) in &copy.versions {
            let found = sources.get(*number);
            let known = there.and_then(|package| package.versions.get(*number)).map(AsRef::as_ref);
            match verdict(found.map(|found| found.version.as_ref()), *revision, known, copy.overwrite) {
                Ok(Some(success)) => outcome.successful.insert((*number).into(), success).map(|_| ()),
                Ok(None) => None,
                Err(failure) => outcome.failed.insert((*number).into(), failure).map(|_| ()),
            };
        }
        let outcome = outcome.all_or_nothing(&Failure::NotCopied);
        if !outcome.successful.is_empty() {
            let domain = self.domain_mut(domain)?;
            let origin = domain.groups.ruling(&copy.key).first_origin(false);
            let package = domain.repository_mut(copy.destination)?.package_or_insert(&copy.key, origin);
            let chosen = |number: &String| outcome.successful.contains_key(number);
            for (number, found) in sources.into_iter().filter(|(number, _)| chosen(number)) {
                package.tags.extend(found.tags.into_iter().map(|tag| (tag, number.clone())));
                package.versions.insert(number, found.version);
            }
        }
        Ok(outcome)
    }

    /// The wanted versions where they are found, each in the nearest place that has it.
    fn sources(&self, domain: &DomainKey, copy: &Copy<'_>) -> Result<BTreeMap<String, Found>> {
        let domain = self.domain(domain)?;
        let repository = domain.repository(copy.source)?;
        let packages: Vec<&Package> = if copy.from_upstream {
            let places = search(domain, &self.public, repository, &copy.key, &self.settings.quotas)?;
            places.into_iter().filter(|place| !place.is_public).map(|place| place.package).collect()
        } else {
            repository.packages.get(&copy.key).map(AsRef::as_ref).into_iter().collect()
        };
        if packages.is_empty() {
            return Err(copy.key.not_found());
        }
        let mut sources = BTreeMap::new();
        for package in packages {
            for number in copy.versions.keys() {
                if let Some(version) = package.versions.get(*number) {
                    let made = || Found { version: version.clone(), tags: package.tags_of(number) };
                    sources.entry((*number).to_owned()).or_insert_with(made);
                }
            }
        }
        Ok(sources)
    }
}

/// What becomes of one version; none when the very same is there already. One that is not served
/// cannot be copied, and one that was disposed at the destination can only be deleted there.
fn verdict(
    found: Option<&Version>,
    revision: Option<&str>,
    there: Option<&Version>,
    overwrite: bool,
) -> Result<Option<Success>, Failure> {
    let found = found.ok_or(Failure::NotFound)?;
    check_revision(found.revision, revision)?;
    let (status, not_allowed) =
        (found.status, |current| Failure::NotAllowed { current, target: found.status });
    if !status.is_downloadable() {
        return Err(not_allowed(status));
    }
    match there {
        Some(there) if there.has_content_of(found) => Ok(None),
        Some(_) if !overwrite => Err(Failure::AlreadyExists),
        Some(there) if there.status == Status::Disposed => Err(not_allowed(there.status)),
        _ => Ok(Some(Success { revision: found.revision, status })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::version::{Asset, Details, Origin, Revision};
    use jiff::Timestamp;

    fn version(content: &'static str, status: Status) -> Version {
        let origin = Origin::Internal("team".into());
        let asset = Asset::new("a", content.into());
        let made = Version::new("1", origin, asset, Details::default(), Timestamp::UNIX_EPOCH);
        Version { status, revision: Revision::known([7; 32]), ..made }
    }

    #[test]
    fn the_two_versions_decide() {
        use Status::{Archived, Disposed, Published, Unfinished, Unlisted};
        for (found, there, overwrite, expected) in [
            (None, None, false, "NOT_FOUND"),
            (Some(("x", Published)), None, false, "Published"),
            (Some(("x", Unlisted)), None, false, "Unlisted"),
            (Some(("x", Unfinished)), None, false, "NOT_ALLOWED"),
            (Some(("x", Archived)), None, true, "NOT_ALLOWED"),
            (Some(("x", Published)), Some(("x", Published)), false, "the same"),
            (Some(("x", Published)), Some(("x", Archived)), true, "the same"),
            (Some(("x", Published)), Some(("y", Published)), false, "ALREADY_EXISTS"),
            (Some(("x", Published)), Some(("y", Published)), true, "Published"),
            (Some(("x", Published)), Some(("y", Archived)), true, "Published"),
            (Some(("x", Published)), Some(("y", Disposed)), true, "NOT_ALLOWED"),
            (Some(("x", Published)), Some(("y", Disposed)), false, "ALREADY_EXISTS"),
        ] {
            let make = |(content, status)| version(content, status);
            let (source, target) = (found.map(make), there.map(make));
            let seen = match verdict(
                source.as_ref(),
                Some(&Revision::known([7; 32]).to_string()),
                target.as_ref(),
                overwrite,
            ) {
                Ok(Some(success)) => success.status.name(),
                Ok(None) => "the same",
                Err(failure) => failure.code(),
            };
            assert_eq!(seen, expected, "{found:?} {there:?} {overwrite}");
        }
        let found = version("x", Published);
        let failure = verdict(Some(&found), Some("other"), None, false).unwrap_err();
        assert_eq!(failure.code(), "MISMATCHED_REVISION");
    }
}
