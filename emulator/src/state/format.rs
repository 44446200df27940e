//! Package formats: which of them have namespaces, and how names are normalised.

use serde::{Deserialize, Serialize};

/// A package format, in the order of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Format {
    Cargo,
    Generic,
    Maven,
    Npm,
    Nuget,
    Pypi,
    Ruby,
    Swift,
}

/// Whether packages of a format have a namespace.
enum NamespaceRule {
    Required,
    Optional,
    Refused,
}

impl Format {
    const ALL: [Self; 8] = [
        Self::Cargo,
        Self::Generic,
        Self::Maven,
        Self::Npm,
        Self::Nuget,
        Self::Pypi,
        Self::Ruby,
        Self::Swift,
    ];

    /// By the model's name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The model's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Generic => "generic",
            Self::Maven => "maven",
            Self::Npm => "npm",
            Self::Nuget => "nuget",
            Self::Pypi => "pypi",
            Self::Ruby => "ruby",
            Self::Swift => "swift",
        }
    }

    /// Why packages of the format cannot have that namespace, or cannot be without one.
    pub(crate) fn namespace_problem(self, namespace: Option<&str>) -> Option<&'static str> {
        match (self.namespace_rule(), namespace) {
            (NamespaceRule::Required, None) => Some("need a namespace"),
            (NamespaceRule::Refused, Some(_)) => Some("have no namespace"),
            (_, Some(scope)) if self == Self::Npm && scope.starts_with('@') => {
                Some("have their scope as namespace, which is given without the '@'")
            }
            _ => None,
        }
    }

    fn namespace_rule(self) -> NamespaceRule {
        match self {
            Self::Generic | Self::Maven | Self::Swift => NamespaceRule::Required,
            Self::Npm => NamespaceRule::Optional,
            Self::Cargo | Self::Nuget | Self::Pypi | Self::Ruby => NamespaceRule::Refused,
        }
    }

    /// The form under which a name, or a namespace, is stored.
    pub(crate) fn normalise(self, name: &str) -> String {
        match self {
            Self::Pypi => fold_separators(name),
            Self::Nuget | Self::Swift => name.to_lowercase(),
            Self::Cargo | Self::Generic | Self::Maven | Self::Npm | Self::Ruby => name.into(),
        }
    }

    /// The form under which the API looks for a name, or a namespace, or the beginning of one. It takes
    /// any spelling for NuGet and Swift, of the other formats only the stored one.
    pub(crate) fn looked_up(self, name: &str) -> String {
        match self {
            Self::Nuget | Self::Swift => self.normalise(name),
            _ => name.into(),
        }
    }
}

/// Lower case, and each run of `.`, `-` and `_` one `-`, as PEP 503 has it.
fn fold_separators(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    let mut in_run = false;
    for letter in name.chars().flat_map(char::to_lowercase) {
        let separates = matches!(letter, '.' | '-' | '_');
        if !separates {
            folded.push(letter);
        } else if !in_run {
            folded.push('-');
        }
        in_run = separates;
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_name_and_in_the_order_of_names() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.name()), Some(format));
        }
        assert_eq!(Format::parse("deb"), None);
        assert!(Format::ALL.is_sorted_by_key(|format| format.name()));
    }

    #[test]
    fn names_are_normalised_by_format() {
        for (format, given, stored) in [
            (Format::Pypi, "Flask__SQL.-Alchemy", "flask-sql-alchemy"),
            (Format::Pypi, "requests", "requests"),
            (Format::Nuget, "Newtonsoft.Json", "newtonsoft.json"),
            (Format::Swift, "Swift-NIO", "swift-nio"),
            (Format::Npm, "JSONStream", "JSONStream"),
            (Format::Maven, "Guava_X", "Guava_X"),
        ] {
            assert_eq!(format.normalise(given), stored);
        }
    }
}
