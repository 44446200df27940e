//! Matching, association and the tree, against a slow reference that is written from the service's
//! documentation and works on nothing but the texts of paths and patterns.

use super::matching::Strength;
use super::*;
use crate::state::Format;
use crate::state::package::PackageKey;
use jiff::Timestamp;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Bound;

/// Few characters, so that there are hits: two cases, a Cyrillic look-alike, a digit that looks
/// like a letter, a mark, and the three separators.
const TEXT: &str = "[aA\u{430}bo0\u{301}._-]{1,4}";

fn format() -> impl Strategy<Value = Format> {
    select(vec![Format::Npm, Format::Maven, Format::Pypi])
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let namespace = prop_oneof![Just(String::new()), TEXT];
    (format(), namespace, TEXT, 0..6).prop_filter_map(
        "a legal pattern",
        |(format, namespace, name, shape)| {
            let format = format.name();
            let text = match shape {
                0 => format!("/{format}/*"),
                1 => format!("/{format}/{namespace}~"),
                2 => format!("/{format}/{namespace}/*"),
                3 => format!("/{format}/{namespace}/{name}~"),
                _ => format!("/{format}/{namespace}/{name}$"),
            };
            Pattern::parse(&text).ok()
        },
    )
}

fn package() -> impl Strategy<Value = PackageKey> {
    (format(), prop::option::of(TEXT), TEXT).prop_filter_map(
        "a legal package",
        |(format, namespace, name)| {
            Some(PackageKey::new(format, namespace.as_deref(), &name).ok()?.normalised())
        },
    )
}

fn groups() -> impl Strategy<Value = Groups> {
    vec(pattern(), 0..12).prop_map(|patterns| {
        let mut groups = Groups::new(Timestamp::UNIX_EPOCH);
        for pattern in patterns {
            groups.add(Group::new(pattern, Timestamp::UNIX_EPOCH));
        }
        groups
    })
}

fn path(key: &PackageKey) -> String {
    format!("/{}", key.arn_path())
}

/// Every character by the letter that it is a variation of, and runs of separators as one dot.
fn variation(text: &str) -> String {
    let letters = text.chars().map(|letter| match letter {
        'a' | 'A' | '\u{430}' => 'a',
        'o' | '0' => 'o',
        '-' | '_' => '.',
        other => other,
    });
    let mut folded = letters.collect::<String>();
    while folded.contains("..") {
        folded = folded.replace("..", ".");
    }
    folded
}

fn is_in_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '\u{301}'
}

fn reference_match(pattern: &str, path: &str) -> bool {
    let (stem, suffix) = pattern.split_at(pattern.len() - 1);
    match suffix {
        "*" => path.starts_with(stem),
        "$" => path == stem,
        _ => path.starts_with(stem) && !path[stem.len()..].starts_with(is_in_word),
    }
}

fn reference_strength(pattern: &str, path: &str) -> Option<Strength> {
    if reference_match(pattern, path) {
        return Some(Strength::Strong);
    }
    reference_match(&variation(pattern), &variation(path)).then_some(Strength::Weak)
}

/// The longest pattern counts, an exact one before a prefix, a strong match before a weak one.
fn reference_best<'a>(
    patterns: impl Iterator<Item = &'a str>,
    fit: impl Fn(&str) -> Option<Strength>,
) -> Option<(&'a str, Strength)> {
    let fitting = patterns.filter_map(|pattern| Some((pattern, fit(pattern)?)));
    fitting.max_by_key(|(pattern, strength)| {
        (variation(pattern).len(), pattern.ends_with('$'), *strength, Reverse(*pattern))
    })
}

/// Paths that stand for all that the pattern matches: nothing less general matches all of them.
fn representatives(pattern: &str) -> Vec<String> {
    let names = ["b", "c-d", "o"];
    let below = |stem: &str, depth: usize| -> Vec<String> {
        let names = names.iter().flat_map(|one| names.iter().map(move |two| [*one, *two]));
        names.map(|names| format!("{stem}{}", names[..depth].join("/"))).collect()
    };
    let stem = &pattern[..pattern.len() - 1];
    let is_namespace = pattern.matches('/').count() == 2;
    match (pattern.chars().next_back(), pattern.matches('/').count()) {
        (Some('*'), 1) => ["npm", "maven"].iter().flat_map(|name| below(&format!("/{name}/"), 2)).collect(),
        (Some('*'), 2) => below(stem, 2),
        (Some('*'), _) => below(stem, 1),
        (Some('~'), _) => {
            let rests = ["", "-b", ".c"].into_iter();
            let paths = rests.flat_map(|rest| {
                let path = format!("{stem}{rest}");
                if is_namespace { below(&format!("{path}/"), 1) } else { vec![path] }
            });
            paths.collect()
        }
        _ => vec![stem.to_owned()],
    }
}

