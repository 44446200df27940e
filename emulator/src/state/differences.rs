//! What differs between two states. It costs as much as was changed, not as much as there is.

use super::package::Package;
use super::pending::Due;
use super::token::TokenGrant;
use super::version::Version;
use super::{Domain, Repository};
use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use std::sync::Arc;

/// The entries that are not the same in both maps, in the order of their keys.
pub(crate) fn differences<'a, K: Ord, V: PartialEq>(
    before: &'a OrdMap<K, Arc<V>>,
    after: &'a OrdMap<K, Arc<V>>,
) -> impl Iterator<Item = (&'a K, Option<&'a V>, Option<&'a V>)> {
    before.diff(after).map(|item| match item {
        DiffItem::Add(key, new) => (key, None, Some(new.as_ref())),
        DiffItem::Update { old: (key, old), new: (_, new) } => (key, Some(old.as_ref()), Some(new.as_ref())),
        DiffItem::Remove(key, old) => (key, Some(old.as_ref()), None),
    })
}

/// Two things of the state are equal when they are one object in memory. The comparison then costs the same
/// for a large domain as for a small one: a call replaces every object that the call changes.
macro_rules! compared_as_objects {
    ($($thing:ty),*) => {
        $(impl PartialEq for $thing {
            fn eq(&self, other: &Self) -> bool {
                std::ptr::eq(self, other)
            }
        })*
    };
}

compared_as_objects!(Domain, Repository, Package, Version, TokenGrant, Due);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::btree_map;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn differences_turn_one_map_into_the_other(
            first in btree_map(any::<u8>(), 0..4_u8, 0..200),
            edits in btree_map(any::<u8>(), proptest::option::of(0..4_u8), 0..10),
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
