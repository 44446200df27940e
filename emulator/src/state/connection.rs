//! External connections: the public registries that a repository may draw from.

use super::format::Format;
use serde::{Deserialize, Serialize};

/// A public registry, known by its name, such as `public:npmjs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Connection(Name, Format);

type Name = &'static str;

const ALL: [Connection; 10] = [
    Connection("public:npmjs", Format::Npm),
    Connection("public:pypi", Format::Pypi),
    Connection("public:nuget-org", Format::Nuget),
    Connection("public:ruby-gems-org", Format::Ruby),
    Connection("public:crates-io", Format::Cargo),
    Connection("public:maven-central", Format::Maven),
    Connection("public:maven-googleandroid", Format::Maven),
    Connection("public:maven-gradleplugins", Format::Maven),
    Connection("public:maven-commonsware", Format::Maven),
    Connection("public:maven-clojars", Format::Maven),
];

impl Connection {
    /// By its name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        ALL.into_iter().find(|known| known.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        self.0
    }

    /// The format of what the registry has.
    pub(crate) fn format(self) -> Format {
        self.1
    }
}

impl TryFrom<String> for Connection {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(&name).ok_or_else(|| format!("the external connection {name:?} is not known"))
    }
}

impl From<Connection> for String {
    fn from(connection: Connection) -> Self {
        connection.name().into()
    }
}