fn texts(groups: &Groups) -> impl Iterator<Item = &str> {
    groups.iter().map(|group| group.pattern.text())
}

/// The most specific pattern of all that match everything that this one does, and more.
fn reference_parent<'a>(groups: &'a Groups, pattern: &str) -> Option<&'a str> {
    let paths = representatives(pattern);
    let contains = |other: &str| {
        if variation(other) == variation(pattern) {
            return None;
        }
        paths.iter().map(|path| reference_strength(other, path)).min().flatten()
    };
    reference_best(texts(groups), contains).map(|(pattern, _)| pattern)
}

proptest! {
    #[test]
    fn a_package_belongs_to_the_most_specific_group(groups in groups(), packages in vec(package(), 1..12)) {
        for package in packages {
            let found = groups.association(&package);
            let path = path(&package);
            let expected = reference_best(texts(&groups), |pattern| reference_strength(pattern, &path));
            prop_assert_eq!(Some((found.group.pattern.text(), found.strength)), expected, "{}", path);
        }
    }

    #[test]
    fn the_tree_follows_from_what_patterns_match(groups in groups()) {
        let expected: Vec<_> = texts(&groups).map(|text| (text, reference_parent(&groups, text))).collect();
        for (group, (text, parent)) in groups.iter().zip(&expected) {
            let found = groups.parent(&group.pattern).map(|parent| parent.pattern.text());
            prop_assert_eq!(found, *parent, "{}", text);
            let children: Vec<_> = groups.children(&group.pattern, Bound::Unbounded).map(|child| child.pattern.text()).collect();
            let is_child = |(child, parent): &(_, Option<&str>)| (*parent == Some(*text)).then_some(*child);
            prop_assert_eq!(children, expected.iter().filter_map(is_child).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_a_deleted_group_held_falls_to_its_parent(groups in groups(), packages in vec(package(), 1..12)) {
        for group in groups.iter().skip(1) {
            let text = group.pattern.text();
            let has_variation = texts(&groups).any(|other| other != text && variation(other) == variation(text));
            if has_variation {
                continue;
            }
            let parent = groups.parent(&group.pattern).unwrap().pattern.text();
            let mut fewer = groups.clone();
            fewer.remove(text);
            let belongs = |package: &&PackageKey| groups.association(package).group.pattern.text() == text;
            for package in packages.iter().filter(belongs) {
                prop_assert_eq!(fewer.association(package).group.pattern.text(), parent);
            }
        }
    }

    #[test]
    fn the_nearest_setting_that_is_not_inherited_decides(
        mut groups in groups(),
        modes in vec(select(vec![Mode::Allow, Mode::AllowSpecificRepositories, Mode::Block, Mode::Inherit]), 12),
        listed in btree_set(select(vec!["one", "two"]), 0..2),
        packages in vec(package(), 1..12),
    ) {
        let all: Vec<_> = texts(&groups).skip(1).map(str::to_owned).collect();
        for (text, mode) in all.iter().zip(modes) {
            let listed = listed.iter().filter(|_| mode == Mode::AllowSpecificRepositories);
            let added = listed.map(|name| (Way::Publish, (*name).to_owned())).collect();
            let change = OriginChange { modes: vec![(Way::Publish, mode)], added, removed: vec![] };
            groups.get_mut(text).unwrap().origin.change(&change).unwrap();
        }
        for package in packages {
            let path = path(&package);
            let best = reference_best(texts(&groups), |pattern| reference_strength(pattern, &path));
            let (mut from, strength) = best.unwrap();
            let mode = |text: &str| groups.get(text).unwrap().origin.setting(Way::Publish).mode;
            while mode(from) == Mode::Inherit {
                from = reference_parent(&groups, from).unwrap();
            }
            for repository in ["one", "two"] {
                let lets = match mode(from) {
                    Mode::Allow => true,
                    Mode::AllowSpecificRepositories => listed.contains(repository),
                    Mode::Block | Mode::Inherit => false,
                };
                let seen = groups.ruling(&package).lets(Way::Publish, repository);
                prop_assert_eq!(seen, lets && strength == Strength::Strong, "{} {}", path, repository);
            }
        }
    }
}

#[test]
fn the_generators_reach_every_case() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..2_000 {
        use proptest::strategy::ValueTree;
        let (groups, package) = (groups(), package()).new_tree(&mut runner).unwrap().current();
        let found = groups.association(&package);
        let text = found.group.pattern.text();
        let suffix = text.chars().next_back();
        seen.insert((text.matches('/').count(), suffix, found.strength));
    }
    // Six shapes, of which the first two name nothing that there could be variations of.
    assert_eq!(seen.len(), 10, "{seen:?}");
}
