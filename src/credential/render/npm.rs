//! `.npmrc`, for npm and pnpm. Pure.
//!
//! The syntax is that of the npm package `ini`; npm then puts environment variables in the place of `${NAME}`.
//! `always-auth` is not written: npm warns about it since version 7.

use std::collections::BTreeSet;

use super::{Entry, Files, file, quoted, scopes};
use crate::api::{Format, PackageFormat};
use crate::error::Result;

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let (registries, logins) = lines(entries, Format::Npm, ".npmrc", &[])?;
    // npm would ask the host that stands in a lock file.
    let private = entries.iter().any(|entry| entry.registry.is_private);
    let replace = if private { "replace-registry-host=always\n" } else { "" };
    Ok(file(".npmrc", format!("{registries}{replace}{logins}")))
}

/// The lines of the registries, and those of their logins with more settings for each address.
pub(super) fn lines(
    entries: &[Entry<'_>],
    format: Format,
    name: &str,
    more: &[&str],
) -> Result<(String, String)> {
    let mut addresses = BTreeSet::new();
    let (mut registries, mut logins) = (Vec::new(), Vec::new());
    for (scope, entry) in scopes::served(entries, format)? {
        let url = entry.url(PackageFormat::Npm)?;
        let key = scope.map_or_else(|| "registry".into(), |scope| format!("{scope}:registry"));
        registries.push(format!("{key}={}\n", url.whole()));
        let address = url.without_scheme();
        if addresses.insert(address.clone()) {
            logins.push(format!("{address}:_authToken={}\n", value(entry, name)?));
            logins.extend(more.iter().map(|setting| format!("{address}:{setting}\n")));
        }
    }
    Ok((registries.concat(), logins.concat()))
}

/// The token as a value: in quotes, as JSON, when it holds anything that the syntax has a meaning for.
fn value(entry: &Entry<'_>, name: &str) -> Result<String> {
    let token = entry.token_without_variables(name)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=:".contains(&byte);
    Ok(if token.bytes().all(plain) { token.to_owned() } else { quoted(token) })
}
