//! Packages for the public registries behind external connections, as the control route takes them.

pub(crate) mod archive;
mod cargo;
mod entry;
mod maven;
mod npm;
mod pypi;
mod ruby;

use crate::state::package::PackageKey;
use crate::state::pending::Due;
use crate::state::version::{Asset, Details};
use crate::state::{Connection, Format, State};
use axum::body::Bytes;
use entry::Entry;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// What to seed behind one connection.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    /// Such as `public:npmjs`.
    connection: String,
    packages: Vec<Entry>,
}

/// A version to make, or the file of one.
struct SeedPackage<'a> {
    name: &'a str,
    version: &'a str,
    /// The file's name; needed with the content of a Python package or of a Maven artifact.
    filename: Option<&'a str>,
}

#[cfg(test)]
impl<'a> SeedPackage<'a> {
    /// One to make.
    fn named(name: &'a str, version: &'a str) -> Self {
        Self { name, version, filename: None }
    }
}

/// A file to serve, understood.
struct Made {
    key: PackageKey,
    asset: Asset,
    details: Details,
}

/// How a format makes files of what was given.
type Prepare = fn(&SeedPackage<'_>, Option<Bytes>) -> Result<Vec<Made>, String>;

/// What a format knows of names and files.
#[derive(Clone, Copy)]
struct Kind {
    format: Format,
    key: fn(&str) -> Option<PackageKey>,
    prepare: Prepare,
}

impl Kind {
    fn of(format: Format) -> Result<Self, String> {
        let (key, prepare): (fn(&str) -> Option<PackageKey>, Prepare) = match format {
            Format::Cargo => {
                (PackageKey::from_crate_name, |package, content| one(cargo::make(package, content)))
            }
            Format::Maven => (maven::key, maven::make),
            Format::Npm => (PackageKey::from_npm_name, |package, content| one(npm::make(package, content))),
            Format::Pypi => (pypi::key, |package, content| one(pypi::make(package, content))),
            Format::Ruby => (PackageKey::from_gem_name, |package, content| one(ruby::make(package, content))),
            Format::Generic | Format::Nuget | Format::Swift => {
                let name = format.name();
                return Err(format!("packages of format {name} are not served to package managers"));
            }
        };
        Ok(Self { format, key, prepare })
    }
}

impl Seed {
    /// A list, which would do for the members in their order, is none.
    pub(crate) fn parse(asked: Value) -> Result<Self, String> {
        if !asked.is_object() {
            return Err("a seed is an object with connection and packages".into());
        }
        serde_json::from_value(asked).map_err(|error| error.to_string())
    }

    /// Check all entries, then change the registry. CodeArtifact sees the change after the lag, if there is one.
    pub(crate) fn apply(self, state: &mut State, now: Timestamp) -> Result<(), String> {
        let connection = Connection::try_from(self.connection)?;
        let kind = Kind::of(connection.format())?;
        let mut registries = state.public_to_come();
        let mut edits = Vec::new();
        for entry in &self.packages {
            let told = |error| format!("{}: {error}", entry.title());
            let made = entry.edits(connection, kind, &registries, now).map_err(told)?;
            for edit in &made {
                registries.apply(edit);
            }
            edits.extend(made);
        }
        let lag = state.settings.registry_lag;
        state.await_due(Due::Registry(edits), now, lag);
        Ok(())
    }
}

fn one(made: Result<Made, String>) -> Result<Vec<Made>, String> {
    made.map(|made| vec![made])
}
