//! Packages for the public registries behind external connections, as the control route takes them.

pub(crate) mod archive;
mod cargo;
mod maven;
mod npm;
mod pypi;
mod ruby;

use crate::state::package::PackageKey;
use crate::state::publish::check_lengths;
use crate::state::version::{Asset, Details, Release};
use crate::state::{Connection, Format, State};
use crate::times;
use axum::body::Bytes;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// What to seed behind one connection.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    /// Such as `public:npmjs`.
    connection: String,
    packages: Vec<SeedPackage>,
}

/// One file of one version, or all that is made for it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedPackage {
    /// With its scope or its group where it has one: `@acme/widgets`, `org.acme:widgets`.
    name: String,
    version: String,
    /// The file, base64-encoded. Left out, a small package that installs is made.
    content: Option<String>,
    /// The file's name; needed with the content of a Python package or of a Maven artifact.
    filename: Option<String>,
    /// When the registry got it; now, when left out.
    #[serde(default, deserialize_with = "times::time")]
    published: Option<Timestamp>,
    /// Whether the registry yanked the Python file, or why.
    #[serde(default, deserialize_with = "pypi::yanked")]
    yanked: Option<String>,
}

#[cfg(test)]
impl SeedPackage {
    /// One to make.
    fn named(name: &str, version: &str) -> Self {
        Self { name: name.into(), version: version.into(), ..Self::default() }
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

impl SeedPackage {
    /// The files, by names under which they can be asked for.
    fn files(&self, prepare: Prepare, now: Timestamp) -> Result<Vec<Made>, String> {
        let content = self.content.as_ref().map(|text| BASE64_STANDARD.decode(text)).transpose();
        let content = content.map_err(|_| "content is not base64")?;
        let mut files = prepare(self, content.map(Bytes::from))?;
        if let Some(published) = self.published.filter(|published| *published > now) {
            return Err(format!("{published} is still to come; the emulator's clock shows {now}"));
        }
        for Made { key, asset, .. } in &mut files {
            check_lengths(key, &self.version, &asset.name).map_err(|error| error.message)?;
            if self.yanked.is_some() && key.format != Format::Pypi {
                return Err("only Python files are yanked".into());
            }
            asset.release = Release { published: self.published, yanked: self.yanked.clone() };
        }
        Ok(files)
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
            let told = |error| format!("{} {}: {error}", package.name, package.version);
            package.files(prepare, now).map_err(told)
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
