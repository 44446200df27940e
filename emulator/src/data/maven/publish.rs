//! What `mvn deploy` and Gradle's `maven-publish` send: file by file, and `maven-metadata.xml` to
//! say that a version is whole.

use super::super::Target;
use super::metadata::Metadata;
use super::path::METADATA;
use super::{snapshot, verify};
use crate::error::{Error, Result};
use crate::manifest::maven;
use crate::state::State;
use crate::state::package::{Package, PackageKey};
use crate::state::publish::{Growth, Publication};
use crate::state::snapshot::base;
use crate::state::version::{Asset, Status};
use axum::body::Bytes;
use axum::response::Response;
use jiff::Timestamp;

/// A file of a version, which is unfinished with its first. One that is published takes more.
pub(super) fn file(
    state: &mut State,
    target: &Target,
    (key, version, name): (&PackageKey, &str, &str),
    content: Bytes,
    now: Timestamp,
) -> Result<Response> {
    if base(version).is_some() {
        let message =
            format!("Invalid name for a Snapshot build asset: '{name}' has no time and build number");
        return Err(Error::invalid(message));
    }
    let details = (name == format!("{}-{version}.pom", key.name))
        .then(|| maven::details(&key.name, &content))
        .transpose()
        .map_err(Error::unparsable)?;
    let publication = Publication {
        key: key.clone(),
        version: version.into(),
        asset: Asset::new(name, content),
        details,
        tags: Vec::new(),
        growth: Growth::Any,
        unfinished: true,
    };
    state.publish(&target.domain, &target.repository, publication, now)?;
    Ok(Response::default())
}

/// The versions that it lists and that are unfinished are published, and have it as an asset. When
/// there is none, the highest one that it lists has it anew. None is, when a checksum of one was
/// wrong. A snapshot keeps it beside its assets.
pub(super) fn metadata(
    state: &mut State,
    target: &Target,
    key: &PackageKey,
    content: &Bytes,
    now: Timestamp,
) -> Result<Response> {
    let listed = Metadata::parse(key, content)?;
    for version in about(own(state, target, key)?, listed.versions())? {
        own(state, target, key)?.versions.get(&version).map_or(Ok(()), |found| verify::check(found))?;
        if base(&version).is_some() {
            snapshot::keep_list(state, target, (key, &version), content)?;
            continue;
        }
        let publication = Publication {
            key: key.clone(),
            version,
            asset: Asset::new(METADATA, content.clone()),
            details: None,
            tags: Vec::new(),
            growth: Growth::Replacing,
            unfinished: false,
        };
        state.publish(&target.domain, &target.repository, publication, now)?;
    }
    Ok(Response::default())
}

/// Which versions of the package an uploaded list is about.
fn about(package: &Package, listed: &[String]) -> Result<Vec<String>> {
    let with = |suits: fn(Status) -> bool| {
        let found = listed.iter().filter_map(|number| package.versions.get(number));
        found.filter(move |version| suits(version.status)).map(|version| version.number.clone())
    };
    let unfinished: Vec<String> = with(|status| status == Status::Unfinished).collect();
    if !unfinished.is_empty() {
        return Ok(unfinished);
    }
    let highest = with(Status::is_publishable).max_by_key(|number| super::order::rank(number));
    let name = package.key.full_name();
    highest.map(|version| vec![version]).ok_or_else(|| {
        Error::invalid(format!("{METADATA} lists no version of '{name}' that this repository has"))
    })
}

/// The package in the very repository.
pub(super) fn own<'a>(state: &'a State, target: &Target, key: &PackageKey) -> Result<&'a Package> {
    let repository = state.domain(&target.domain)?.repository(&target.repository)?;
    repository.packages.get(key).map(AsRef::as_ref).ok_or_else(|| key.not_found())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::package::OriginConfiguration;
    use crate::state::version::{Details, Origin, Version};
    use std::sync::Arc;

    fn package(versions: &[(&str, Status)]) -> Package {
        let key = PackageKey::from_maven_coordinates("org.acme", "widgets").unwrap();
        let mut package = Package::new(key, OriginConfiguration::of_first_version(true));
        for (number, status) in versions {
            let asset = Asset::new("a.jar", Bytes::new());
            let origin = Origin::Internal("team".into());
            let made = Version::new(number, origin, asset, Details::default(), Timestamp::UNIX_EPOCH);
            package.versions.insert((*number).into(), Arc::new(Version { status: *status, ..made }));
        }
        package
    }

    #[test]
    fn a_list_is_about_what_is_unfinished_or_else_about_the_highest() {
        use Status::{Archived, Published, Unfinished, Unlisted};
        for (versions, listed, expected) in [
            (&[("1.0", Unfinished)][..], &["1.0"][..], &["1.0"][..]),
            (&[("1.0", Published), ("1.1", Unfinished)], &["1.0", "1.1", "9"], &["1.1"]),
            (&[("1.0", Unfinished), ("1.1", Unfinished)], &["1.1", "1.0"], &["1.1", "1.0"]),
            (&[("1.9", Published), ("1.10", Unlisted)], &["1.9", "1.10"], &["1.10"]),
            (&[("1.0", Published), ("1.1", Archived)], &["1.0", "1.1"], &["1.0"]),
            (&[("1.0", Published), ("1.1", Unfinished)], &["1.0"], &["1.0"]),
        ] {
            let listed: Vec<String> = listed.iter().map(|number| (*number).to_owned()).collect();
            assert_eq!(about(&package(versions), &listed).unwrap(), expected, "{versions:?} {listed:?}");
        }
        for listed in [&[][..], &["9".to_owned()], &["1.0".to_owned()]] {
            assert!(about(&package(&[("1.0", Archived)]), listed).is_err(), "{listed:?}");
        }
    }
}
