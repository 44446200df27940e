//! A group's origin configuration: by which ways versions of its packages come into repositories.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many repositories one call puts on lists and takes off them at most.
const CHANGES_PER_CALL: usize = 100;

/// A way into a repository; the model calls it the type of a restriction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Way {
    /// From a public registry, into the repository that is connected to it.
    ExternalUpstream,
    /// From another repository, into the one that was asked.
    InternalUpstream,
    Publish,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::ExternalUpstream, Self::InternalUpstream, Self::Publish];

    /// By the model's name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }

    /// The model's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ExternalUpstream => "EXTERNAL_UPSTREAM",
            Self::InternalUpstream => "INTERNAL_UPSTREAM",
            Self::Publish => "PUBLISH",
        }
    }
}

/// Whether a way is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    Allow,
    AllowSpecificRepositories,
    Block,
    /// As the parent has it.
    Inherit,
}

impl Mode {
    const ALL: [Self; 4] = [Self::Allow, Self::AllowSpecificRepositories, Self::Block, Self::Inherit];

    /// By the model's name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// The model's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::AllowSpecificRepositories => "ALLOW_SPECIFIC_REPOSITORIES",
            Self::Block => "BLOCK",
            Self::Inherit => "INHERIT",
        }
    }
}

/// What holds for one way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Setting {
    pub(crate) mode: Mode,
    /// The repositories that are allowed, as long as specific ones are.
    pub(crate) repositories: BTreeSet<String>,
}

impl Setting {
    fn new(mode: Mode) -> Self {
        Self { mode, repositories: BTreeSet::new() }
    }

    /// Whether versions may come into the repository.
    pub(super) fn lets_into(&self, repository: &str) -> bool {
        match self.mode {
            // A group that inherits is asked for its ancestor's setting.
            Mode::Allow | Mode::Inherit => true,
            Mode::AllowSpecificRepositories => self.repositories.contains(repository),
            Mode::Block => false,
        }
    }
}

/// The settings of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GroupOrigin {
    external_upstream: Setting,
    internal_upstream: Setting,
    publish: Setting,
}

impl GroupOrigin {
    /// The same mode for all three ways.
    pub(super) fn new(mode: Mode) -> Self {
        let setting = || Setting::new(mode);
        Self { external_upstream: setting(), internal_upstream: setting(), publish: setting() }
    }

    pub(crate) fn setting(&self, way: Way) -> &Setting {
        match way {
            Way::ExternalUpstream => &self.external_upstream,
            Way::InternalUpstream => &self.internal_upstream,
            Way::Publish => &self.publish,
        }
    }

    fn setting_mut(&mut self, way: Way) -> &mut Setting {
        match way {
            Way::ExternalUpstream => &mut self.external_upstream,
            Way::InternalUpstream => &mut self.internal_upstream,
            Way::Publish => &mut self.publish,
        }
    }

    /// Apply a change; what it did to the lists comes back.
    pub(crate) fn change(&mut self, change: &OriginChange) -> Result<ListUpdates> {
        change.check()?;
        for (way, mode) in &change.modes {
            let setting = self.setting_mut(*way);
            setting.mode = *mode;
            // A list is nothing that outlives the mode it belongs to.
            if *mode != Mode::AllowSpecificRepositories {
                setting.repositories.clear();
            }
        }
        let mut updates = ListUpdates::new();
        for (way, name) in &change.added {
            if self.list(*way)?.insert(name.clone()) {
                updates.entry(*way).or_default().added.push(name.clone());
            }
        }
        for (way, name) in &change.removed {
            if self.list(*way)?.remove(name) {
                updates.entry(*way).or_default().removed.push(name.clone());
            }
        }
        Ok(updates)
    }

    fn list(&mut self, way: Way) -> Result<&mut BTreeSet<String>> {
        let Setting { mode, repositories } = self.setting_mut(way);
        if *mode == Mode::AllowSpecificRepositories {
            return Ok(repositories);
        }
        Err(Error::invalid(format!(
            "The mode of {} is {}; a list of allowed repositories belongs to the mode \
             ALLOW_SPECIFIC_REPOSITORIES only",
            way.name(),
            mode.name()
        )))
    }

