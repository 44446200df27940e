//! A package's origin configuration: by which ways versions come in.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Whether versions may come in by one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Restriction {
    Allow,
    Block,
}

impl Restriction {
    /// From the model's values.
    pub(crate) fn parse(name: &str) -> Self {
        if name == "BLOCK" { Self::Block } else { Self::Allow }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Block => "BLOCK",
        }
    }
}

/// By which ways versions of a package may come into a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OriginConfiguration {
    pub(crate) publish: Restriction,
    pub(crate) upstream: Restriction,
}

impl OriginConfiguration {
    /// What a package of a group that is open to everything gets when its first version appears. That of versions retained from another
    /// repository is not documented; here it is that of ingested ones, so that updates go on.
    pub(crate) fn of_first_version(published_here: bool) -> Self {
        if published_here {
            Self { publish: Restriction::Allow, upstream: Restriction::Block }
        } else {
            Self { publish: Restriction::Block, upstream: Restriction::Allow }
        }
    }

    /// What a package gets whose group is not open to everything: the group alone decides.
    pub(crate) fn left_to_group() -> Self {
        Self { publish: Restriction::Allow, upstream: Restriction::Allow }
    }

    /// As in answers.
    pub(crate) fn describe(self) -> Value {
        json!({ "restrictions": { "publish": self.publish.name(), "upstream": self.upstream.name() } })
    }
}
