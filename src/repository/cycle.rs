//! Cycles among repositories, as they are declared or as AWS has them. Pure.

use std::collections::{BTreeMap, VecDeque};

/// The shortest way from `start` over `edges` back to `start`: the members in order, `start` first.
pub(super) fn cycle_through<K: Ord + Clone>(start: &K, edges: &BTreeMap<K, Vec<K>>) -> Option<Vec<K>> {
    let mut came_from: BTreeMap<&K, &K> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for next in edges.get(node).into_iter().flatten() {
            if next == start {
                return Some(path(start, node, &came_from));
            }
            if !came_from.contains_key(next) {
                came_from.insert(next, node);
                queue.push_back(next);
            }
        }
    }
    None
}

fn path<K: Ord + Clone>(start: &K, end: &K, came_from: &BTreeMap<&K, &K>) -> Vec<K> {
    let mut path = vec![end.clone()];
    let mut node = end;
    while let Some(before) = came_from.get(node).filter(|_| node != start) {
        path.push((*before).clone());
        node = before;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles() {
        type Edges = [(&'static str, &'static [&'static str])];
        let table: [(&str, &Edges, Option<&[&str]>); 8] = [
            ("nothing is referred to", &[("a", &[])], None),
            ("a chain ends", &[("a", &["b"]), ("b", &["c"])], None),
            ("a diamond is no cycle", &[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"])], None),
            ("itself", &[("a", &["a"])], Some(&["a"])),
            ("two refer to each other", &[("a", &["b"]), ("b", &["a"])], Some(&["a", "b"])),
            ("three in a ring", &[("a", &["b"]), ("b", &["c"]), ("c", &["a"])], Some(&["a", "b", "c"])),
            (
                "who only leads into a cycle is no member",
                &[("a", &["b"]), ("b", &["c"]), ("c", &["b"])],
                None,
            ),
            (
                "the shortest of two is named",
                &[("a", &["b", "d"]), ("b", &["c"]), ("c", &["a"]), ("d", &["a"])],
                Some(&["a", "d"]),
            ),
        ];
        for (sentence, edges, expected) in table {
            let edges = edges.iter().map(|(from, to)| (*from, to.to_vec())).collect();
            assert_eq!(cycle_through(&"a", &edges).as_deref(), expected, "{sentence}");
        }
    }

    #[test]
    fn every_member_sees_the_cycle_from_its_own_place() {
        let edges: BTreeMap<_, _> = [("a", vec!["b"]), ("b", vec!["c"]), ("c", vec!["a"])].into();
        assert_eq!(cycle_through(&"b", &edges).unwrap(), ["b", "c", "a"]);
        assert_eq!(cycle_through(&"c", &edges).unwrap(), ["c", "a", "b"]);
    }
}
