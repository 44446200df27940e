//! `.npmrc`, for npm and pnpm. Pure.
//!
//! The syntax is that of the npm package `ini`; npm then puts environment variables in the place of `${NAME}`.
//! `always-auth` is not written: npm warns about it since version 7.

use std::collections::BTreeSet;

use secrecy::SecretString;

use super::{Entry, named, unfit};
use crate::api::PackageFormat;
use crate::error::{Error, Result};

pub(super) fn file(entries: &[Entry<'_>]) -> Result<Option<(String, SecretString)>> {
    if entries.is_empty() {
        return Ok(None);
    }
    let (mut names, mut logins) = (BTreeSet::new(), BTreeSet::new());
    let (mut registries, mut tokens) = (Vec::new(), Vec::new());
    for entry in entries {
        let url = entry.url(PackageFormat::Npm)?;
        let scope = entry.registry.scope.as_ref();
        let name = scope.map_or_else(|| "registry".into(), |scope| format!("{scope}:registry"));
        if !names.insert(name.clone()) {
            return Err(twice(entry));
        }
        registries.push(format!("{name}={}\n", url.whole()));
        if logins.insert(url.without_scheme()) {
            tokens.push(format!("{}:_authToken={}\n", url.without_scheme(), value(entry)?));
        }
    }
    Ok(Some(named(".npmrc", registries.concat() + &tokens.concat())))
}

/// The token as a value: in quotes, as JSON, when it holds anything that the syntax has a meaning for.
fn value(entry: &Entry<'_>) -> Result<String> {
    let token = entry.token();
    if token.contains("${") {
        return Err(unfit(&entry.registry.domain, "reads as an environment variable in .npmrc"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=:".contains(&byte);
    if token.bytes().all(plain) {
        return Ok(token.to_owned());
    }
    serde_json::to_string(token).map_err(|_| unfit(&entry.registry.domain, "cannot stand in .npmrc"))
}

fn twice(entry: &Entry<'_>) -> Error {
    let field = format!("spec.registries[{}].scope", entry.index);
    match &entry.registry.scope {
        Some(scope) => {
            Error::invalid(field, format!("{scope} again"), "a scope has one registry; remove one")
        }
        None => Error::invalid(
            field,
            "left out again",
            "npm can hold one registry without a scope; give this one a scope",
        ),
    }
}
