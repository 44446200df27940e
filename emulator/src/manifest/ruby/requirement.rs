//! What a gem needs: other gems, and versions of them.

use super::version::is_number;
use crate::state::version::Dependency as Shown;
use serde::{Deserialize, Serialize};

/// Another gem, needed to run this one or to work on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) requirement: Requirement,
    pub(crate) is_runtime: bool,
}

impl Dependency {
    /// As the API shows it.
    pub(super) fn detail(&self) -> Shown {
        let kind = if self.is_runtime { "runtime" } else { "development" };
        Shown {
            namespace: None,
            package: self.name.clone(),
            kind: Some(kind.into()),
            requirement: Some(self.requirement.joined(", ")),
        }
    }
}

/// Operators and versions, all of which must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Requirement(pub(crate) Vec<(String, String)>);

impl Requirement {
    /// Such as `>= 1.0, < 2`.
    pub(crate) fn joined(&self, separator: &str) -> String {
        let parts: Vec<_> =
            self.0.iter().map(|(operator, version)| format!("{operator} {version}")).collect();
        parts.join(separator)
    }

    /// Whether all of it can be meant.
    pub(super) fn is_sound(&self) -> bool {
        let operators = ["=", "!=", ">", "<", ">=", "<=", "~>"];
        self.0.iter().all(|(operator, number)| operators.contains(&operator.as_str()) && is_number(number))
    }

    /// Whether any version will do.
    pub(crate) fn is_any(&self) -> bool {
        self.0.iter().all(|(operator, version)| operator == ">=" && version == "0")
    }
}
