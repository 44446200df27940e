//! Upstream resolution against a slow reference that is written from the service's documentation.

use super::*;
use crate::state::group::{Mode, OriginChange};
use crate::state::version::Origin;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A repository of a made domain.
#[derive(Clone, Debug)]
struct Made {
    upstreams: Vec<usize>,
    /// Whether the last reference is to a repository that is gone.
    broken: bool,
    connected: bool,
    blocks_upstreams: bool,
    /// None has no record of the package.
    versions: Option<BTreeSet<&'static str>>,
}

/// A way's mode, and which repositories are on its list.
type Listed = (Mode, BTreeSet<usize>);

const VERSIONS: [&str; 3] = ["1.0.0", "2.0.0", "3.0.0"];
const LARGEST: usize = 34;

fn made(count: usize) -> impl Strategy<Value = Made> {
    let versions = prop::option::weighted(0.3, btree_set(prop::sample::select(VERSIONS.to_vec()), 0..3));
    let shape = (btree_set(0..count, 0..4), any::<prop::sample::Index>());
    let flags = (prop::bool::weighted(0.02), prop::bool::weighted(0.2), prop::bool::weighted(0.1));
    (shape, flags, versions).prop_map(|((upstreams, start), (broken, connected, blocks), versions)| {
        // Any order, not just that of the numbers.
        let mut upstreams: Vec<_> = upstreams.into_iter().collect();
        if !upstreams.is_empty() {
            let start = start.index(upstreams.len());
            upstreams.rotate_left(start);
        }
        if connected {
            upstreams.clear();
        }
        Made { upstreams, broken, connected, blocks_upstreams: blocks && versions.is_some(), versions }
    })
}

/// Repositories at random, or a long line of them, in which the limit is reached.
fn domain() -> impl Strategy<Value = Vec<Made>> {
    let line = |(mut all, is_line): (Vec<Made>, bool)| {
        if is_line {
            let last = all.len() - 1;
            for (number, one) in all.iter_mut().enumerate() {
                one.connected = number == last;
                one.broken = false;
                one.blocks_upstreams = false;
                one.upstreams = if number == last { vec![] } else { vec![number + 1] };
            }
        }
        all
    };
    let all = (1..LARGEST).prop_flat_map(|count| vec(made(count), count));
    (all, prop::bool::weighted(0.3)).prop_map(line)
}

fn listed() -> impl Strategy<Value = Listed> {
    let modes = vec![Mode::Allow, Mode::Allow, Mode::AllowSpecificRepositories, Mode::Block];
    (prop::sample::select(modes), btree_set(0..LARGEST, 0..20))
}

fn name(number: usize) -> String {
    format!("r{number:02}")
}

fn build(all: &[Made], external: &Listed, internal: &Listed, public: &[&'static str]) -> World {
    let mut world = World::new();
    for number in 0..all.len() {
        world.add(&name(number), &[]);
    }
    let ids: Vec<_> = (0..all.len()).map(|number| world.repository(&name(number)).id).collect();
    let key = world.key.clone();
    for (number, made) in all.iter().enumerate() {
        let of = name(number);
        let repository = world.repository(&of);
        let upstreams = made.upstreams.iter();
        repository.upstreams =
            upstreams.map(|&number| Upstream { name: name(number), id: ids[number] }).collect();
        if made.broken
            && let Some(last) = repository.upstreams.last_mut()
        {
            last.id = u64::MAX;
        }
        repository.connection = Connection::parse("public:npmjs").filter(|_| made.connected);
        if let Some(versions) = &made.versions {
            let upstream = if made.blocks_upstreams { Block } else { Allow };
            let package =
                repository.package_or_insert(&key, OriginConfiguration { publish: Allow, upstream });
            for version in versions {
                let asset = Asset::new("a.tgz", format!("{of} {version}").into());
                let origin = Origin::Internal(of.clone());
                let made = Version::new(version, origin, asset, Details::default(), Timestamp::UNIX_EPOCH);
                package.versions.insert((*version).into(), Arc::new(made));
            }
        }
    }
    for version in public {
        world.seed(version);
    }
    for (way, (mode, list)) in [(Way::ExternalUpstream, external), (Way::InternalUpstream, internal)] {
        let list = list.iter().filter(|_| *mode == Mode::AllowSpecificRepositories);
        let added = list.map(|&number| (way, name(number))).collect();
        let change = OriginChange { modes: vec![(way, *mode)], added, removed: vec![] };
        let groups = &mut world.state.domain_mut(&world.domain).unwrap().groups;
        groups.get_mut("/*").unwrap().origin.change(&change).unwrap();
    }
    world
}

fn lets((mode, list): &Listed, number: usize) -> bool {
    match mode {
        Mode::AllowSpecificRepositories => list.contains(&number),
        mode => *mode == Mode::Allow,
    }
}

/// For each version where it is found first: the repository, and whether it comes from the public
/// registry behind it. Nothing when a reference on the way is broken.
fn reference(
    all: &[Made],
    external: &Listed,
    internal: &Listed,
    public: &[&'static str],
) -> Option<BTreeMap<&'static str, (usize, bool)>> {
    let mut found = BTreeMap::new();
    let mut searched = Vec::new();
    let mut next = vec![0];
    while let Some(number) = next.pop() {
        if searched.contains(&number) || searched.len() == 25 {
            continue;
        }
        searched.push(number);
        let made = &all[number];
        for version in made.versions.iter().flatten() {
            found.entry(*version).or_insert((number, false));
        }
        if made.broken && !made.upstreams.is_empty() {
            return None;
        }
        if made.blocks_upstreams {
            continue;
        }
        if made.connected && lets(external, number) {
            for version in public {
                found.entry(*version).or_insert((number, true));
            }
        }
        if lets(internal, 0) {
            next.extend(made.upstreams.iter().rev());
        }
    }
    Some(found)
}

proptest! {
    #[test]
    fn versions_are_found_and_retained_where_the_documentation_says(
        all in domain(),
        external in listed(),
        internal in listed(),
        public in prop::sample::subsequence(VERSIONS.to_vec(), 0..=3),
        wanted in prop::sample::select(VERSIONS.to_vec()),
    ) {
        let mut world = build(&all, &external, &internal, &public);
        let Some(expected) = reference(&all, &external, &internal, &public) else {
            prop_assert!(world.reachable("r00").is_err());
            prop_assert!(world.fetch("r00", wanted).is_err());
            return Ok(());
        };
        prop_assert_eq!(world.reachable("r00").unwrap(), expected.keys().copied().collect::<Vec<_>>());
        let mut held: Vec<BTreeSet<_>> =
            all.iter().map(|made| made.versions.clone().unwrap_or_default()).collect();
        let fetched = world.fetch("r00", wanted);
        let Some(&(number, is_public)) = expected.get(wanted) else {
            prop_assert_eq!(fetched.unwrap_err().code, "ResourceNotFoundException");
            return Ok(());
        };
        let content = if is_public { wanted.into() } else { format!("{} {wanted}", name(number)) };
        let fetched = fetched.unwrap();
        prop_assert_eq!(fetched.assets[0].content(), &content);
        held[0].insert(wanted);
        if is_public {
            held[number].insert(wanted);
        }
        for (number, expected) in held.iter().enumerate() {
            prop_assert_eq!(world.held(&name(number)), expected.iter().copied().collect::<Vec<_>>());
        }
    }
}
