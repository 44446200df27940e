//! Maven's snapshots. Each build of `1.0-SNAPSHOT` is a version of its own, with a number such as
//! `1.0-20210728.194552-1`; the version `1.0-SNAPSHOT` has what the newest build has.

use super::package::{Package, PackageKey};
use super::version::{Details, Status, Version};
use super::{DomainKey, Format, State};
use crate::error::{Error, Result};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// What a snapshot's number ends with.
const SUFFIX: &str = "-SNAPSHOT";

/// The digits of a build's time, and the dot between date and time of day.
const STAMP: &str = "00000000.000000";

/// A build that shall be the newest of its snapshot.
pub(crate) struct Newest<'a> {
    pub(crate) key: &'a PackageKey,
    pub(crate) snapshot: &'a str,
    pub(crate) build: &'a str,
    /// What clients get back of the snapshot.
    pub(crate) document: Value,
}

/// What comes before the suffix of a snapshot's number.
pub(crate) fn base(number: &str) -> Option<&str> {
    number.strip_suffix(SUFFIX).filter(|base| !base.is_empty())
}

/// Time and count of a build, where a text begins with them: `20210728.194552-1`.
pub(crate) fn build_at_start(text: &str) -> Option<&str> {
    let is_alike = |(byte, like): (u8, u8)| byte == like || (like == b'0' && byte.is_ascii_digit());
    let stamp = text.get(..STAMP.len())?;
    let count = text[STAMP.len()..].strip_prefix('-')?;
    let digits = count.bytes().take_while(u8::is_ascii_digit).count();
    let is_build = digits > 0 && stamp.bytes().zip(STAMP.bytes()).all(is_alike);
    is_build.then(|| &text[..STAMP.len() + 1 + digits])
}

/// The number of the snapshot that a version of a Maven package is a build of.
pub(crate) fn of_build(key: &PackageKey, number: &str) -> Option<String> {
    let mut parts = number.rsplitn(3, '-');
    let (count, stamp, base) = (parts.next()?, parts.next()?, parts.next()?);
    let build = &number[base.len() + 1..];
    debug_assert_eq!(build.len(), stamp.len() + 1 + count.len());
    let is_build = key.format == Format::Maven && !base.is_empty() && build_at_start(build) == Some(build);
    is_build.then(|| format!("{base}{SUFFIX}"))
}

impl State {
    /// Let a snapshot be what a build of it is. The snapshot is published, and the build unlisted.
    pub(crate) fn renew_snapshot(
        &mut self,
        domain: &DomainKey,
        repository: &str,
        newest: Newest<'_>,
        now: Timestamp,
    ) -> Result<()> {
        self.check_origin(domain, repository, (newest.key, newest.build))?;
        self.domain_mut(domain)?.repository_mut(repository)?.package_mut(newest.key)?.renew(newest, now)
    }

    /// Say something else of a version of the repository.
    pub(crate) fn put_document(
        &mut self,
        domain: &DomainKey,
        repository: &str,
        (key, number): (&PackageKey, &str),
        document: Value,
    ) -> Result<()> {
        self.check_origin(domain, repository, (key, number))?;
        let package = self.domain_mut(domain)?.repository_mut(repository)?.package_mut(key)?;
        let version = package.version_mut(number).ok_or_else(|| key.version_not_found(number))?;
        version.put_details(Details { document, ..Details::clone(&version.details) });
        Ok(())
    }
}

