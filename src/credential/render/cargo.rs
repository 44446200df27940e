//! `config.toml` and `credentials.toml`, for Cargo. Pure.
//!
//! `config.toml` has Cargo read the token from the file in the mount at each run. `credentials.toml` holds the tokens, for those who mount
//! it elsewhere. The first registry is the default one and stands in for crates.io.

use super::{Entry, Files, name, named, quoted};
use crate::api::{Format, PackageFormat};
use crate::credential::usage::MOUNT;
use crate::error::Result;

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let registries = name::all(entries, (Format::Cargo, PackageFormat::Cargo), registry_name)?;
    let Some(first) = registries.first() else { return Ok(Files::new()) };
    let default = quoted(&first.name);
    let mut config =
        vec![format!("[registry]\ndefault = {default}\n\n[source.crates-io]\nreplace-with = {default}\n")];
    let mut credentials = Vec::new();
    for registry in &registries {
        let (name, index) = (&registry.name, quoted(&format!("sparse+{}", registry.url.whole())));
        let token_file = quoted(&format!("{MOUNT}/{}", registry.entry.token_key()));
        config.push(format!(
            "\n[registries.{name}]\nindex = {index}\ncredential-provider = [\"cargo:token-from-stdout\", \"cat\", {token_file}]\n"
        ));
        credentials.push(format!("[registries.{name}]\ntoken = {}\n", quoted(registry.entry.token())));
    }
    Ok(Files::from([
        named("config.toml", config.concat()),
        named("credentials.toml", credentials.join("\n")),
    ]))
}

/// A name that Cargo takes: without dots, not that of its own registry, and not beginning with a digit.
fn registry_name(repository: &str) -> String {
    let name = name::without_dots(repository);
    let taken =
        name.eq_ignore_ascii_case("crates-io") || name.starts_with(|first: char| first.is_ascii_digit());
    if taken { format!("_{name}") } else { name }
}
