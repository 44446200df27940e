//! Which entries of a bounded list are kept when there are more. Pure.

use std::collections::HashMap;

/// Keeps `most` entries, in their order. The namespaces take turns, so that a namespace with many entries loses its own entries before
/// others lose theirs.
pub(super) fn fairly<T>(all: Vec<T>, most: usize, namespace: impl Fn(&T) -> &str) -> Vec<T> {
    if all.len() <= most {
        return all;
    }
    let mut entries_of = HashMap::new();
    let mut turns: Vec<_> = all
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let turn = entries_of.entry(namespace(entry)).or_insert(0_usize);
            *turn += 1;
            (*turn, index)
        })
        .collect();
    turns.sort_unstable();
    turns.truncate(most);
    let mut is_kept = vec![false; all.len()];
    for (_, index) in turns {
        is_kept[index] = true;
    }
    all.into_iter().zip(is_kept).filter_map(|(entry, is_kept)| is_kept.then_some(entry)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_with_many_entries_pushes_out_its_own() {
        for (all, most, expected) in [
            ("a1 a2 a3 b1", 4, "a1 a2 a3 b1"),
            ("a1 a2 a3 b1", 3, "a1 a2 b1"),
            ("a1 a2 a3 b1 c1", 2, "a1 b1"),
            ("a1 a2 a3 a4", 2, "a1 a2"),
            ("b1 a1 b2 a2 b3 a3", 5, "b1 a1 b2 a2 b3"),
            ("", 2, ""),
            ("a1", 0, ""),
        ] {
            let entries: Vec<_> = all.split_whitespace().collect();
            assert_eq!(fairly(entries, most, |entry| &entry[..1]).join(" "), expected, "{most} of {all}");
        }
    }
}
