//! ruby: the gemspec in a gem.

mod requirement;
mod version;
mod written;

pub(crate) use requirement::{Dependency, Requirement};
pub(crate) use version::split_full_name;

use super::text;
use crate::state::package::PackageKey;
use crate::state::version::{Details, License};
use flate2::read::GzDecoder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use version::{is_number, is_platform};

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
            if PackageKey::from_gem_name(name).is_none() || !requirement.is_sound() {
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
            ..Details::default()
        })
    }

    /// The name of its file.
    pub(crate) fn file_name(&self) -> String {
        format!("{}-{}.gem", self.name, self.version())
    }
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
}
