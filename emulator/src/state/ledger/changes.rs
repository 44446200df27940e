//! What differs between two states, record by record.

use super::key::{Key, Place};
use super::restore::VersionRecord;
use crate::state::differences::differences;
use crate::state::package::Packages;
use crate::state::version::{Asset, Checksum, Version};
use crate::state::{Domain, DomainKey, Repository, State};
use imbl::OrdMap;
use serde::Serialize;
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
        for ((at, id), _, due) in differences(&before.pending, &after.pending) {
            changes.put(&Key::Due(*at, *id), due)?;
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
        self.gone.extend(before.iter().flat_map(|version| version.assets.iter().map(Asset::sha256)));
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
