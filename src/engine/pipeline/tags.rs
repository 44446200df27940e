//! Tags: which ones are ours to change. Pure.

use std::collections::BTreeSet;

use crate::api::{OWNER_TAG, ObjectStatus, Tags};
use crate::engine::pipeline::kind::{Kind, Ownership};

/// The tags in AWS that an object may change: those that it wants, those that it set before, and the owner tag.
/// Other tools' tags are left out, so that they stay.
pub fn managed(have: Tags, want: Option<&Tags>, set_before: &[String]) -> Tags {
    have.into_iter()
        .filter(|(key, _)| {
            key == OWNER_TAG || set_before.contains(key) || want.is_some_and(|tags| tags.contains_key(key))
        })
        .collect()
}

/// The keys to remove and the tags to set that turn `have` into `want`.
pub fn changes(want: &Tags, have: &Tags) -> (Vec<String>, Tags) {
    let stale = have.keys().filter(|key| !want.contains_key(*key)).cloned().collect();
    let fresh = want.iter().filter(|(key, value)| have.get(*key) != Some(value));
    (stale, fresh.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// The keys of the tags, without our owner tag: what status remembers.
pub fn keys(tags: &Tags) -> Vec<String> {
    tags.keys().filter(|key| *key != OWNER_TAG).cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Adds keys to those that status remembers.
pub fn remember(known: &mut Vec<String>, tags: &Tags) {
    let all: BTreeSet<_> = known.drain(..).chain(keys(tags)).collect();
    known.extend(all);
}

/// Whether both have the same owner tag.
pub fn same_owner(one: &Tags, other: &Tags) -> bool {
    one.get(OWNER_TAG) == other.get(OWNER_TAG)
}

/// A state as it would be with our owner tag on the resource and nothing else changed.
pub(super) fn claimed<K: Kind>(state: &K::State, owner_tag: &str) -> K::State {
    let Some(tags) = K::tags(state) else { return state.clone() };
    let mut tags = tags.clone();
    tags.insert(OWNER_TAG.into(), owner_tag.into());
    K::with_tags(state, tags)
}

/// Whose the resource is.
pub(super) fn owner<K: Kind>(state: &K::State) -> Ownership<'_> {
    K::tags(state).map_or(Ownership::Shared, |tags| {
        tags.get(OWNER_TAG).map_or(Ownership::Untagged, |tag| Ownership::Tagged(tag))
    })
}

/// Remembers in status which tags the steps of an unfinished reconcile may have set, so that a later one may remove them.
pub(super) fn intend<K: Kind>(status: &mut impl ObjectStatus, want: &K::State) {
    if let (Some(known), Some(tags)) = (status.tag_keys_mut(), K::tags(want)) {
        remember(known, tags);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    #[test]
    fn tags_of_other_tools_are_not_managed() {
        let have = tags(&[("cost", "1"), ("team", "a"), ("old", "x"), (OWNER_TAG, "c/n/x")]);
        let want = tags(&[("team", "b")]);
        let ours = managed(have, Some(&want), &["old".into()]);
        assert_eq!(ours, tags(&[("team", "a"), ("old", "x"), (OWNER_TAG, "c/n/x")]));
    }

    #[test]
    fn changes_name_what_goes_and_what_comes() {
        let (stale, fresh) = changes(&tags(&[("a", "2"), ("b", "1")]), &tags(&[("a", "1"), ("c", "1")]));
        assert_eq!(stale, ["c"]);
        assert_eq!(fresh, tags(&[("a", "2"), ("b", "1")]));
    }

    #[test]
    fn the_owner_tag_is_not_remembered_as_the_objects() {
        assert_eq!(keys(&tags(&[("b", ""), ("a", ""), (OWNER_TAG, "x")])), ["a", "b"]);
    }

    #[test]
    fn keys_of_an_unfinished_reconcile_are_added_to_those_that_were_set() {
        let mut known = vec!["b".to_owned(), "c".to_owned()];
        remember(&mut known, &tags(&[("a", ""), ("b", ""), (OWNER_TAG, "x")]));
        assert_eq!(known, ["a", "b", "c"]);
    }

    #[test]
    fn owners_are_the_same_when_their_tags_are() {
        let of = |owner: &str| tags(&[(OWNER_TAG, owner), ("team", owner)]);
        assert!(
            same_owner(&of("a"), &tags(&[(OWNER_TAG, "a")]))
                && same_owner(&tags(&[]), &tags(&[("team", "a")]))
        );
        assert!(!same_owner(&of("a"), &of("b")) && !same_owner(&of("a"), &tags(&[("team", "a")])));
    }
}
