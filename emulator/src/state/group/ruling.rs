//! What a package's group decides about versions that are to come into a repository.

use super::matching::Strength;
use super::origin::{Mode, Setting, Way};
use super::pattern::Pattern;
use crate::error::{Error, Result};
use crate::state::package::{OriginConfiguration, PackageKey};

/// The settings that count for one package.
pub(crate) struct Ruling<'a> {
    pattern: &'a Pattern,
    strength: Strength,
    settings: [(Way, &'a Setting); 3],
}

impl<'a> Ruling<'a> {
    pub(super) fn new(pattern: &'a Pattern, strength: Strength, settings: [(Way, &'a Setting); 3]) -> Self {
        Self { pattern, strength, settings }
    }

    /// Whether versions may come into the repository that way. Those of a package that is but a
    /// variation of what its group is for may not, whatever the group says.
    pub(crate) fn lets(&self, way: Way, repository: &str) -> bool {
        let lets = |(of, setting): &(Way, &Setting)| *of != way || setting.lets_into(repository);
        self.strength == Strength::Strong && self.settings.iter().all(lets)
    }

    /// Refuse what may not be published.
    pub(crate) fn check_publish(&self, key: &PackageKey, repository: &str) -> Result<()> {
        if self.lets(Way::Publish, repository) {
            return Ok(());
        }
        let (name, group) = (key.full_name(), self.pattern.text());
        Err(Error::access_denied(match self.strength {
            Strength::Strong => format!(
                "The origin configuration of package group '{group}' blocks publishing package '{name}' in \
                 repository '{repository}'"
            ),
            Strength::Weak => format!(
                "Package '{name}' is a variation of what package group '{group}' is for, which blocks \
                 publishing it"
            ),
        }))
    }

    /// What a package gets when its first version appears.
    pub(crate) fn first_origin(&self, published_here: bool) -> OriginConfiguration {
        let is_open = |(_, setting): &(Way, &Setting)| setting.mode == Mode::Allow;
        if self.strength == Strength::Strong && self.settings.iter().all(is_open) {
            OriginConfiguration::of_first_version(published_here)
        } else {
            OriginConfiguration::left_to_group()
        }
    }
}
