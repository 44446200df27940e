//! The search through upstreams, and what it leaves behind.

use super::*;
use crate::error::Result;
use crate::options::Options;
use crate::state::package::{OriginConfiguration, Packages};
use crate::state::public::{Change, Edit};
use crate::state::publish::{Growth, Publication};
use crate::state::repository::{Upstream, link};
use crate::state::tags::Tags;
use crate::state::version::{Asset, Details};
use crate::state::{Connection, Format, Settings};
use std::sync::Arc;

/// A domain in which `npm-store` is connected to npmjs; other repositories are added by tests.
struct World {
    state: State,
    domain: DomainKey,
    key: PackageKey,
}

impl World {
    fn new() -> Self {
        let settings = Arc::new(Settings::new(Options::default(), "http://127.0.0.1:1".parse().unwrap()));
        let domain = DomainKey { owner: settings.account.clone(), name: "acme".into() };
        let made = Domain::new(&settings, domain.clone(), String::new(), Timestamp::UNIX_EPOCH);
        let mut state = State::new(settings);
        state.domains.insert(domain.clone(), Arc::new(made));
        let key = PackageKey::new(Format::Npm, None, "widgets").unwrap();
        let mut world = Self { state, domain, key };
        world.add("npm-store", &[]);
        world.repository("npm-store").connection = Connection::parse("public:npmjs");
        world
    }

    fn add(&mut self, name: &str, upstreams: &[&str]) {
        let id = self.state.next_id();
        let domain = self.state.domain_mut(&self.domain).unwrap();
        let names: Vec<_> = upstreams.iter().map(|&name| name.to_owned()).collect();
        let repository = Repository {
            id,
            name: name.into(),
            arn: String::new(),
            administrator: String::new(),
            tags: Tags::default(),
            policy: None,
            upstreams: link(domain, name, &names, 10).unwrap(),
            connection: None,
            description: None,
            created: Timestamp::UNIX_EPOCH,
            packages: Packages::new(),
        };
        domain.repositories.insert(name.into(), Arc::new(repository));
    }

    fn repository(&mut self, name: &str) -> &mut Repository {
        self.state.domain_mut(&self.domain).unwrap().repository_mut(name).unwrap()
    }

    fn seed(&mut self, version: &str) {
        let asset = Asset::new("a.tgz", version.as_bytes().to_vec().into());
        let connection = Connection::parse("public:npmjs").unwrap();
        let (number, details) = (version.into(), Box::new(Details::default()));
        let change = Change::Put { number, asset, details, at: Timestamp::UNIX_EPOCH };
        self.state.public.apply(&Edit { connection, key: self.key.clone(), change });
    }

    fn publish(&mut self, repository: &str, version: &str) -> Result<()> {
        let publication = Publication {
            key: self.key.clone(),
            version: version.into(),
            asset: Asset::new("a.tgz", format!("{repository} {version}").into()),
            details: None,
            tags: Vec::new(),
            growth: Growth::Whole,
            unfinished: false,
        };
        self.state.publish(&self.domain, repository, publication, Timestamp::UNIX_EPOCH).map(|_| ())
    }

    fn restrict(&mut self, repository: &str, publish: Restriction, upstream: Restriction) {
        let key = self.key.clone();
        let origin = OriginConfiguration { publish, upstream };
        self.repository(repository).package_or_insert(&key, origin).origin = origin;
    }

    fn reachable(&self, repository: &str) -> Result<Vec<&str>> {
        let places = self.state.places(&self.domain, repository, &self.key)?;
        Ok(versions(&places).into_keys().collect())
    }

    fn fetch(&mut self, repository: &str, version: &str) -> Result<Arc<Version>> {
        let (domain, key) = (self.domain.clone(), self.key.clone());
        self.state.fetch(&domain, repository, (&key, version), Timestamp::UNIX_EPOCH)
    }

    fn held(&mut self, repository: &str) -> Vec<String> {
        let key = self.key.clone();
        let package = self.repository(repository).packages.get(&key);
        package.map(|package| package.versions.keys().cloned().collect()).unwrap_or_default()
    }
}

mod properties;

use Restriction::{Allow, Block};

#[test]
fn upstream_restrictions_decide_what_is_reachable() {
    // For each: the settings at `team`, at `npm-store`, and what `team` then reaches of the public
    // 1.0.0 and 9.0.0 and its own 2.0.0.
    for (team, store, expected) in [
        (None, None, vec!["1.0.0", "2.0.0", "9.0.0"]),
        (Some((Allow, Allow)), None, vec!["1.0.0", "2.0.0", "9.0.0"]),
        (Some((Block, Allow)), None, vec!["1.0.0", "2.0.0", "9.0.0"]),
        (Some((Allow, Block)), None, vec!["2.0.0"]),
        (Some((Allow, Allow)), Some((Allow, Block)), vec!["2.0.0"]),
        (Some((Allow, Allow)), Some((Block, Allow)), vec!["1.0.0", "2.0.0", "9.0.0"]),
    ] {
        let mut world = World::new();
        world.add("team", &["npm-store"]);
        world.publish("team", "2.0.0").unwrap();
        // Publishing blocks upstreams by default; begin each case from a known setting.
        let (publish, upstream) = team.unwrap_or((Allow, Allow));
        world.restrict("team", publish, upstream);
        if let Some((publish, upstream)) = store {
            world.restrict("npm-store", publish, upstream);
        }
        world.seed("1.0.0");
        world.seed("9.0.0");
        assert_eq!(world.reachable("team").unwrap(), expected, "{team:?} {store:?}");
    }
}

