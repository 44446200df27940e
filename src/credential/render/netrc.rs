//! `.netrc`, for curl, pip, uv and others. Pure.
//!
//! A login is found by the host alone, without port and path. Readers differ in quoting, so that nothing is written that needs it.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::{DomainKey, Entry, USER, named, unfit};
use crate::error::{Error, Result};

pub(super) fn file(entries: &[Entry<'_>]) -> Result<Option<(String, SecretString)>> {
    let mut hosts: BTreeMap<String, &DomainKey> = BTreeMap::new();
    let mut logins = Vec::new();
    for entry in entries {
        let domain = &entry.registry.domain;
        let host = host(entry)?;
        match hosts.insert(host.clone(), domain) {
            None => logins.push(format!("machine {host}\nlogin {USER}\npassword {}\n", password(entry)?)),
            Some(known) if known == domain => {}
            Some(known) => return Err(shared(entry, &host, known)),
        }
    }
    Ok((!logins.is_empty()).then(|| named(".netrc", logins.concat())))
}

/// The host of the registry, which is the same for all package formats.
fn host(entry: &Entry<'_>) -> Result<String> {
    let known = crate::api::PackageFormat::ALL
        .into_iter()
        .find(|format| entry.registry.endpoints.contains_key(format.as_str()))
        .ok_or_else(|| {
            Error::Internal(format!("there is no endpoint for spec.registries[{}]", entry.index))
        })?;
    Ok(entry.url(known)?.host().to_owned())
}

fn password<'a>(entry: &Entry<'a>) -> Result<&'a str> {
    let token = entry.token();
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'\\#".contains(&byte);
    if token.bytes().all(plain) {
        Ok(token)
    } else {
        Err(unfit(&entry.registry.domain, "holds characters that cannot stand in .netrc"))
    }
}

fn shared(entry: &Entry<'_>, host: &str, known: &DomainKey) -> Error {
    let other = &entry.registry.domain;
    let both = if known.in_aws() == other.in_aws() {
        format!(
            "domain {} is reached under AwsAccounts {} and {}, each with a token of its own,",
            known.domain, known.account, other.account
        )
    } else {
        format!("domains {} and {} are reached", known.domain, other.domain)
    };
    Error::invalid(
        format!("spec.registries[{}].formats", entry.index),
        "netrc",
        format!(
            "{both} at the same host {host}, for which .netrc can hold one login; make a second RegistryCredential for one of them"
        ),
    )
}
