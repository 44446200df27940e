//! Property: between two states, each version that differs has one event, and no other version has one.

use super::Happened;
use crate::options::Options;
use crate::state::package::{OriginConfiguration, Package, PackageKey, Packages};
use crate::state::tags::Tags;
use crate::state::version::{Asset, Details, Origin, Version};
use crate::state::{Domain, DomainKey, Repository, Settings, State};
use jiff::Timestamp;
use proptest::collection::btree_map;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A version by the numbers of its repository, its package and itself.
type At = (u8, u8, u8);

/// The content of each version that exists.
type Contents = BTreeMap<At, u8>;

fn state() -> State {
    let settings = Arc::new(Settings::new(Options::default(), "http://127.0.0.1:1".parse().unwrap()));
    let key = DomainKey { owner: settings.account.clone(), name: "acme".into() };
    let mut domain = Domain::new(&settings, key.clone(), String::new(), Timestamp::UNIX_EPOCH);
    for id in 0..4_u8 {
        let repository = Repository {
            id: id.into(),
            name: id.to_string(),
            arn: String::new(),
            administrator: key.owner.clone(),
            tags: Tags::default(),
            policy: None,
            upstreams: Vec::new(),
            connection: None,
            description: None,
            created: Timestamp::UNIX_EPOCH,
            packages: Packages::new(),
        };
        domain.repositories.insert(id.to_string(), Arc::new(repository));
    }
    let mut state = State::new(settings);
    state.domains.insert(key, Arc::new(domain));
    state
}

/// Put a version with that content, or remove the version, and its package when no version is left in it.
fn edit(state: &mut State, (repository, package, number): At, content: Option<u8>) {
    let key = PackageKey::from_npm_name(&format!("p{package}")).unwrap();
    let domain = state.domains.keys().next().unwrap().clone();
    let repository = state.domain_mut(&domain).unwrap().repository_mut(&repository.to_string()).unwrap();
    let number = number.to_string();
    let Some(content) = content else {
        let Ok(package) = repository.package_mut(&key) else { return };
        package.versions.remove(&number);
        if package.versions.is_empty() {
            repository.packages.remove(&key);
        }
        return;
    };
    let asset = Asset::new("a", content.to_string().into());
    let origin = Origin::Internal(String::new());
    let version = Version::new(&number, origin, asset, Details::default(), Timestamp::UNIX_EPOCH);
    let made = || Arc::new(Package::new(key.clone(), OriginConfiguration::of_first_version(true)));
    let package = Arc::make_mut(repository.packages.entry(key.clone()).or_insert_with(made));
    package.versions.insert(number, Arc::new(version));
}

proptest! {
    #[test]
    fn each_version_that_differs_is_told_once(
        first in btree_map((0..4_u8, 0..6_u8, 0..40_u8), 0..3_u8, 0..150),
        edits in btree_map((0..4_u8, 0..6_u8, 0..40_u8), proptest::option::of(0..3_u8), 0..20),
    ) {
        let mut before = state();
        for (at, content) in &first {
            edit(&mut before, *at, Some(*content));
        }
        let (mut after, mut contents): (_, Contents) = (before.clone(), first.clone());
        for (at, content) in &edits {
            edit(&mut after, *at, *content);
            match content {
                Some(content) => contents.insert(*at, *content),
                None => contents.remove(at),
            };
        }
        let mut expected = BTreeMap::new();
        for at in first.keys().chain(contents.keys()) {
            let kind = match (first.get(at), contents.get(at)) {
                (None, _) => "Created",
                (_, None) => "Deleted",
                (old, new) if old != new => "Updated",
                _ => continue,
            };
            let (repository, package, number) = at;
            expected.insert((repository.to_string(), format!("p{package}"), number.to_string()), kind);
        }
        let happened = Happened::between(&before, &after);
        let told = happened.iter().map(|one| {
            let subject = &one.subject;
            ((subject.repository.clone(), subject.key.name.clone(), one.version.to_string()), one.kind.name())
        });
        let told: Vec<_> = told.collect();
        prop_assert_eq!(told, expected.into_iter().collect::<Vec<_>>());
        prop_assert!(Happened::between(&before, &before).is_empty());
    }
}
