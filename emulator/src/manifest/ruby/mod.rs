//! ruby: the gemspec in a gem.

mod written;

use super::text;
use crate::state::package::PackageKey;
use crate::state::version::{Dependency as Shown, Details, License};
use flate2::read::GzDecoder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The members of a gemspec that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gemspec {
    pub(crate) name: String,
    /// Without the platform.
    pub(crate) number: String,
    /// `ruby` for a gem that runs everywhere.
    pub(crate) platform: String,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) homepage: Option<String>,
    pub(crate) licenses: Vec<String>,
    pub(crate) authors: Vec<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) ruby: Requirement,
    pub(crate) rubygems: Requirement,
}

/// Another gem, needed to run this one or to work on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) requirement: Requirement,
    pub(crate) is_runtime: bool,
}

impl Dependency {
    /// As the API shows it.
    fn detail(&self) -> Shown {
        let kind = if self.is_runtime { "runtime" } else { "development" };
        Shown {
            namespace: None,
            package: self.name.clone(),
            kind: Some(kind.into()),
            requirement: Some(self.requirement.joined(", ")),
        }
    }
}

/// Operators and versions, all of which must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Requirement(pub(crate) Vec<(String, String)>);

impl Requirement {
    /// Such as `>= 1.0, < 2`.
    pub(crate) fn joined(&self, separator: &str) -> String {
        let parts: Vec<_> =
            self.0.iter().map(|(operator, version)| format!("{operator} {version}")).collect();
        parts.join(separator)
    }

    /// Whether any version will do.
    pub(crate) fn is_any(&self) -> bool {
        self.0.iter().all(|(operator, version)| operator == ">=" && version == "0")
    }
}

impl Gemspec {
    /// The gemspec in a `.gem`.
    pub(crate) fn read(content: &[u8]) -> Result<Self, String> {
        let mut archive = tar::Archive::new(content);
        let entries = archive.entries().map_err(|error| error.to_string())?;
        for entry in entries {
            let entry = entry.map_err(|error| format!("the gem is no archive: {error}"))?;
            if entry.path_bytes().as_ref() == b"metadata.gz" {
                let written = text(GzDecoder::new(entry));
                let written = written.map_err(|error| format!("metadata.gz cannot be unpacked: {error}"))?;
                return Self::parse(&written);
            }
        }
        Err("the gem has no metadata.gz".into())
    }

    fn parse(text: &str) -> Result<Self, String> {
        let gemspec = written::read(text).map_err(|error| format!("metadata.gz is no gemspec: {error}"))?;
        let Self { number, platform, .. } = &gemspec;
        if !is_number(number) || !is_platform(platform) {
            return Err(format!("'{number}' for '{platform}' is not the version of a gem"));
        }
        let needs = gemspec.dependencies.iter().map(|one| (one.name.as_str(), &one.requirement));
        for (name, requirement) in needs.chain([("ruby", &gemspec.ruby), ("rubygems", &gemspec.rubygems)]) {
            if PackageKey::from_gem_name(name).is_none()
                || !requirement.0.iter().all(|(operator, number)| is_condition(operator, number))
            {
                return Err(format!("'{name}' cannot be needed as '{}'", requirement.joined(", ")));
            }
        }
        Ok(gemspec)
    }

    /// The version with its platform: what is one file, and one version of the package.
    pub(crate) fn version(&self) -> String {
        match self.platform.as_str() {
            "ruby" => self.number.clone(),
            platform => format!("{}-{platform}", self.number),
        }
    }

    /// What the API shows of it, and what gem and Bundler are told.
    pub(crate) fn details(&self) -> Result<Details, String> {
        let link = |name: &str| self.metadata.get(name).filter(|url| !url.is_empty()).cloned();
        Ok(Details {
            document: serde_json::to_value(self).map_err(|error| error.to_string())?,
            summary: self.summary.clone(),
            home_page: self.homepage.clone().filter(|url| !url.is_empty()),
            source_code_repository: link("source_code_uri"),
            licenses: self.licenses.iter().map(License::named).collect(),
            dependencies: self.dependencies.iter().map(Dependency::detail).collect(),
            display_name: None,
            readme: None,
        })
    }

    /// The name of its file.
    pub(crate) fn file_name(&self) -> String {
        format!("{}-{}.gem", self.name, self.version())
    }
}

/// Take `name-1.0-platform` apart: the version begins where digits, and a platform that begins with a
/// letter, make sense of all that follows.
pub(crate) fn split_full_name(full_name: &str) -> Option<(&str, &str)> {
    let splits = full_name.match_indices('-').filter_map(|(index, _)| {
        let (name, version) = (full_name.get(..index)?, full_name.get(index.checked_add(1)?..)?);
        let (number, platform) = version.split_once('-').unwrap_or((version, "ruby"));
        (is_number(number) && is_platform(platform)).then_some((name, version))
    });
    splits.into_iter().next()
}

fn is_condition(operator: &str, number: &str) -> bool {
    ["=", "!=", ">", "<", ">=", "<=", "~>"].contains(&operator) && is_number(number)
}

