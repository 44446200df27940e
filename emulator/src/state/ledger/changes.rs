//! What differs between two states, record by record.

use super::key::{Key, Place};
use super::restore::VersionRecord;
use crate::state::package::Packages;
use crate::state::version::{Asset, Checksum, Version};
use crate::state::{Domain, DomainKey, Repository, State};
use imbl::OrdMap;
use serde::Serialize;
use std::cmp::Ordering;
use std::sync::Arc;

/// What has to be written.
#[derive(Default)]
pub(super) struct Changes {
    /// The records by their keys; none for what is gone.
    pub(super) records: Vec<(String, Option<Vec<u8>>)>,
    /// The assets of the versions that are new.
    pub(super) assets: Vec<Asset>,
    /// What the assets of the versions that are gone had in them.
    pub(super) gone: Vec<Checksum<32>>,
}

type Written = Result<(), serde_json::Error>;

impl Changes {
    /// What is the same object in both states is not looked into.
    pub(super) fn between(before: &State, after: &State) -> Result<Self, serde_json::Error> {
        let mut changes = Self::default();
        for (key, before, after) in differences(&before.domains, &after.domains) {
            changes.put(&Key::Domain(key.clone()), after.map(without_repositories).as_ref())?;
            let repositories = |domain: Option<&Domain>| match domain {
                Some(domain) => domain.repositories.clone(),
                None => OrdMap::new(),
            };
            changes.repositories(key, &repositories(before), &repositories(after))?;
        }
        for (connection, after) in after.public.registries() {
            let before = before.public.registry(*connection);
            changes.packages(&Place::Public(*connection), &before, after)?;
        }
        for (connection, before) in before.public.registries() {
            if after.public.registry(*connection).is_empty() {
                changes.packages(&Place::Public(*connection), before, &OrdMap::new())?;
            }
        }
        for (text, _, grant) in differences(before.tokens.grants(), after.tokens.grants()) {
            changes.put(&Key::Token(text.clone()), grant)?;
        }
        Ok(changes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn repositories(
        &mut self,
        domain: &DomainKey,
        before: &OrdMap<String, Arc<Repository>>,
        after: &OrdMap<String, Arc<Repository>>,
    ) -> Written {
        for (name, before, after) in differences(before, after) {
            let key = Key::Repository(domain.clone(), name.clone());
            self.put(&key, after.map(without_packages).as_ref())?;
            let packages = |repository: Option<&Repository>| match repository {
                Some(repository) => repository.packages.clone(),
                None => OrdMap::new(),
            };
            let place = Place::Repository(domain.clone(), name.clone());
            self.packages(&place, &packages(before), &packages(after))?;
        }
        Ok(())
    }

    fn packages(&mut self, place: &Place, before: &Packages, after: &Packages) -> Written {
        for (key, before, after) in differences(before, after) {
            let shell = after.map(|package| {
                let mut shell = package.clone();
                shell.versions = OrdMap::new();
                shell
            });
            self.put(&Key::Package(place.clone(), key.clone()), shell.as_ref())?;
            let versions = |package: Option<&crate::state::package::Package>| match package {
                Some(package) => package.versions.clone(),
                None => OrdMap::new(),
            };
            for (number, before, after) in differences(&versions(before), &versions(after)) {
                let version = Key::Version(place.clone(), key.clone(), number.clone());
                self.version(&version, before, after)?;
            }
        }
        Ok(())
    }

    fn version(&mut self, key: &Key, before: Option<&Version>, after: Option<&Version>) -> Written {
        self.assets.extend(after.iter().flat_map(|version| version.assets.iter().cloned()));
        self.gone.extend(before.iter().flat_map(|version| version.assets.iter().map(|asset| asset.sha256)));
        self.put(key, after.map(VersionRecord::of).as_ref())
    }

    fn put(&mut self, key: &Key, value: Option<&impl Serialize>) -> Written {
        let value = value.map(serde_json::to_vec).transpose()?;
        self.records.push((serde_json::to_string(key)?, value));
        Ok(())
    }
}

fn without_repositories(domain: &Domain) -> Domain {
    let mut shell = domain.clone();
    shell.repositories = OrdMap::new();
    shell
}

fn without_packages(repository: &Repository) -> Repository {
    let mut shell = repository.clone();
    shell.packages = OrdMap::new();
    shell
}

/// The entries that are not the same object in both maps, in the order of their keys.
fn differences<'a, K: Ord, V>(
    before: &'a OrdMap<K, Arc<V>>,
    after: &'a OrdMap<K, Arc<V>>,
) -> Vec<(&'a K, Option<&'a V>, Option<&'a V>)> {
    let mut found = Vec::new();
    if before.ptr_eq(after) {
        return found;
    }
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return found,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((old, _)), Some((new, _))) => old.cmp(new),
        };
        let old = if order.is_le() { old.next() } else { None };
        let new = if order.is_ge() { new.next() } else { None };
        let is_same = matches!((old, new), (Some((_, old)), Some((_, new))) if Arc::ptr_eq(old, new));
        if let (false, Some((key, _))) = (is_same, new.or(old)) {
            found.push((key, old.map(|(_, value)| value.as_ref()), new.map(|(_, value)| value.as_ref())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::btree_map;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn differences_turn_one_map_into_the_other(
            first in btree_map(0..40_u8, 0..4_u8, 0..30),
            edits in btree_map(0..40_u8, proptest::option::of(0..4_u8), 0..10),
        ) {
            let before: OrdMap<u8, Arc<u8>> = first.iter().map(|(key, value)| (*key, Arc::new(*value))).collect();
            let mut after = before.clone();
            for (key, value) in &edits {
                match value {
                    Some(value) => drop(after.insert(*key, Arc::new(*value))),
                    None => drop(after.remove(key)),
                }
            }
            let mut patched: BTreeMap<u8, u8> = first.clone();
            for (key, old, new) in differences(&before, &after) {
                prop_assert!(edits.contains_key(key));
                prop_assert_eq!(old, first.get(key));
                match new {
                    Some(value) => drop(patched.insert(*key, *value)),
                    None => drop(patched.remove(key)),
                }
            }
            let expected: BTreeMap<u8, u8> = after.iter().map(|(key, value)| (*key, **value)).collect();
            prop_assert_eq!(patched, expected);
        }
    }
}
