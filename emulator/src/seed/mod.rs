//! Packages for the public registries behind external connections, as the control route takes them.

pub(crate) mod archive;
mod cargo;
mod maven;
mod npm;
mod pypi;
mod ruby;

use crate::state::package::PackageKey;
use crate::state::version::{Asset, Details};
use crate::state::{Connection, Format, State};
use axum::body::Bytes;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde::Deserialize;

/// What to seed behind one connection.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    /// Such as `public:npmjs`.
    connection: String,
    packages: Vec<SeedPackage>,
}

/// One file of one version, or all that is made for it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedPackage {
    /// With its scope or its group where it has one: `@acme/widgets`, `org.acme:widgets`.
    name: String,
    version: String,
    /// The file, base64-encoded. Left out, a small package that installs is made.
    content: Option<String>,
    /// The file's name; needed with the content of a Python package or of a Maven artifact.
    filename: Option<String>,
}

#[cfg(test)]
impl SeedPackage {
    /// One to make.
    fn named(name: &str, version: &str) -> Self {
        Self { name: name.into(), version: version.into(), content: None, filename: None }
    }
}

/// A file to serve, understood.
struct Made {
    key: PackageKey,
    asset: Asset,
    details: Details,
}

/// How a format makes files of what was given.
type Prepare = fn(&SeedPackage, Option<Bytes>) -> Result<Vec<Made>, String>;

impl Seed {
    /// Check all of it, then seed all of it.
    pub(crate) fn apply(self, state: &mut State, now: Timestamp) -> Result<(), String> {
        let connection = Connection::try_from(self.connection)?;
        let prepare: Prepare = match connection.format() {
            Format::Cargo => |package, content| one(cargo::make(package, content)),
            Format::Maven => maven::make,
            Format::Npm => |package, content| one(npm::make(package, content)),
            Format::Pypi => |package, content| one(pypi::make(package, content)),
            Format::Ruby => |package, content| one(ruby::make(package, content)),
            format => {
                return Err(format!(
                    "packages of format {} are not served to package managers",
                    format.name()
                ));
            }
        };
        let files = self.packages.iter().map(|package| {
            let content = package.content.as_ref().map(|text| BASE64_STANDARD.decode(text)).transpose();
            content
                .map_err(|error| error.to_string())
                .and_then(|content| prepare(package, content.map(Bytes::from)))
                .map_err(|error| format!("{} {}: {error}", package.name, package.version))
        });
        let files = files.collect::<Result<Vec<_>, _>>()?;
        for (package, files) in self.packages.iter().zip(files) {
            for Made { key, asset, details } in files {
                state.public.seed(connection, key, (&package.version, asset, details), now);
            }
        }
        Ok(())
    }
}

fn one(made: Result<Made, String>) -> Result<Vec<Made>, String> {
    made.map(|made| vec![made])
}
