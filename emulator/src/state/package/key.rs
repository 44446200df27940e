//! A package's identity: by the API's members, and by the names that package managers give it.

use crate::error::{Error, ResourceType, Result};
use crate::state::format::Format;
use crate::state::version::Status;
use serde::{Deserialize, Serialize};

/// A package's identity within a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct PackageKey {
    pub(crate) format: Format,
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
}

impl PackageKey {
    /// As the API names a package: a namespace where the format has them, and only there.
    pub(crate) fn new(format: Format, namespace: Option<&str>, name: &str) -> Result<Self> {
        match format.namespace_problem(namespace) {
            Some(problem) => Err(Error::invalid(format!("Packages of format '{}' {problem}", format.name()))),
            None => Ok(Self { format, namespace: namespace.map(str::to_owned), name: name.into() }),
        }
    }

    /// From `widgets` or `@acme/widgets`.
    pub(crate) fn from_npm_name(name: &str) -> Option<Self> {
        let (namespace, name) = match name.strip_prefix('@') {
            Some(scoped) => scoped.split_once('/').map(|(scope, name)| (Some(scope), name))?,
            None => (None, name),
        };
        let is_legal = |part: &str| {
            !part.is_empty()
                && !part.starts_with(['.', '-'])
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-~".contains(&byte))
        };
        if !is_legal(name) || !namespace.is_none_or(is_legal) {
            return None;
        }
        Self::new(Format::Npm, namespace, name).ok()
    }

    /// A Python project, by its name in any spelling.
    pub(crate) fn from_python_name(name: &str) -> Self {
        Self { format: Format::Pypi, namespace: None, name: name.into() }.normalised()
    }

    /// From a groupId and an artifactId.
    pub(crate) fn from_maven_coordinates(group: &str, artifact: &str) -> Option<Self> {
        let is_legal = |part: &str| {
            let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            !part.is_empty() && part.bytes().all(is_legal)
        };
        let mut parts = group.split('.').chain(artifact.split('.'));
        if group.len() > 255 || artifact.len() > 255 || !parts.all(is_legal) {
            return None;
        }
        Self::new(Format::Maven, Some(group), artifact).ok()
    }

