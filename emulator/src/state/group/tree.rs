//! A domain's groups, and how they lie within each other.

use super::matching::Strength;
use super::origin::{GroupOrigin, Mode, Setting, Way};
use super::pattern::{Pattern, ROOT, Subject};
use super::ruling::Ruling;
use crate::state::package::PackageKey;
use crate::state::tags::Tags;
use imbl::OrdMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::ops::Bound;
use std::sync::Arc;

/// A package group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) pattern: Pattern,
    pub(crate) contact_info: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) origin: GroupOrigin,
    pub(crate) created: Timestamp,
}

impl Group {
    /// A group that takes all settings from its parent, or allows everything when it has none.
    pub(crate) fn new(pattern: Pattern, created: Timestamp) -> Self {
        let mode = if pattern.is_root() { Mode::Allow } else { Mode::Inherit };
        Self {
            pattern,
            contact_info: None,
            description: None,
            tags: Tags::default(),
            origin: GroupOrigin::new(mode),
            created,
        }
    }
}

/// The groups of a domain. The root is always there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Groups {
    root: Arc<Group>,
    /// All the others, by the texts of their patterns.
    below: OrdMap<String, Arc<Group>>,
}

/// The one group that a package belongs to.
pub(crate) struct Association<'a> {
    pub(crate) group: &'a Group,
    pub(crate) strength: Strength,
}

impl Groups {
    /// Those of a new domain.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { root: Arc::new(Group::new(Pattern::root(), now)), below: OrdMap::new() }
    }

    /// In the order of the patterns' texts, of which the root's is the least.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.iter_from(Bound::Unbounded)
    }

    /// The groups after that text of a pattern, in the same order.
    pub(crate) fn iter_from(&self, from: Bound<&str>) -> impl Iterator<Item = &Group> {
        let root = (from == Bound::Unbounded).then_some(&self.root);
        let below = self.below.range::<_, str>((from, Bound::Unbounded)).map(|(_, group)| group);
        root.into_iter().chain(below).map(AsRef::as_ref)
    }

    pub(crate) fn get(&self, pattern: &str) -> Option<&Group> {
        if pattern == ROOT { Some(&self.root) } else { self.below.get(pattern).map(AsRef::as_ref) }
    }

    /// The group, to change it.
    pub(crate) fn get_mut(&mut self, pattern: &str) -> Option<&mut Group> {
        let found = if pattern == ROOT { Some(&mut self.root) } else { self.below.get_mut(pattern) };
        found.map(Arc::make_mut)
    }

    /// Put a group where its pattern belongs. Those within it become its children by that.
    pub(crate) fn add(&mut self, group: Group) {
        let group = Arc::new(group);
        if group.pattern.is_root() {
            self.root = group;
        } else {
            self.below.insert(group.pattern.text().into(), group);
        }
    }

    /// Take a group out; its children and its packages fall to its parent. The root stays.
    pub(crate) fn remove(&mut self, pattern: &str) -> Option<Arc<Group>> {
        self.below.remove(pattern)
    }

    /// Take a repository that is gone off all lists.
    pub(crate) fn forget(&mut self, repository: &str) {
        let listing = self.iter().filter(|group| group.origin.lists(repository));
        let listing: Vec<_> = listing.map(|group| group.pattern.text().to_owned()).collect();
        for pattern in listing {
            self.get_mut(&pattern).into_iter().for_each(|group| group.origin.forget(repository));
        }
    }

    /// The group that a package belongs to, also one that does not exist yet.
    pub(crate) fn association(&self, key: &PackageKey) -> Association<'_> {
        let subject = Subject::new(key);
        let found = self.most_specific(|pattern| pattern.strength(&subject));
        found.unwrap_or(Association { group: &self.root, strength: Strength::Strong })
    }

    /// The group that a group with that pattern lies in directly; only the root lies in none.
    pub(crate) fn parent(&self, pattern: &Pattern) -> Option<&Group> {
        if pattern.is_root() {
            return None;
        }
        let found = self.most_specific(|other| other.contains(pattern));
        Some(found.map_or(self.root.as_ref(), |found| found.group))
    }

    /// The groups that lie directly in one, in the order of their patterns' texts, from a text on.
    pub(crate) fn children<'a>(
        &'a self,
        pattern: &'a Pattern,
        from: Bound<&str>,
    ) -> impl Iterator<Item = &'a Group> {
        let lies_within = |group: &&Group| pattern.is_root() || pattern.contains(&group.pattern).is_some();
        // To find a parent takes a look at every group, so that the cheap test comes first.
        self.iter_from(from).filter(lies_within).filter(|group| {
            self.parent(&group.pattern).is_some_and(|parent| parent.pattern.text() == pattern.text())
        })
    }

    /// The setting that counts for a group, and whose it is.
    pub(crate) fn effective<'a>(&'a self, group: &'a Group, way: Way) -> (&'a Group, &'a Setting) {
        let mut from = group;
        while from.origin.setting(way).mode == Mode::Inherit
            && let Some(parent) = self.parent(&from.pattern)
        {
            from = parent;
        }
        (from, from.origin.setting(way))
    }

    /// What a package's group says of its versions.
    pub(crate) fn ruling(&self, key: &PackageKey) -> Ruling<'_> {
        let Association { group, strength } = self.association(key);
        let settings = Way::ALL.map(|way| (way, self.effective(group, way).1));
        Ruling::new(&group.pattern, strength, settings)
    }

    /// The most specific of the groups below the root that fit. Of patterns that are variations of
    /// each other the one that fits strongly counts, else the first.
    fn most_specific(&self, fit: impl Fn(&Pattern) -> Option<Strength>) -> Option<Association<'_>> {
        let fitting = self.below.values().filter_map(|group| {
            let strength = fit(&group.pattern)?;
            Some(Association { group: group.as_ref(), strength })
        });
        fitting.max_by(|one, other| {
            let rank = |found: &Association<'_>| (found.group.pattern.specificity(), found.strength);
            let by_text = || other.group.pattern.text().cmp(one.group.pattern.text());
            rank(one).cmp(&rank(other)).then_with(by_text)
        })
    }
}
