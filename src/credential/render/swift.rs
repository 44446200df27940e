//! `registries.json` and `.netrc-swift`, for the Swift package manager. Pure.
//!
//! Its scopes are the scopes of the spec without the @. The user name in its `.netrc` is `token`, which no other tool understands.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Entry, Files, field, named, netrc, scopes};
use crate::api::{Format, PackageFormat};
use crate::error::{Error, Result};

/// The user name that goes with a bearer token.
const USER: &str = "token";

const NETRC: &str = ".netrc-swift";

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let (mut registries, mut logins) = (BTreeMap::new(), BTreeMap::new());
    for (scope, entry) in scopes::served(entries, Format::Swift)? {
        let url = entry.url(PackageFormat::Swift)?;
        let name = match scope {
            None => "[default]",
            Some(scope) => swift_scope(scope).ok_or_else(|| no_scope_of_swift(entry, scope))?,
        };
        registries.insert(name, json!({"supportsAvailability": false, "url": url.whole()}));
        let login = || json!({"loginAPIPath": format!("{}login", url.path()), "type": "token"});
        logins.entry(url.authority()).or_insert_with(login);
    }
    let text = json!({"authentication": logins, "registries": registries, "version": 1});
    let netrc = netrc::text(entries, (PackageFormat::Swift, Format::Swift), (NETRC, USER))?;
    Ok(Files::from([named("registries.json", format!("{text:#}\n")), named(NETRC, netrc)]))
}

/// The scope as Swift has it: letters, digits and single hyphens between them, at most 39 in all.
fn swift_scope(scope: &str) -> Option<&str> {
    let name = scope.strip_prefix('@')?;
    let words =
        name.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    (words && name.len() <= 39).then_some(name)
}

fn no_scope_of_swift(entry: &Entry<'_>, scope: &str) -> Error {
    Error::invalid(
        field(entry.index, "scope"),
        scope,
        "a scope of Swift has at most 39 letters, digits and single hyphens between them; name another scope, or take swift out of \
         the formats of this registry",
    )
}
