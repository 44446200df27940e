//! What errors carry beside their message, as the model names it.

use serde::{Deserialize, Serialize};

/// What a conflict, not-found or quota error is about. The service may leave either out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resource {
    pub(crate) id: Option<String>,
    pub(crate) kind: Option<ResourceType>,
}

/// What an error can be about. The model's `ResourceType` has no value for package groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ResourceType {
    Domain,
    Repository,
    Package,
    PackageVersion,
    Asset,
    #[serde(skip)]
    PackageGroup,
}

impl ResourceType {
    /// The model's name, if it has one.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Domain => Some("domain"),
            Self::Repository => Some("repository"),
            Self::Package => Some("package"),
            Self::PackageVersion => Some("package-version"),
            Self::Asset => Some("asset"),
            Self::PackageGroup => None,
        }
    }
}

/// Why a request is not valid.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Reason {
    CannotParse,
    EncryptionKeyError,
    FieldValidationFailed,
    UnknownOperation,
    Other,
}

impl Reason {
    /// The model's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CannotParse => "CANNOT_PARSE",
            Self::EncryptionKeyError => "ENCRYPTION_KEY_ERROR",
            Self::FieldValidationFailed => "FIELD_VALIDATION_FAILED",
            Self::UnknownOperation => "UNKNOWN_OPERATION",
            Self::Other => "OTHER",
        }
    }
}