fn is_number(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.len() <= 100
        && text.split('.').all(is_part)
}

fn is_platform(text: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.len() <= 100
        && text.bytes().all(is_legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN_BY_RUBY: &str = "\
--- !ruby/object:Gem::Specification
name: left-pad
version: !ruby/object:Gem::Version
  version: 1.0.0
platform: ruby
authors:
- A
autorequire:
cert_chain: []
date: 2026-01-01 00:00:00.000000000 Z
dependencies:
- !ruby/object:Gem::Dependency
  name: rake
  requirement: !ruby/object:Gem::Requirement
    requirements:
    - - \"~>\"
      - !ruby/object:Gem::Version
        version: '13.0'
    - - \">=\"
      - !ruby/object:Gem::Version
        version: 13.0.1
  type: :runtime
  prerelease: false
  version_requirements: !ruby/object:Gem::Requirement
    requirements:
    - - \"~>\"
      - !ruby/object:Gem::Version
        version: '13.0'
- !ruby/object:Gem::Dependency
  name: rspec
  requirement: &any !ruby/object:Gem::Requirement
    requirements:
    - - \">=\"
      - !ruby/object:Gem::Version
        version: '0'
  type: :development
  prerelease: false
  version_requirements: *any
description: ''
email:
homepage: https://x
licenses:
- MIT
metadata:
  a: b
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - \">=\"
    - !ruby/object:Gem::Version
      version: '2.7'
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
  - - \">=\"
    - !ruby/object:Gem::Version
      version: '0'
rubygems_version: 3.3.15
specification_version: 4
summary: s
";

    #[test]
    fn a_gemspec_is_read_as_ruby_writes_it() {
        let gemspec = Gemspec::parse(WRITTEN_BY_RUBY).unwrap();
        assert_eq!(gemspec.file_name(), "left-pad-1.0.0.gem");
        assert_eq!(gemspec.dependencies[0].requirement.joined(", "), "~> 13.0, >= 13.0.1");
        let kinds: Vec<_> = gemspec.dependencies.iter().map(|one| one.is_runtime).collect();
        assert_eq!(kinds, [true, false]);
        assert_eq!(gemspec.ruby.joined(", "), ">= 2.7");
        assert!(gemspec.rubygems.is_any() && !gemspec.ruby.is_any());
        let details = gemspec.details().unwrap();
        assert_eq!(
            (details.summary.as_deref(), details.home_page.as_deref()),
            (Some("s"), Some("https://x"))
        );
        assert_eq!(details.licenses, [License::named("MIT")]);
        assert_eq!(details.dependencies[0].requirement.as_deref(), Some("~> 13.0, >= 13.0.1"));
        assert_eq!(details.dependencies[1].kind.as_deref(), Some("development"));
        assert_eq!((gemspec.licenses, gemspec.metadata["a"].as_str()), (vec!["MIT".to_owned()], "b"));
    }

    #[test]
    fn what_is_no_gem_is_refused() {
        for text in ["", "[]", "name: a", "name: a\nversion: {version: '../1'}", "name: [", "\0"] {
            assert!(Gemspec::parse(text).is_err(), "{text:?}");
        }
        let needs = |name: &str, operator: &str, number: &str| {
            let version = format!("requirements: [[{operator:?}, {{version: {number:?}}}]]");
            format!(
                "name: a\nversion: {{version: '1'}}\ndependencies: [{{name: {name:?}, requirement: {{{version}}}}}]"
            )
        };
        assert!(Gemspec::parse(&needs("b", ">=", "1.0")).is_ok());
        for (name, operator, number) in
            [("b\nc", ">=", "1"), ("b", "?", "1"), ("b", ">=", "1\n2"), ("", "=", "1")]
        {
            assert!(
                Gemspec::parse(&needs(name, operator, number)).is_err(),
                "{name:?} {operator} {number:?}"
            );
        }
        // As deep as nobody would write it.
        assert!(Gemspec::parse(&"[".repeat(1_000_000)).is_err());
        assert!(Gemspec::parse(&"a: {".repeat(1_000_000)).is_err());
        assert!(Gemspec::read(b"").is_err());
        assert!(Gemspec::read(&[0; 2_000]).is_err());
    }

    #[test]
    fn full_names_are_taken_apart() {
        for (full_name, expected) in [
            ("left-pad-1.0.0", Some(("left-pad", "1.0.0"))),
            ("nokogiri-1.15.0-x86_64-darwin-19", Some(("nokogiri", "1.15.0-x86_64-darwin-19"))),
            ("foo-2-1.0.pre", Some(("foo-2", "1.0.pre"))),
            ("foo-1-2.0-java", Some(("foo-1", "2.0-java"))),
            ("foo", None),
            ("foo-bar", None),
            ("foo-1.", None),
            ("-1.0", Some(("", "1.0"))),
            ("", None),
        ] {
            assert_eq!(split_full_name(full_name), expected, "{full_name}");
        }
    }
}
