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
    let url = target.url(&state.settings);
    let manifests: Map<String, Value> =
        found.values().map(|version| (version.number.clone(), manifest(version, key, &url))).collect();
    let times: Map<String, Value> = found
        .values()
        .map(|version| (version.number.clone(), version.published.to_string().into()))
        .collect();
    let name = key.full_name();
    Ok(json!({
        "_id": name,
        "name": name,
        "dist-tags": tags(&places, &found),
        "versions": manifests,
        "time": times,
    }))
}

/// A tag set in a nearer repository hides one farther away. Without `latest` the highest release is
/// the latest, as in a public registry that was seeded.
fn tags(places: &[Place<'_>], found: &BTreeMap<&str, &Version>) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for (tag, version) in places.iter().flat_map(|place| &place.package.tags) {
        if found.contains_key(version.as_str()) {
            tags.entry(tag.clone()).or_insert_with(|| version.clone());
        }
    }
    let rank = |version: &&&str| {
        let parsed = Semver::parse(version).ok();
        (parsed.as_ref().is_some_and(|parsed| parsed.pre.is_empty()), parsed)
    };
    if let Some(highest) = found.keys().max_by_key(rank) {
        tags.entry("latest".into()).or_insert_with(|| (*highest).to_owned());
    }
    tags
}

/// The version's `package.json` with where to get it, and what hashes it must have.
fn manifest(version: &Version, key: &PackageKey, url: &str) -> Value {
    let mut manifest = version.details.document.clone();
    let file = format!("{}-{}.tgz", key.name, version.number);
    manifest["dist"] = json!({ "tarball": format!("{url}{}/-/{file}", key.full_name()) });
    if let Some(asset) = version.assets.first() {
        manifest["dist"]["shasum"] = asset.sha1.to_string().into();
        manifest["dist"]["integrity"] = asset.integrity().into();
    }
    manifest
}