#[test]
fn publishing_obeys_restrictions_and_what_is_reachable() {
    // For each: the settings at `team`, the version, and the refusal's code.
    for (team, version, refusal) in [
        (None, "2.0.0", None),
        (None, "1.0.0", Some("ConflictException")),
        (Some((Allow, Allow)), "1.0.0", Some("ConflictException")),
        (Some((Allow, Block)), "1.0.0", None),
        (Some((Block, Allow)), "2.0.0", Some("AccessDeniedException")),
        (Some((Block, Block)), "2.0.0", Some("AccessDeniedException")),
    ] {
        let mut world = World::new();
        world.add("team", &["npm-store"]);
        world.seed("1.0.0");
        if let Some((publish, upstream)) = team {
            world.restrict("team", publish, upstream);
        }
        let code = world.publish("team", version).err().map(|error| error.code.into_owned());
        assert_eq!(code.as_deref(), refusal, "{team:?} {version}");
    }
}

#[test]
fn the_first_version_decides_the_default_restrictions() {
    let mut world = World::new();
    world.add("team", &["npm-store"]);
    world.seed("1.0.0");
    world.fetch("team", "1.0.0").unwrap();
    let origin = |world: &mut World, name: &str| {
        let key = world.key.clone();
        world.repository(name).packages[&key].origin
    };
    let ingested = OriginConfiguration { publish: Block, upstream: Allow };
    assert_eq!(origin(&mut world, "team"), ingested);
    assert_eq!(origin(&mut world, "npm-store"), ingested);
    world.add("other", &[]);
    world.publish("other", "1.0.0").unwrap();
    assert_eq!(origin(&mut world, "other"), OriginConfiguration { publish: Allow, upstream: Block });
}

#[test]
fn versions_are_retained_at_both_ends_and_not_between() {
    let mut world = World::new();
    world.add("middle", &["npm-store"]);
    world.add("team", &["middle"]);
    world.seed("1.0.0");
    let first = world.fetch("team", "1.0.0").unwrap();
    assert_eq!(world.held("team"), ["1.0.0"]);
    assert_eq!(world.held("middle"), Vec::<String>::new());
    assert_eq!(world.held("npm-store"), ["1.0.0"]);
    // What is retained survives the loss of the upstream.
    world.repository("team").upstreams.clear();
    assert_eq!(world.fetch("team", "1.0.0").unwrap().revision, first.revision);
}

#[test]
fn an_internal_version_is_retained_only_where_it_was_asked_for() {
    let mut world = World::new();
    world.add("base", &[]);
    world.add("middle", &["base"]);
    world.add("team", &["middle"]);
    world.publish("base", "1.0.0").unwrap();
    world.fetch("team", "1.0.0").unwrap();
    assert_eq!(world.held("team"), ["1.0.0"]);
    assert_eq!(world.held("middle"), Vec::<String>::new());
}

#[test]
fn the_search_goes_depth_first_in_list_order() {
    let mut world = World::new();
    for name in ["deep", "late"] {
        world.add(name, &[]);
        world.publish(name, "1.0.0").unwrap();
    }
    world.add("early", &["deep"]);
    world.add("team", &["early", "late"]);
    let fetched = world.fetch("team", "1.0.0").unwrap();
    assert_eq!(fetched.assets[0].content(), "deep 1.0.0");
}

#[test]
fn the_search_ends_in_a_cycle_and_after_25_repositories() {
    let mut world = World::new();
    world.add("r01", &["npm-store"]);
    for number in 2..=25 {
        let upstream = format!("r{:02}", number - 1);
        world.add(&format!("r{number:02}"), &[&upstream]);
    }
    world.seed("1.0.0");
    // r24 to r01 are 24 repositories, and the connected one is the 25th.
    assert_eq!(world.reachable("r24").unwrap(), ["1.0.0"]);
    assert!(world.reachable("r25").unwrap().is_empty());
    let id = world.repository("r02").id;
    world.repository("r01").upstreams = vec![Upstream { name: "r02".into(), id }];
    assert!(world.reachable("r02").unwrap().is_empty());
}

#[test]
fn an_upstream_made_anew_breaks_requests_and_says_how_to_mend_them() {
    let mut world = World::new();
    world.add("base", &[]);
    world.add("team", &["base"]);
    world.add("far", &["team"]);
    world.state.domain_mut(&world.domain).unwrap().repositories.remove("base");
    for _ in 0..2 {
        for repository in ["team", "far"] {
            let error = world.reachable(repository).unwrap_err();
            assert!(error.message.contains("Call UpdateRepository on 'team'"), "{error}");
        }
        world.add("base", &[]);
    }
}
