//! The registries of a login, and the files that are wanted for each.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{ObjectRef, RepositoryName, rules};

/// A registry and the files wanted for it.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.repositoryRef) != has(self.repository)", "a registry needs exactly one of repositoryRef and repository"),
    validation = ("!has(self.scope) || 'npm' in self.formats", "a scope needs the format npm in formats"),
    validation = ("!has(self.endpoint) || !has(self.endpointType)", "endpoint and endpointType exclude each other"))]
pub struct Registry {
    /// A Repository object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_ref: Option<ObjectRef>,
    /// A repository by AWS names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryName>,
    /// Which files are written. A file holds all registries that list its format.
    #[schemars(length(min = 1, max = 3))]
    #[x_kube(validation = ("self.all(x, self.exists_one(y, y == x))", "a format is listed twice"))]
    pub formats: Vec<Format>,
    /// npm scope, with the @.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 215))]
    #[x_kube(validation = ("self.startsWith('@')", "a scope begins with @, such as @acme"),
        validation = rules::matches("^@?([a-z0-9~-][a-z0-9._~-]*)?$", "a scope has lower-case letters, digits and . _ ~ - after the @"))]
    pub scope: Option<String>,
    /// Which of the service's own addresses; ipv4 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_type: Option<EndpointType>,
    /// Address of a private endpoint, without a path, instead of the service's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = ("self.startsWith('https://')", "endpoint begins with https://, so that no token is sent in the open"),
        validation = rules::matches("^([a-z]+://)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*(:0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?/?$", "endpoint is https:// and the name of a host, perhaps with a port; no path follows"))]
    pub endpoint: Option<String>,
}

/// The files of a package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `.npmrc`, for npm and pnpm.
    Npm,
    /// `pip.conf`.
    Pip,
    /// `.netrc`, for curl, pip, uv and others.
    Netrc,
}

impl Format {
    /// The format as specs spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pip => "pip",
            Self::Netrc => "netrc",
        }
    }
}

/// Which of the service's own addresses.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum EndpointType {
    /// Reachable over IPv4.
    #[default]
    Ipv4,
    /// Reachable over IPv4 and IPv6.
    Dualstack,
}
