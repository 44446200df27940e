//! Revisions of versions.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names one state of a version's assets and details. A change of these gives the version another revision. The
/// text of a revision is base64 of random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Revision([u8; 32]);

impl Revision {
    /// One that no other version has.
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| fastrand::u8(..)))
    }

    #[cfg(test)]
    pub(crate) fn known(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&BASE64_STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl From<Revision> for String {
    fn from(revision: Revision) -> Self {
        revision.to_string()
    }
}

impl TryFrom<String> for Revision {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = BASE64_STANDARD.decode(&text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| format!("{text:?} is no revision"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_reads_back_as_it_was_written() {
        let revision = Revision::new();
        let written = serde_json::to_value(revision).unwrap();
        assert_eq!(written.as_str().unwrap().len(), 44);
        assert_eq!(serde_json::from_value::<Revision>(written).unwrap(), revision);
        assert!(serde_json::from_str::<Revision>("\"AAAA\"").is_err());
    }
}