impl Package {
    fn renew(&mut self, newest: Newest<'_>, now: Timestamp) -> Result<()> {
        let Newest { key, snapshot, build, document } = newest;
        let found = self.versions.get(build).ok_or_else(|| {
            let name = key.full_name();
            Error::invalid(format!("Build '{build}' of package '{name}' is not in this repository"))
        })?;
        let known = self.versions.get(snapshot);
        if let Some(closed) =
            [Some(found), known].into_iter().flatten().find(|one| !one.status.is_publishable())
        {
            return Err(key.version_exists(&closed.number, closed.status));
        }
        let mut made = found.standing_for(snapshot, document, now);
        if let Some(same) = known.filter(|known| known.has_content_of(&made)) {
            made = Version { status: Status::Published, ..Version::clone(same) };
        }
        self.versions.insert(snapshot.into(), Arc::new(made));
        if let Some(build) = self.version_mut(build) {
            build.move_to(Status::Unlisted, now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::package::OriginConfiguration;
    use crate::state::version::{Asset, Origin};
    use serde_json::json;

    const FIRST: &str = "1.0-20210728.194552-1";
    const SECOND: &str = "1.0-20210729.171330-2";

    fn key() -> PackageKey {
        PackageKey::from_maven_coordinates("org.acme", "widgets").unwrap()
    }

    fn package(versions: &[(&str, Status)]) -> Package {
        let mut package = Package::new(key(), OriginConfiguration::of_first_version(true));
        for (number, status) in versions {
            let asset = Asset::new(format!("widgets-{number}.jar"), (*number).to_owned().into());
            let origin = Origin::Internal("team".into());
            let made = Version::new(number, origin, asset, Details::default(), Timestamp::UNIX_EPOCH);
            package.versions.insert((*number).into(), Arc::new(Version { status: *status, ..made }));
        }
        package
    }

    fn renew(package: &mut Package, build: &str) -> Result<()> {
        let key = key();
        let newest = Newest { key: &key, snapshot: "1.0-SNAPSHOT", build, document: json!(build) };
        package.renew(newest, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn builds_are_told_by_their_numbers() {
        for (number, snapshot) in [
            (FIRST, Some("1.0-SNAPSHOT")),
            ("1-rc-20210728.194552-10", Some("1-rc-SNAPSHOT")),
            ("1.0-SNAPSHOT", None),
            ("1.0-20210728.194552", None),
            ("20210728.194552-1", None),
            ("-20210728.194552-1", None),
            ("1.0-20210728.19455-1", None),
            ("1.0-20210728-194552-1", None),
            ("1.0-20210728.194552-", None),
            ("1.0-20210728.194552-1a", None),
            ("1.0-2021072é.194552-1", None),
        ] {
            assert_eq!(of_build(&key(), number).as_deref(), snapshot, "{number}");
        }
        let npm = PackageKey::from_npm_name("widgets").unwrap();
        assert_eq!(of_build(&npm, FIRST), None);
        for (number, expected) in [("1.0-SNAPSHOT", Some("1.0")), ("-SNAPSHOT", None), ("1.0-snapshot", None)]
        {
            assert_eq!(base(number), expected, "{number}");
        }
    }

    #[test]
    fn a_snapshot_is_published_with_what_its_newest_build_has_and_builds_are_unlisted() {
        let mut package = package(&[(FIRST, Status::Unfinished), (SECOND, Status::Unfinished)]);
        for build in [FIRST, SECOND] {
            renew(&mut package, build).unwrap();
            let snapshot = &package.versions["1.0-SNAPSHOT"];
            assert_eq!(snapshot.status, Status::Published);
            assert_eq!(snapshot.assets, package.versions[build].assets);
            assert_eq!(package.versions[build].status, Status::Unlisted);
        }
        let before = package.versions["1.0-SNAPSHOT"].revision;
        package.version_mut("1.0-SNAPSHOT").unwrap().status = Status::Unlisted;
        renew(&mut package, SECOND).unwrap();
        let after = &package.versions["1.0-SNAPSHOT"];
        assert_eq!((after.status, after.revision), (Status::Published, before));
        renew(&mut package, FIRST).unwrap();
        assert_ne!(package.versions["1.0-SNAPSHOT"].revision, before);
    }

    #[test]
    fn what_was_taken_away_does_not_come_back() {
        use Status::{Archived, Disposed, Published, Unlisted};
        for (build, snapshot) in
            [(Archived, Published), (Disposed, Published), (Unlisted, Archived), (Unlisted, Disposed)]
        {
            let mut package = package(&[(FIRST, build), ("1.0-SNAPSHOT", snapshot)]);
            assert_eq!(renew(&mut package, FIRST).unwrap_err().code, "ConflictException");
            assert_eq!(package.versions[FIRST].status, build);
        }
        let missing = renew(&mut package(&[(FIRST, Status::Unfinished)]), SECOND).unwrap_err();
        assert_eq!(missing.code, "ValidationException");
    }
}
