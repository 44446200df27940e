//! What the files of a version say of it, as their format has it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What is known of a version besides its files. Each format fills in what it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Details {
    /// What a package manager gets back of the version: for npm its `package.json`.
    pub(crate) document: Value,
    /// The name to show; without one it is the package's.
    pub(crate) display_name: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) home_page: Option<String>,
    pub(crate) source_code_repository: Option<String>,
    pub(crate) licenses: Vec<License>,
    pub(crate) readme: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A licence that a version is under.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct License {
    pub(crate) name: Option<String>,
    pub(crate) url: Option<String>,
}

/// A package that a version needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) namespace: Option<String>,
    pub(crate) package: String,
    /// In the format's words, such as `regular` for npm.
    pub(crate) kind: Option<String>,
    /// The version or the range that is needed, in the format's words.
    pub(crate) requirement: Option<String>,
}

impl Details {
    /// The members that a `PackageVersionDescription` has of them.
    pub(crate) fn describe(&self) -> Map<String, Value> {
        let texts = [
            ("displayName", &self.display_name),
            ("summary", &self.summary),
            ("homePage", &self.home_page),
            ("sourceCodeRepository", &self.source_code_repository),
        ];
        let mut members: Map<String, Value> = some_texts(texts);
        members.insert("licenses".into(), self.licenses.iter().map(License::describe).collect());
        members
    }
}

impl License {
    /// A licence known by its name only.
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), url: None }
    }

    fn describe(&self) -> Value {
        some_texts([("name", &self.name), ("url", &self.url)]).into()
    }
}

impl Dependency {
    /// A `PackageDependency`.
    pub(crate) fn describe(&self) -> Value {
        let mut described = json!({ "package": self.package });
        let texts = [
            ("namespace", &self.namespace),
            ("dependencyType", &self.kind),
            ("versionRequirement", &self.requirement),
        ];
        for (name, text) in some_texts(texts) {
            described[name] = text;
        }
        described
    }
}

/// Members for those that are there.
fn some_texts<const N: usize>(texts: [(&str, &Option<String>); N]) -> Map<String, Value> {
    let given = texts.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)));
    given.map(|(name, text)| (name.to_owned(), text.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_told() {
        assert_eq!(Value::from(Details::default().describe()), json!({ "licenses": [] }));
        let details = Details {
            summary: Some("A pad".into()),
            licenses: vec![License::named("MIT")],
            ..Details::default()
        };
        let told = json!({ "summary": "A pad", "licenses": [{ "name": "MIT" }] });
        assert_eq!(Value::from(details.describe()), told);
        let dependency = Dependency { package: "lodash".into(), ..Dependency::default() };
        assert_eq!(dependency.describe(), json!({ "package": "lodash" }));
    }
}
