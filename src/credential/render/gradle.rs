//! `codeartifact.init.gradle`, for Gradle. Pure.
//!
//! The script holds no token: it reads the token file beside it. It writes nothing but names and addresses of plain characters, between
//! quotes in which nothing has a meaning.

use super::{Entry, Files, file, name};
use crate::api::{Format, PackageFormat};
use crate::error::Result;

/// The part of the script that is the same for all registries.
const SCRIPT: &str = include_str!("codeartifact.init.gradle");

/// Where the registries go into the script.
const PLACE: &str = "    // REGISTRIES\n";

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let registries = name::all(entries, (Format::Gradle, PackageFormat::Maven), name::plain)?;
    let line = |registry: &name::Named<'_>| {
        let (name, url, key) = (&registry.name, registry.url.whole(), registry.entry.token_key());
        format!("    [name: '{name}', url: '{url}', token: '{key}'],\n")
    };
    let lines: Vec<_> = registries.iter().map(line).collect();
    Ok(file("codeartifact.init.gradle", SCRIPT.replace(PLACE, &lines.concat())))
}
