//! What gem and Bundler ask before they download: versions, what they need, whole gemspecs.

use super::super::{Target, typed};
use super::marshal::{Value, dump};
use crate::error::{Error, Result};
use crate::manifest::ruby::{Dependency, Gemspec, Requirement};
use crate::state::State;
use crate::state::package::PackageKey;
use crate::state::resolution::versions;
use crate::state::version::Version;
use axum::response::Response;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::Deserialize;
use std::io::Write;

/// The gems of that name, each with the checksum of its file.
fn gems(state: &State, target: &Target, key: &PackageKey) -> Result<Vec<(Gemspec, String)>> {
    let places = state.places(&target.domain, &target.repository, key)?;
    let gem = |version: &Version| Some((gemspec(version)?, version.assets.first()?.sha256().to_string()));
    Ok(versions(&places).into_values().filter_map(gem).collect())
}

fn gemspec(version: &Version) -> Option<Gemspec> {
    Gemspec::deserialize(&version.details.document).ok()
}

/// The lines of one gem in the compact index, which `gem install` reads.
pub(super) fn info(state: &State, target: &Target, key: &PackageKey) -> Result<Response> {
    let gems = gems(state, target, key)?;
    if gems.is_empty() {
        return Err(key.not_found());
    }
    let lines = gems.iter().map(|(gemspec, checksum)| line(gemspec, checksum));
    let text: String = ["---\n".into()].into_iter().chain(lines).collect();
    Ok(typed("text/plain; charset=utf-8", text.into_bytes()))
}

fn line(gemspec: &Gemspec, checksum: &str) -> String {
    let dependencies = gemspec.dependencies.iter().filter(|dependency| dependency.is_runtime);
    let dependencies: Vec<_> =
        dependencies.map(|one| format!("{}:{}", one.name, one.requirement.joined("&"))).collect();
    let mut needs = vec![format!("checksum:{checksum}")];
    for (name, requirement) in [("ruby", &gemspec.ruby), ("rubygems", &gemspec.rubygems)] {
        if !requirement.is_any() {
            needs.push(format!("{name}:{}", requirement.joined("&")));
        }
    }
    format!("{} {}|{}\n", gemspec.version(), dependencies.join(","), needs.join(","))
}

/// All versions of the gems and what these need, which Bundler reads. A gem that is not there has none.
pub(super) fn dependencies(state: &State, target: &Target, keys: &[PackageKey]) -> Result<Response> {
    let mut answers = Vec::new();
    for key in keys {
        answers.extend(gems(state, target, key)?.iter().map(|(gemspec, _)| needs(gemspec)));
    }
    Ok(typed("application/octet-stream", dump(&Value::Array(answers))))
}

fn needs(gemspec: &Gemspec) -> Value {
    let need = |dependency: &Dependency| {
        let requirement = Value::text(dependency.requirement.joined(", "));
        Value::Array(vec![Value::text(&dependency.name), requirement])
    };
    let dependencies = gemspec.dependencies.iter().filter(|dependency| dependency.is_runtime);
    Value::Hash(vec![
        (Value::Symbol("name"), Value::text(&gemspec.name)),
        (Value::Symbol("number"), Value::text(&gemspec.number)),
        (Value::Symbol("platform"), Value::text(&gemspec.platform)),
        (Value::Symbol("dependencies"), Value::Array(dependencies.map(need).collect())),
    ])
}

/// The whole gemspec of a version, deflated.
pub(super) fn quick(state: &State, target: &Target, key: &PackageKey, version: &str) -> Result<Response> {
    let places = state.places(&target.domain, &target.repository, key)?;
    let found = versions(&places).get(version).and_then(|found| gemspec(found));
    let gemspec = found.ok_or_else(|| key.version_not_found(version))?;
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    let packed = packed.write_all(&dump(&whole(&gemspec))).and_then(|()| packed.finish());
    let packed = packed.map_err(|error| Error::internal(error.to_string()))?;
    Ok(typed("application/octet-stream", packed))
}

/// As `Gem::Specification#_dump` has it: an array of members in a fixed order.
fn whole(gemspec: &Gemspec) -> Value {
    let metadata = gemspec.metadata.iter().map(|(name, value)| (Value::text(name), Value::text(value)));
    let members = Value::Array(vec![
        Value::text("3.0.0"), // the RubyGems that built it
        Value::Integer(4),    // the version of this format
        Value::text(&gemspec.name),
        version(&gemspec.number),
        Value::text("1980-01-01"), // the date
        Value::optional(gemspec.summary.as_ref()),
        requirement(&gemspec.ruby),
        requirement(&gemspec.rubygems),
        Value::text(&gemspec.platform),
        Value::Array(gemspec.dependencies.iter().map(dependency).collect()),
        Value::text(""), // no longer used
        Value::Nil,      // e-mail addresses
        Value::texts(&gemspec.authors),
        Value::optional(gemspec.description.as_ref()),
        Value::optional(gemspec.homepage.as_ref()),
        Value::Bool(true), // no longer used
        Value::text(&gemspec.platform),
        Value::texts(&gemspec.licenses),
        Value::Hash(metadata.collect()),
    ]);
    Value::Dumped("Gem::Specification", dump(&members))
}

fn version(number: &str) -> Value {
    Value::Marshalled("Gem::Version", Box::new(Value::Array(vec![Value::text(number)])))
}

fn requirement(requirement: &Requirement) -> Value {
    let parts = requirement.0.iter();
    let parts = parts.map(|(operator, number)| Value::Array(vec![Value::text(operator), version(number)]));
    Value::Marshalled("Gem::Requirement", Box::new(Value::Array(vec![Value::Array(parts.collect())])))
}

fn dependency(dependency: &Dependency) -> Value {
    let kind = if dependency.is_runtime { "runtime" } else { "development" };
    Value::Object(
        "Gem::Dependency",
        vec![
            ("@name", Value::text(&dependency.name)),
            ("@requirement", requirement(&dependency.requirement)),
            ("@type", Value::Symbol(kind)),
            ("@prerelease", Value::Bool(false)),
            ("@version_requirements", requirement(&dependency.requirement)),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn lines_say_what_a_gem_needs() {
        let requirement = |parts: &[(&str, &str)]| {
            Requirement(
                parts.iter().map(|(operator, number)| ((*operator).into(), (*number).into())).collect(),
            )
        };
        let needs = |name: &str, requirement: Requirement, is_runtime| Dependency {
            name: name.into(),
            requirement,
            is_runtime,
        };
        let gemspec = Gemspec {
            name: "widgets".into(),
            number: "1.0.0".into(),
            platform: "java".into(),
            summary: None,
            description: None,
            homepage: None,
            licenses: Vec::new(),
            authors: Vec::new(),
            metadata: BTreeMap::new(),
            dependencies: vec![
                needs("rake", requirement(&[(">=", "1"), ("<", "2")]), true),
                needs("rspec", requirement(&[(">=", "0")]), false),
                needs("json", requirement(&[("=", "2.0")]), true),
            ],
            ruby: requirement(&[(">=", "2.7")]),
            rubygems: requirement(&[(">=", "0")]),
        };
        assert_eq!(line(&gemspec, "abc"), "1.0.0-java rake:>= 1&< 2,json:= 2.0|checksum:abc,ruby:>= 2.7\n");
    }
}