    /// Take a repository that is gone off all lists.
    pub(super) fn forget(&mut self, repository: &str) {
        for way in Way::ALL {
            self.setting_mut(way).repositories.remove(repository);
        }
    }

    /// Whether a list has the repository.
    pub(super) fn lists(&self, repository: &str) -> bool {
        Way::ALL.into_iter().any(|way| self.setting(way).repositories.contains(repository))
    }
}

/// What a call wants changed. Ways that it does not name stay as they are.
#[derive(Default)]
pub(crate) struct OriginChange {
    pub(crate) modes: Vec<(Way, Mode)>,
    pub(crate) added: Vec<(Way, String)>,
    pub(crate) removed: Vec<(Way, String)>,
}

impl OriginChange {
    fn check(&self) -> Result<()> {
        let count = self.added.len().saturating_add(self.removed.len());
        if count > CHANGES_PER_CALL {
            return Err(Error::invalid(format!(
                "A call can add and remove at most {CHANGES_PER_CALL} allowed repositories, not {count}"
            )));
        }
        let mut seen = BTreeSet::new();
        for (way, name) in self.added.iter().chain(&self.removed) {
            if !seen.insert((way, name)) {
                let way = way.name();
                return Err(Error::invalid(format!("The repository '{name}' is named twice for {way}")));
            }
        }
        Ok(())
    }
}

/// What changed on the lists; what was there or gone before is left out.
pub(crate) type ListUpdates = BTreeMap<Way, ListUpdate>;

/// What changed on one list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ListUpdate {
    pub(crate) added: Vec<String>,
    pub(crate) removed: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use Mode::{AllowSpecificRepositories, Block};
    use Way::Publish;

    fn entries(names: &[&str]) -> Vec<(Way, String)> {
        names.iter().map(|name| (Publish, (*name).to_owned())).collect()
    }

    fn specific(added: &[&str], removed: &[&str]) -> OriginChange {
        let modes = vec![(Publish, AllowSpecificRepositories)];
        OriginChange { modes, added: entries(added), removed: entries(removed) }
    }

    #[test]
    fn lists_change_as_asked_and_tell_only_what_changed() {
        let mut origin = GroupOrigin::new(Mode::Inherit);
        let updates = origin.change(&specific(&["b", "a"], &[])).unwrap();
        assert_eq!(updates[&Publish].added, ["b", "a"]);
        let updates = origin.change(&specific(&["a", "c"], &["b", "z"])).unwrap();
        let expected = ListUpdate { added: vec!["c".into()], removed: vec!["b".into()] };
        assert_eq!(updates, ListUpdates::from([(Publish, expected)]));
        assert!(origin.setting(Publish).repositories.iter().eq(["a", "c"]));
        assert!(origin.setting(Publish).lets_into("a") && !origin.setting(Publish).lets_into("b"));
        assert_eq!(origin.setting(Way::InternalUpstream).mode, Mode::Inherit);
    }

    #[test]
    fn a_list_goes_with_its_mode() {
        let mut origin = GroupOrigin::new(Mode::Inherit);
        origin.change(&specific(&["a"], &[])).unwrap();
        origin.change(&OriginChange { modes: vec![(Publish, Block)], ..OriginChange::default() }).unwrap();
        for (added, removed) in [(&["a"][..], &[][..]), (&[], &["a"])] {
            let change = OriginChange { modes: vec![], added: entries(added), removed: entries(removed) };
            assert!(origin.change(&change).is_err());
        }
        origin.change(&specific(&[], &[])).unwrap();
        assert!(origin.setting(Publish).repositories.is_empty());
    }

    #[test]
    fn too_many_and_repeated_changes_are_refused() {
        let many: Vec<_> = (0..101).map(|number| format!("r{number}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let mut origin = GroupOrigin::new(Mode::Inherit);
        assert!(origin.change(&specific(&many, &[])).is_err());
        assert!(origin.change(&specific(&many[..60], &many[60..])).is_err());
        assert!(origin.change(&specific(&many[..60], &many[60..100])).is_ok());
        for (added, removed) in [(&["a", "a"][..], &[][..]), (&["a"], &["a"]), (&[], &["a", "a"])] {
            assert!(origin.change(&specific(added, removed)).is_err(), "{added:?} {removed:?}");
        }
    }
}
