//! `auth.toml`, for Poetry. Pure.
//!
//! Poetry reads this file like its `config.toml`, so that the addresses to publish to stand here, too.

use super::{Entry, Files, USER, file, name, quoted};
use crate::api::{Format, PackageFormat};
use crate::error::Result;

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let registries = name::all(entries, (Format::Poetry, PackageFormat::Pypi), name::without_dots)?;
    let login = |registry: &name::Named<'_>| {
        let (name, token) = (quoted(&registry.name), quoted(registry.entry.token()));
        let publish = quoted(&registry.url.whole());
        format!(
            "[http-basic.{name}]\nusername = \"{USER}\"\npassword = {token}\n\n[repositories.{name}]\nurl = {publish}\n"
        )
    };
    let logins: Vec<_> = registries.iter().map(login).collect();
    Ok(file("auth.toml", logins.join("\n")))
}
