//! The state made anew from its records.

use super::key::{Key, Place};
use crate::state::package::{Package, PackageKey, Packages};
use crate::state::token::TokenGrant;
use crate::state::version::{Asset, Release, Version};
use crate::state::{Domain, Keys, PodIdentities, Principals, Providers, Repository, State};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The small things, written as one.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept<'a> {
    principals: Cow<'a, Principals>,
    providers: Cow<'a, Providers>,
    pods: Cow<'a, PodIdentities>,
    /// Files did not always have them.
    #[serde(default)]
    keys: Cow<'a, Keys>,
    last_id: u64,
    #[serde(default)]
    last_event: u64,
}

impl<'a> Kept<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        Self {
            principals: Cow::Borrowed(&state.principals),
            providers: Cow::Borrowed(&state.providers),
            pods: Cow::Borrowed(&state.pods),
            keys: Cow::Borrowed(&state.keys),
            last_id: state.last_id,
            last_event: state.last_event,
        }
    }
}

/// A version, with its assets by name and SHA-256.
#[derive(Serialize, Deserialize)]
pub(super) struct VersionRecord {
    version: Version,
    assets: Vec<(String, String)>,
    /// What is told of each asset, by its name.
    #[serde(default)]
    releases: BTreeMap<String, Release>,
}

impl VersionRecord {
    pub(super) fn of(version: &Version) -> Self {
        let assets = version.assets.iter().map(|asset| (asset.name.clone(), asset.sha256().to_string()));
        let assets = assets.collect();
        let releases = version.assets.iter().map(|asset| (asset.name.clone(), asset.release.clone()));
        let releases = releases.collect();
        let mut version = version.clone();
        version.assets.clear();
        Self { version, assets, releases }
    }

    fn into_version(
        self,
        content: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, String>,
    ) -> Result<Version, String> {
        let (mut version, mut releases) = (self.version, self.releases);
        for (name, sha256) in self.assets {
            let hash = hex::decode(&sha256).map_err(|error| error.to_string())?;
            let content = content(&hash)?.ok_or_else(|| format!("the content of {name:?} is missing"))?;
            let mut asset = Asset::new(name, content.into());
            asset.release = releases.remove(&asset.name).unwrap_or_default();
            if asset.sha256().to_string() != sha256 {
                return Err(format!("the content of {:?} is not what it was", asset.name));
            }
            version.assets.push(asset);
        }
        Ok(version)
    }
}

/// Put everything back where it was. `used` is told of every asset.
pub(super) fn restore(
    state: &mut State,
    kept: &[u8],
    records: Vec<(String, Vec<u8>)>,
    content: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, String>,
    mut used: impl FnMut(&Asset),
) -> Result<(), String> {
    let kept: Kept<'_> = parse("what is kept", kept)?;
    state.principals = kept.principals.into_owned();
    state.providers = kept.providers.into_owned();
    state.pods = kept.pods.into_owned();
    state.keys = kept.keys.into_owned();
    state.last_id = kept.last_id;
    state.last_event = kept.last_event;
    let mut sorted = BTreeMap::new();
    for (key, value) in records {
        sorted.insert(parse::<Key>("the key of a record", key.as_bytes())?, value);
    }
    for (key, value) in sorted {
        put_back(state, (key, &value), &content, &mut used)?;
    }
    Ok(())
}

/// One record. What it belongs to is there already: keys sort that way.
fn put_back(
    state: &mut State,
    (key, value): (Key, &[u8]),
    content: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, String>,
    used: impl FnMut(&Asset),
) -> Result<(), String> {
    let name = format!("{key:?}");
    match key {
        Key::Domain(key) => drop(state.domains.insert(key, Arc::new(parse(&name, value)?))),
        Key::Repository(domain, repository) => {
            let domain = state.domains.get_mut(&domain).map(Arc::make_mut);
            let domain: &mut Domain = domain.ok_or_else(|| orphan(&name))?;
            domain.repositories.insert(repository, Arc::new(parse(&name, value)?));
        }
        Key::Package(place, key) => {
            packages(state, &place, &name)?.insert(key, Arc::new(parse(&name, value)?));
        }
        Key::Version(place, key, number) => {
            let record: VersionRecord = parse(&name, value)?;
            let version = record.into_version(content)?;
            version.assets.iter().for_each(used);
            package(state, (&place, &key), &name)?.versions.insert(number, Arc::new(version));
        }
        Key::Token(text) => {
            let grant: TokenGrant = parse("a token", value)?;
            state.tokens.keep(text, grant);
        }
        Key::Due(at, id) => drop(state.pending.insert((at, id), Arc::new(parse("what is to come", value)?))),
    }
    Ok(())
}

fn packages<'a>(state: &'a mut State, place: &Place, name: &str) -> Result<&'a mut Packages, String> {
    match place {
        Place::Public(connection) => Ok(state.public.registry_mut(*connection)),
        Place::Repository(domain, repository) => {
            let domain = state.domains.get_mut(domain).map(Arc::make_mut);
            let repository = domain.and_then(|domain| domain.repositories.get_mut(repository));
            let repository: &mut Repository = repository.map(Arc::make_mut).ok_or_else(|| orphan(name))?;
            Ok(&mut repository.packages)
        }
    }
}

fn package<'a>(
    state: &'a mut State,
    (place, key): (&Place, &PackageKey),
    name: &str,
) -> Result<&'a mut Package, String> {
    let found = packages(state, place, name)?.get_mut(key).map(Arc::make_mut);
    found.ok_or_else(|| orphan(name))
}

fn orphan(name: &str) -> String {
    format!("{name} belongs to nothing")
}

/// The name is told when it does not work; the value never, for it may hold a secret.
fn parse<T: DeserializeOwned>(name: &str, value: &[u8]) -> Result<T, String> {
    serde_json::from_slice(value)
        .map_err(|error| format!("{name}: {:?} error in column {}", error.classify(), error.column()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::version::{Details, Origin};
    use jiff::Timestamp;

    #[test]
    fn a_version_comes_back_with_what_is_told_of_its_assets() {
        let mut asset = Asset::new("a", "x".into());
        asset.release.yanked = Some("broken".into());
        let origin = Origin::Internal("team".into());
        let version = Version::new("1.0", origin, asset, Details::default(), Timestamp::UNIX_EPOCH);
        let mut written = serde_json::to_value(VersionRecord::of(&version)).unwrap();
        let read = |written: &serde_json::Value| {
            let record: VersionRecord = serde_json::from_value(written.clone()).unwrap();
            record.into_version(|_| Ok(Some(b"x".to_vec()))).unwrap()
        };
        assert_eq!(read(&written).assets, version.assets);
        // A file of an emulator that told nothing of them.
        written.as_object_mut().unwrap().remove("releases");
        assert_eq!(read(&written).assets, [Asset::new("a", "x".into())]);
    }
}