    /// From the name of a crate, which begins with a letter.
    pub(crate) fn from_crate_name(name: &str) -> Option<Self> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let begins_well = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
        if !begins_well || name.len() > 64 || !name.bytes().all(is_legal) {
            return None;
        }
        Self::new(Format::Cargo, None, name).ok()
    }

    /// From the name of a gem, which has a letter somewhere.
    pub(crate) fn from_gem_name(name: &str) -> Option<Self> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let has_letter = name.bytes().any(|byte| byte.is_ascii_alphabetic());
        if !has_letter || name.len() > 255 || name.starts_with(['.', '-', '_']) || !name.bytes().all(is_legal)
        {
            return None;
        }
        Self::new(Format::Ruby, None, name).ok()
    }

    /// The identity under which the package is stored.
    pub(crate) fn normalised(&self) -> Self {
        self.spelled(Format::normalise)
    }

    /// The identity under which the API looks for what a caller names.
    pub(crate) fn looked_up(&self) -> Self {
        self.spelled(Format::looked_up)
    }

    fn spelled(&self, spell: impl Fn(Format, &str) -> String) -> Self {
        Self {
            format: self.format,
            namespace: self.namespace.as_deref().map(|namespace| spell(self.format, namespace)),
            name: spell(self.format, &self.name),
        }
    }

    /// The identity under which the package is stored, for what a caller names.
    pub(crate) fn stored(&self) -> Result<Self> {
        let stored = self.normalised();
        if self.looked_up() == stored {
            return Ok(stored);
        }
        Err(Error::invalid(format!(
            "The package name '{}' is not normalised; use '{}'",
            self.full_name(),
            stored.full_name()
        )))
    }

    /// The name with its namespace, as people write it: `@acme/widgets` for npm.
    pub(crate) fn full_name(&self) -> String {
        match (&self.namespace, self.format) {
            (None, _) => self.name.clone(),
            (Some(scope), Format::Npm) => format!("@{scope}/{}", self.name),
            (Some(group), Format::Maven) => format!("{group}:{}", self.name),
            (Some(namespace), _) => format!("{namespace}/{}", self.name),
        }
    }

    /// The name that is shown where the version has none of its own.
    pub(crate) fn display_name(&self) -> String {
        if self.format == Format::Npm { self.full_name() } else { self.name.clone() }
    }

    /// The part of an ARN after `package/DOMAIN/REPOSITORY/`.
    pub(crate) fn arn_path(&self) -> String {
        let namespace = self.namespace.as_deref().unwrap_or_default();
        format!("{}/{namespace}/{}", self.format.name(), self.name)
    }

    /// The key by which pages of packages go on. Its order is that of package keys: a space sorts below every
    /// character of a name.
    pub(crate) fn page_key(&self) -> String {
        format!("{} {} {}", self.format.name(), self.namespace.as_deref().unwrap_or_default(), self.name)
    }

    /// The package of a page key.
    pub(crate) fn from_page_key(key: &str) -> Option<Self> {
        let mut parts = key.splitn(3, ' ');
        let (format, namespace, name) = (parts.next()?, parts.next()?, parts.next()?);
        let namespace = (!namespace.is_empty()).then(|| namespace.to_owned());
        Some(Self { format: Format::parse(format)?, namespace, name: name.into() })
    }

    pub(crate) fn not_found(&self) -> Error {
        let message = format!("Package not found. Package '{}' does not exist", self.full_name());
        Error::not_found(ResourceType::Package, &self.full_name(), message)
    }

    /// For a version that is there and must not be downloaded.
    pub(crate) fn version_not_served(&self, version: &str, status: Status) -> Error {
        let message = format!(
            "Package version not found. Version '{version}' of '{}' has status {}",
            self.full_name(),
            status.name()
        );
        Error::not_found(ResourceType::PackageVersion, version, message)
    }

    /// For a version that stands against publishing it.
    pub(crate) fn version_exists(&self, version: &str, status: Status) -> Error {
        let (name, status) = (self.full_name(), status.name());
        let message = format!("Version '{version}' of package '{name}' already exists with status {status}");
        Error::conflict(ResourceType::PackageVersion, version, message)
    }

    pub(crate) fn version_not_found(&self, version: &str) -> Error {
        let message = format!("Package version not found. '{}' has no version '{version}'", self.full_name());
        Error::not_found(ResourceType::PackageVersion, version, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_follow_the_format() {
        for (format, namespace, legal) in [
            (Format::Maven, None, false),
            (Format::Swift, None, false),
            (Format::Generic, None, false),
            (Format::Maven, Some("org.acme"), true),
            (Format::Npm, None, true),
            (Format::Npm, Some("acme"), true),
            (Format::Npm, Some("@acme"), false),
            (Format::Generic, Some("@acme"), true),
            (Format::Pypi, Some("acme"), false),
            (Format::Nuget, Some("acme"), false),
            (Format::Ruby, Some("acme"), false),
            (Format::Cargo, Some("acme"), false),
            (Format::Cargo, None, true),
        ] {
            let key = PackageKey::new(format, namespace, "widgets");
            assert_eq!(key.is_ok(), legal, "{format:?} {namespace:?}");
        }
    }

    #[test]
    fn some_formats_are_found_in_any_spelling_and_pypi_is_not() {
        for (format, namespace, found) in [
            (Format::Nuget, None, Some("my.lib")),
            (Format::Swift, Some("Acme"), Some("my.lib")),
            (Format::Npm, Some("Acme"), Some("My.Lib")),
            (Format::Pypi, None, None),
        ] {
            let stored = PackageKey::new(format, namespace, "My.Lib").unwrap().stored().ok();
            assert_eq!(stored.as_ref().map(|key| key.name.as_str()), found, "{format:?}");
        }
        let swift = PackageKey::new(Format::Swift, Some("Acme"), "x").unwrap();
        assert_eq!(swift.looked_up().namespace.as_deref(), Some("acme"));
    }

    #[test]
    fn page_keys_sort_as_packages_do_and_read_back() {
        let mut keys: Vec<_> = [
            (Format::Maven, Some("org.acme"), "b"),
            (Format::Maven, Some("org"), "z"),
            (Format::Maven, Some("org-acme"), "a"),
            (Format::Npm, Some("acme"), "a"),
            (Format::Npm, None, "zebra"),
            (Format::Npm, None, "a-b"),
            (Format::Npm, None, "a"),
            (Format::Cargo, None, "a"),
        ]
        .map(|(format, namespace, name)| PackageKey::new(format, namespace, name).unwrap())
        .to_vec();
        keys.sort();
        assert!(keys.iter().map(PackageKey::page_key).is_sorted());
        for key in keys {
            assert_eq!(PackageKey::from_page_key(&key.page_key()), Some(key));
        }
        assert_eq!(PackageKey::from_page_key("npm left-pad"), None);
    }

    #[test]
    fn names_read_as_people_write_them() {
        let key = |format, namespace| PackageKey::new(format, namespace, "widgets").unwrap();
        assert_eq!(key(Format::Npm, Some("acme")).full_name(), "@acme/widgets");
        assert_eq!(key(Format::Npm, None).arn_path(), "npm//widgets");
        assert_eq!(key(Format::Maven, Some("org.acme")).arn_path(), "maven/org.acme/widgets");
    }
}
