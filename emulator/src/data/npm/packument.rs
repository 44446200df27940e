//! Packuments: every version that the repository can serve, joined from where they are.

use super::super::Target;
use crate::error::Result;
use crate::state::State;
use crate::state::package::PackageKey;
use crate::state::resolution::{Place, versions};
use crate::state::version::Version;
use semver::Version as Semver;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The packument, as seen from the repository that was asked.
pub(super) fn packument(state: &State, target: &Target, key: &PackageKey) -> Result<Value> {
    let places = state.places(&target.domain, &target.repository, key)?;
    let found = versions(&places);
    if found.is_empty() {
        return Err(key.not_found());
    }
    // The service names the port here, and nowhere else.
    let url = target.address(state)?.naming_port().to_string();
    let manifests: Map<String, Value> =
        found.values().map(|version| (version.number.clone(), manifest(version, key, &url))).collect();
    let name = key.full_name();
    Ok(json!({
        "_id": name,
        "name": name,
        "dist-tags": tags(&places, &found),
        "versions": manifests,
        "time": times(found.values().copied()),
    }))
}

/// When each version was published, in the public registry where it comes from one, and the package
/// with the first and with the last of them; in milliseconds, as npm's registry writes it.
fn times<'a>(versions: impl Iterator<Item = &'a Version> + Clone) -> BTreeMap<&'a str, String> {
    let published = versions.clone().map(Version::first_published);
    let ends = [("created", published.clone().min()), ("modified", published.max())];
    let ends = ends.into_iter().filter_map(|(name, time)| Some((name, time?)));
    let each = versions.map(|version| (version.number.as_str(), version.first_published()));
    ends.chain(each).map(|(name, time)| (name, format!("{time:.3}"))).collect()
}

/// A tag set upstream counts more than the same one downstream of it, as the user guide says. The
/// latest of a public registry is its highest release; so it is where nobody says which one is.
fn tags(places: &[Place<'_>], found: &BTreeMap<&str, &Version>) -> BTreeMap<String, String> {
    let said = upstreams_first(places).into_iter().flat_map(|place| {
        let tags = place.package.tags.iter().map(|(tag, version)| (tag.as_str(), version.as_str()));
        tags.chain(latest(place.package.versions.keys().map(String::as_str).filter(|_| place.is_public)))
    });
    let mut tags = BTreeMap::new();
    for (tag, version) in said.chain(latest(found.keys().copied())) {
        if found.contains_key(version) {
            tags.entry(tag.to_owned()).or_insert_with(|| version.to_owned());
        }
    }
    tags
}

/// Every place after those that are upstream of it; those of an earlier upstream come first.
fn upstreams_first<'a, 'b>(places: &'b [Place<'a>]) -> Vec<&'b Place<'a>> {
    let (mut ordered, mut open) = (Vec::new(), Vec::<&Place<'_>>::new());
    for place in places {
        while open.last().is_some_and(|last| last.depth >= place.depth) {
            ordered.extend(open.pop());
        }
        open.push(place);
    }
    ordered.extend(open.into_iter().rev());
    ordered
}

/// The tag for the highest of the versions. A release is higher than every version before one.
fn latest<'a>(versions: impl Iterator<Item = &'a str>) -> Option<(&'a str, &'a str)> {
    let highest = versions.max_by_key(|version| {
        let parsed = Semver::parse(version).ok();
        (parsed.as_ref().is_some_and(|parsed| parsed.pre.is_empty()), parsed)
    });
    highest.map(|version| ("latest", version))
}

/// The version's `package.json` with where to get it, and the one hash that the service was seen to tell.
fn manifest(version: &Version, key: &PackageKey, url: &str) -> Value {
    let mut manifest = version.details.document.clone();
    let file = format!("{}-{}.tgz", key.name, version.number);
    manifest["dist"] = json!({ "tarball": format!("{url}{}/-/{file}", key.full_name()) });
    if let Some(asset) = version.assets.first() {
        manifest["dist"]["shasum"] = asset.sha1().to_string().into();
    }
    manifest
}
