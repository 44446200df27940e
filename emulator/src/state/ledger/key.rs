//! What a record is about.

use crate::state::package::PackageKey;
use crate::state::{Connection, DomainKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A thing that has a record. In this order what holds others comes before them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Key {
    Domain(DomainKey),
    Repository(DomainKey, String),
    Package(Place, PackageKey),
    Version(Place, PackageKey, String),
    Token(String),
    Due(Timestamp, u64),
}

/// What holds packages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Place {
    Repository(DomainKey, String),
    Public(Connection),
}
