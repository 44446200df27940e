//! The names of the kinds.

/// The kinds that the engine knows, as words for metrics, logs and references.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KindName {
    /// A Kubernetes namespace; only referred to.
    Namespace,
    /// `AwsAccount`.
    AwsAccount,
    /// `Domain`.
    Domain,
    /// `Repository`.
    Repository,
    /// `PackagePolicy`.
    PackagePolicy,
    /// `RegistryCredential`.
    RegistryCredential,
}

impl KindName {
    /// The kind as it stands in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::AwsAccount => "AwsAccount",
            Self::Domain => "Domain",
            Self::Repository => "Repository",
            Self::PackagePolicy => "PackagePolicy",
            Self::RegistryCredential => "RegistryCredential",
        }
    }
}
