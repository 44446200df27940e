//! Which domain is meant.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A domain's identity within the Region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct DomainKey {
    pub(crate) owner: String,
    pub(crate) name: String,
}

impl DomainKey {
    /// `<domain>-<owner>`, as host names and paths have it.
    pub(crate) fn of_label(label: &str) -> Option<Self> {
        let (name, owner) = label.rsplit_once('-')?;
        Some(Self { owner: owner.into(), name: name.into() })
    }
}

impl fmt::Display for DomainKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "'{}' owned by account '{}'", self.name, self.owner)
    }
}
