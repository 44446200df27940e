//! The registries of a login, and the files that are wanted for each.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{AccountRef, ObjectRef, RepositoryName, rules};

/// A registry and the files wanted for it.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.repositoryRef) != has(self.repository)", "a registry needs exactly one of repositoryRef and repository"),
    validation = ("!has(self.scope) || !has(self.scopes)", "scope and scopes exclude each other"),
    validation = ("!(has(self.scope) || has(self.scopes)) || ['npm', 'yarn1', 'yarn', 'swift'].exists(f, f in self.formats)", "a scope needs the format npm, yarn1, yarn or swift in formats"),
    validation = ("!has(self.endpoint) || !has(self.endpointType)", "endpoint and endpointType exclude each other"))]
pub struct Registry {
    /// A Repository object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_ref: Option<ObjectRef>,
    /// A repository by AWS names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryName>,
    /// The AwsAccount of this registry, for another account or Region in the same files. Left out: that of `spec.accountRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,
    /// Which files are written. A file holds all registries that list its format.
    #[schemars(length(min = 1, max = 18))]
    #[x_kube(validation = ("self.all(x, self.exists_one(y, y == x))", "a format is listed twice"))]
    pub formats: Vec<Format>,
    /// The scope whose packages come from this registry, with the @: an npm scope, and without the @ a scope of Swift. The formats npm,
    /// yarn1, yarn and swift know scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 215))]
    #[x_kube(validation = ("self.startsWith('@')", "a scope begins with @, such as @acme"),
        validation = rules::matches("^@?([a-z0-9~-][a-z0-9._~-]*)?$", "a scope has lower-case letters, digits and . _ ~ - after the @"))]
    pub scope: Option<String>,
    /// Several scopes, up to 50, instead of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50), inner(length(min = 2, max = 215)), extend("x-kubernetes-list-type" = "set"))]
    #[x_kube(validation = ("self.all(s, s.startsWith('@'))", "a scope begins with @, such as @acme"),
        validation = ("self.all(s, s.matches('^@?([a-z0-9~-][a-z0-9._~-]*)?$'))", "a scope has lower-case letters, digits and . _ ~ - after the @"))]
    pub scopes: Option<Vec<String>>,
    /// Which of the service's own addresses; ipv4 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_type: Option<EndpointType>,
    /// Address of a private endpoint or of a proxy, instead of the service's own. `spec.allowedEndpoints` of the AwsAccount says which
    /// hosts may be named, and `http://` is only for Services of the cluster that stand there, such as `http://proxy.platform.svc/npm`. The
    /// endpoint serves all domains: `/<format>/d/<domain>-<owner>/<repository>/` follows. A path leads to one domain:
    /// `/<format>/<repository>/` follows the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::matches("^https://|^http://([A-Za-z0-9-]+[.])+svc([.]cluster[.]local)?(:[0-9]+)?(/|$)|^http://(localhost|127[.][0-9.]+)(:[0-9]+)?(/|$)", "endpoint begins with https://, so that no token is sent in the open; http:// is only for Services of the cluster, such as http://proxy.platform.svc"),
        validation = rules::matches("^([a-z]+://)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*(:0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?$", "endpoint is https:// and the name of a host, perhaps with a port and with a path of letters, digits and . _ -"))]
    pub endpoint: Option<String>,
}

/// The files of a package manager. docs/formats.md says which keys each writes, and how a container uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `.npmrc`, for npm and pnpm.
    Npm,
    /// `.npmrc-yarn1`, for Yarn 1.
    Yarn1,
    /// `.yarnrc.yml`, for Yarn 2 and newer.
    Yarn,
    /// `pip.conf`.
    Pip,
    /// `uv.toml`, which holds no secret, and `.netrc`.
    Uv,
    /// `auth.toml`, for Poetry.
    Poetry,
    /// `.pypirc`, for twine and flit.
    Twine,
    /// `settings.xml`, for Maven.
    Maven,
    /// `codeartifact.init.gradle`, which holds no secret and reads the token file beside it.
    Gradle,
    /// `.sbt-credentials`, for sbt and Coursier.
    Sbt,
    /// `nuget.config`, for dotnet and NuGet.
    Nuget,
    /// `config.toml`, which holds no secret and reads the token file beside it, and `credentials.toml`.
    Cargo,
    /// `.gemrc` for `gem install`, and `gem-credentials` for `gem push`.
    Gem,
    /// `bundle-config`, for Bundler.
    Bundler,
    /// `registries.json` and `.netrc-swift`, for the Swift package manager.
    Swift,
    /// `.netrc`, for curl, pip, uv and others.
    Netrc,
    /// `renovate-host-rules.json`, for a Renovate of one's own.
    Renovate,
    /// Keys that are names of environment variables, for Jobs that are shorter than `renewBefore`.
    Env,
}

impl Registry {
    /// The scopes whose packages come from this registry.
    pub fn all_scopes(&self) -> Vec<String> {
        self.scope.iter().chain(self.scopes.iter().flatten()).cloned().collect()
    }
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 18] = [
        Self::Npm,
        Self::Yarn1,
        Self::Yarn,
        Self::Pip,
        Self::Uv,
        Self::Poetry,
        Self::Twine,
        Self::Maven,
        Self::Gradle,
        Self::Sbt,
        Self::Nuget,
        Self::Cargo,
        Self::Gem,
        Self::Bundler,
        Self::Swift,
        Self::Netrc,
        Self::Renovate,
        Self::Env,
    ];

    /// Its word in `formats`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Yarn1 => "yarn1",
            Self::Yarn => "yarn",
            Self::Pip => "pip",
            Self::Uv => "uv",
            Self::Poetry => "poetry",
            Self::Twine => "twine",
            Self::Maven => "maven",
            Self::Gradle => "gradle",
            Self::Sbt => "sbt",
            Self::Nuget => "nuget",
            Self::Cargo => "cargo",
            Self::Gem => "gem",
            Self::Bundler => "bundler",
            Self::Swift => "swift",
            Self::Netrc => "netrc",
            Self::Renovate => "renovate",
            Self::Env => "env",
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
