//! PackagePolicy: what holds for the packages of a repository.

use jiff::SignedDuration;
use kube::core::Duration;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccountRef, CommonStatus, Identity, Mode, ObjectRef, RepositoryName, rules};

/// What holds for the packages of a repository.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "codeartifact-operator.dev",
    version = "v1alpha1",
    kind = "PackagePolicy",
    plural = "packagepolicies",
    namespaced,
    shortname = "capol",
    category = "codeartifact",
    status = "PackagePolicyStatus",
    derive = "PartialEq",
    doc = "What holds for the packages of a repository: who may add versions to them. Where policies for one repository name the same package, Block wins over Allow, and the conditions say so. Deleting the object leaves the packages as they are, unless other policies name them: then the controls of those come into force.",
    printcolumn(name = "Domain", type_ = "string", json_path = ".status.identity.domain"),
    printcolumn(name = "Repository", type_ = "string", json_path = ".status.identity.repository"),
    printcolumn(name = "Mode", type_ = "string", json_path = ".spec.mode"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Drifted",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Drifted")].status"#,
        priority = 1
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.repositoryRef) != has(self.repository)", "exactly one of repositoryRef and repository is needed"))]
pub struct PackagePolicySpec {
    /// The AwsAccount to work in.
    #[serde(default)]
    pub account_ref: AccountRef,
    /// Observe counts and shows what would be done; Enforce does it.
    #[serde(default = "observe")]
    pub mode: Mode,
    /// Stop looking at this object until it is false again.
    #[serde(default)]
    pub suspend: bool,
    /// How often AWS is checked for drift, such as 90m or 1h30m, from 1m to 24h; up to 10 % is added or taken at random.
    #[serde(default = "one_day")]
    #[schemars(with = "String", length(max = 16), extend("default" = "24h"))]
    #[x_kube(validation = rules::duration(), validation = rules::duration_between("interval", "1m", "24h"))]
    pub interval: Duration,
    /// The Repository object whose packages these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_ref: Option<ObjectRef>,
    /// The repository by AWS names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryName>,
    /// The packages, each by its whole name; 1 to 100. A package need not exist yet.
    // No rule of CEL refuses a package that is listed twice: to compare each with each costs the API server 0.3 s of CPU at every write.
    #[schemars(length(min = 1, max = 100))]
    pub packages: Vec<PackageName>,
    /// Who may add versions.
    pub origin: OriginControls,
}

fn observe() -> Mode {
    Mode::Observe
}

fn one_day() -> Duration {
    SignedDuration::from_hours(24).unsigned_abs().into()
}

/// A package by its whole name.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
// `namespace` is a word of CEL: older API servers know the field by this name alone.
#[x_kube(validation = ("self.format in ['maven', 'swift', 'generic'] ? has(self.__namespace__) : true", "maven, swift and generic packages need a namespace"),
    validation = ("self.format in ['pypi', 'nuget', 'ruby', 'cargo'] ? !has(self.__namespace__) : true", "pypi, nuget, ruby and cargo packages have no namespace"),
    validation = ("self.format != 'pypi' || self.name.matches('^[a-z0-9]+(-[a-z0-9]+)*$')", "a pypi name must be normalised: lower case, runs of . _ - as one -"),
    validation = ("self.format != 'nuget' || self.name == self.name.lowerAscii()", "a nuget name must be lower case"))]
pub struct PackageName {
    /// Format of the package.
    pub format: PackageFormat,
    /// Namespace: npm scope without the @, Maven groupId, Swift scope, generic namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = ("!self.contains('@')", "namespace is the scope without the @: acme for @acme/x"),
        validation = rules::matches("^[^#/\\\\s*\\\\p{C}]+$", "a namespace has no / * #, no white space and no control characters"))]
    pub namespace: Option<String>,
    /// Name of the package.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = ("!self.contains('/')", "a name has no /: the package @acme/x of npm has the namespace acme and the name x"),
        validation = ("!self.contains('*')", "write the whole name of each package: * is no wildcard"),
        validation = rules::matches("^[^#\\\\s\\\\p{C}]+$", "a name has no #, no white space and no control characters"))]
    pub name: String,
}

impl std::fmt::Display for PackageName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/", self.format.as_str())?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

/// The package formats of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PackageFormat {
    /// npm.
    Npm,
    /// Python.
    Pypi,
    /// Maven.
    Maven,
    /// NuGet.
    Nuget,
    /// Files without a package manager.
    Generic,
    /// RubyGems.
    Ruby,
    /// Swift.
    Swift,
    /// Cargo.
    Cargo,
}

impl PackageFormat {
    /// Every format, in the order of the service's model.
    pub const ALL: [Self; 8] = [
        Self::Npm,
        Self::Pypi,
        Self::Maven,
        Self::Nuget,
        Self::Generic,
        Self::Ruby,
        Self::Swift,
        Self::Cargo,
    ];

    /// The service's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pypi => "pypi",
            Self::Maven => "maven",
            Self::Nuget => "nuget",
            Self::Generic => "generic",
            Self::Ruby => "ruby",
            Self::Swift => "swift",
            Self::Cargo => "cargo",
        }
    }
}

/// Who may add versions to a package. AWS always takes both members together.
#[derive(KubeSchema, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginControls {
    /// Direct publishing.
    pub publish: Permission,
    /// Upstream repositories and public registries.
    pub upstream: Permission,
}

/// Allow or Block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Permission {
    /// Versions may come this way.
    Allow,
    /// Versions may not come this way.
    Block,
}

/// What the operator found in AWS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PackagePolicyStatus {
    /// What every kind reports.
    #[serde(flatten)]
    pub common: CommonStatus,
    /// The repository; pinned before the first write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// How many of the packages are as declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages_in_sync: Option<i64>,
}
