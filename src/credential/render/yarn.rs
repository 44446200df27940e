//! `.yarnrc.yml`, for Yarn 2 and newer. Pure.
//!
//! Yarn puts environment variables in the place of `${NAME}`. It finds the login of a scope by the address of the scope's registry, and
//! publishes to the registry without a scope unless the scope says where else.

use std::collections::BTreeSet;

use super::{Entry, Files, file, quoted, scopes};
use crate::api::{Format, PackageFormat};
use crate::error::Result;

const NAME: &str = ".yarnrc.yml";

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let mut addresses = BTreeSet::new();
    let (mut bare, mut scoped, mut logins) = (String::new(), Vec::new(), Vec::new());
    for (scope, entry) in scopes::served(entries, Format::Yarn)? {
        let url = entry.url(PackageFormat::Npm)?.whole();
        let server = format!("npmRegistryServer: {}\n", quoted(&url));
        match scope.map(|scope| scope.trim_start_matches('@')) {
            None => bare = server,
            Some(scope) => {
                let publish = format!("npmPublishRegistry: {}\n", quoted(&url));
                scoped.push(format!("  {}:\n    {server}    {publish}", quoted(scope)));
            }
        }
        if addresses.insert(url.clone()) {
            let token = quoted(entry.token_without_variables(NAME)?);
            let address = quoted(&url);
            logins.push(format!("  {address}:\n    npmAlwaysAuth: true\n    npmAuthToken: {token}\n"));
        }
    }
    let heading = if scoped.is_empty() { "" } else { "npmScopes:\n" };
    let (scoped, logins) = (scoped.concat(), logins.concat());
    Ok(file(NAME, format!("{bare}{heading}{scoped}npmRegistries:\n{logins}")))
}
