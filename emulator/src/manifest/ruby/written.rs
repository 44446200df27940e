//! The YAML of a gemspec as Ruby writes it: objects with tags, which say nothing that is not known.

use super::{Dependency, Gemspec, Requirement};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The gemspec in the text.
pub(super) fn read(text: &str) -> Result<Gemspec, serde_saphyr::Error> {
    serde_saphyr::from_str::<Written>(text).map(Gemspec::from)
}

/// The gemspec as Ruby writes it.
#[derive(Deserialize)]
struct Written {
    name: String,
    version: Number,
    platform: Option<String>,
    summary: Option<String>,
    description: Option<String>,
    homepage: Option<String>,
    licenses: Option<Vec<String>>,
    authors: Option<Vec<Option<String>>>,
    metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    dependencies: Vec<Need>,
    #[serde(default)]
    required_ruby_version: Conditions,
    #[serde(default)]
    required_rubygems_version: Conditions,
}

#[derive(Deserialize)]
struct Number {
    version: String,
}

#[derive(Deserialize)]
struct Need {
    name: String,
    requirement: Option<Conditions>,
    /// The same, and all that gems of long ago have.
    version_requirements: Option<Conditions>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Default, Deserialize)]
struct Conditions {
    requirements: Vec<(String, Number)>,
}

impl From<Written> for Gemspec {
    fn from(written: Written) -> Self {
        Self {
            name: written.name,
            number: written.version.version,
            platform: written.platform.unwrap_or_else(|| "ruby".into()),
            summary: written.summary,
            description: written.description,
            homepage: written.homepage,
            licenses: written.licenses.unwrap_or_default(),
            authors: written.authors.into_iter().flatten().flatten().collect(),
            metadata: written.metadata.unwrap_or_default(),
            dependencies: written.dependencies.into_iter().map(Dependency::from).collect(),
            ruby: written.required_ruby_version.into(),
            rubygems: written.required_rubygems_version.into(),
        }
    }
}

impl From<Need> for Dependency {
    fn from(need: Need) -> Self {
        Self {
            name: need.name,
            requirement: need.requirement.or(need.version_requirements).unwrap_or_default().into(),
            is_runtime: need.kind.is_none_or(|kind| kind == ":runtime"),
        }
    }
}

impl From<Conditions> for Requirement {
    fn from(written: Conditions) -> Self {
        Self(written.requirements.into_iter().map(|(operator, one)| (operator, one.version)).collect())
    }
}
