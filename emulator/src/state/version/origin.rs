//! Where a version comes from.

use crate::state::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// By which way a version came into the domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// Published to the repository of that name.
    Internal(String),
    /// Ingested through that external connection.
    External(Connection),
}

impl Origin {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Internal(_) => "INTERNAL",
            Self::External(_) => "EXTERNAL",
        }
    }

    pub(crate) fn is_external(&self) -> bool {
        matches!(self, Self::External(_))
    }

    /// A `PackageVersionOrigin`.
    pub(super) fn describe(&self) -> Value {
        let entry = match self {
            Self::Internal(repository) => json!({ "repositoryName": repository }),
            Self::External(connection) => json!({ "externalConnectionName": connection.name() }),
        };
        json!({ "originType": self.type_name(), "domainEntryPoint": entry })
    }
}
