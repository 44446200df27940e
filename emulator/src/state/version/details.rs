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
    /// Whether a Python source distribution says it. A wheel knows better: some things are only
    /// found out when it is built.
    pub(crate) of_source: bool,
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
    /// What a file of a version says together with what earlier ones said. Where both speak, the
    /// later one counts; where only one does, the other takes nothing back.
    pub(crate) fn after(self, earlier: &Self) -> Self {
        let gives_way = self.of_source && !earlier.of_source;
        let (first, second) = if gives_way { (earlier.clone(), self) } else { (self, earlier.clone()) };
        Self {
            document: if first.document.is_null() { second.document } else { first.document },
            display_name: first.display_name.or(second.display_name),
            summary: first.summary.or(second.summary),
            home_page: first.home_page.or(second.home_page),
            source_code_repository: first.source_code_repository.or(second.source_code_repository),
            licenses: some_or(first.licenses, second.licenses),
            readme: first.readme.or(second.readme),
            dependencies: some_or(first.dependencies, second.dependencies),
            of_source: first.of_source,
        }
    }

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

fn some_or<T>(list: Vec<T>, other: Vec<T>) -> Vec<T> {
    if list.is_empty() { other } else { list }
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
    fn a_later_file_takes_nothing_back_and_a_wheel_counts_more() {
        let needs = |package: &str| vec![Dependency { package: package.into(), ..Dependency::default() }];
        let wheel =
            Details { summary: Some("wheel".into()), dependencies: needs("six"), ..Details::default() };
        let source = |summary: &str, dependencies| Details {
            summary: Some(summary.into()),
            home_page: Some("home".into()),
            dependencies,
            of_source: true,
            ..Details::default()
        };
        let expected = Details { home_page: Some("home".into()), ..wheel.clone() };
        for dependencies in [Vec::new(), needs("setuptools")] {
            let source = source("source", dependencies);
            assert_eq!(source.clone().after(&wheel), expected);
            assert_eq!(wheel.clone().after(&source), expected);
        }
        let (old, new) = (source("old", needs("six")), source("new", Vec::new()));
        assert_eq!(new.after(&old), source("new", needs("six")));
        assert_eq!(Details::default().after(&wheel), wheel);
    }

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
