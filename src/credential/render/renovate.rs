//! `renovate-host-rules.json`, for a Renovate of one's own. Pure.
//!
//! A rule is for one address and one kind of package, so that no login goes to another path of the host.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Entry, Files, USER, file};
use crate::api::PackageFormat;
use crate::error::Result;

/// Package formats by what Renovate calls the sources of their packages.
const HOST_TYPES: [(PackageFormat, &str); 6] = [
    (PackageFormat::Npm, "npm"),
    (PackageFormat::Pypi, "pypi"),
    (PackageFormat::Maven, "maven"),
    (PackageFormat::Nuget, "nuget"),
    (PackageFormat::Ruby, "rubygems"),
    (PackageFormat::Cargo, "crate"),
];

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let (mut addresses, mut rules) = (BTreeSet::new(), Vec::new());
    for entry in entries {
        let known =
            |(format, _): &&(PackageFormat, &str)| entry.registry.endpoints.contains_key(format.as_str());
        for (format, host_type) in HOST_TYPES.iter().filter(known) {
            let address = entry.url(*format)?.whole();
            if addresses.insert(address.clone()) {
                rules.push(json!({
                    "hostType": host_type, "matchHost": address, "password": entry.token(), "username": USER,
                }));
            }
        }
    }
    Ok(file("renovate-host-rules.json", format!("{:#}\n", Value::from(rules))))
}
