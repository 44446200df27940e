//! `.netrc`, for curl, pip, uv and others. Pure.
//!
//! A login is found by the host alone, without port and path. Readers differ in quoting, so that nothing is written that needs it.

use std::collections::BTreeMap;

use super::{DomainKey, Entry, Files, USER, field, file};
use crate::api::{Format, PackageFormat};
use crate::error::{Error, Result};

/// What some reader takes for quoting or for a comment.
const QUOTING: [char; 4] = ['"', '\'', '\\', '#'];

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let mut hosts = Hosts::default();
    for entry in entries {
        // The host is the same for all package formats.
        let known = PackageFormat::ALL
            .into_iter()
            .find(|format| entry.registry.endpoints.contains_key(format.as_str()));
        let known = known.ok_or_else(|| {
            Error::Internal(format!("there is no endpoint for spec.registries[{}]", entry.index))
        })?;
        hosts.add(entry, (known, Format::Netrc), (".netrc", USER))?;
    }
    Ok(file(".netrc", hosts.logins.concat()))
}

/// The logins for the hosts of a package format.
pub(super) fn text(
    entries: &[Entry<'_>],
    formats: (PackageFormat, Format),
    file: (&str, &str),
) -> Result<String> {
    let mut hosts = Hosts::default();
    entries.iter().try_for_each(|entry| hosts.add(entry, formats, file))?;
    Ok(hosts.logins.concat())
}

#[derive(Default)]
struct Hosts<'a> {
    known: BTreeMap<String, &'a DomainKey>,
    logins: Vec<String>,
}

impl<'a> Hosts<'a> {
    fn add(
        &mut self,
        entry: &Entry<'a>,
        (package, format): (PackageFormat, Format),
        (name, user): (&str, &str),
    ) -> Result<()> {
        let domain = &entry.registry.domain;
        let host = entry.url(package)?.host().to_owned();
        match self.known.insert(host.clone(), domain) {
            None => {
                let token = entry.token_without(&QUOTING, name)?;
                self.logins.push(format!("machine {host}\nlogin {user}\npassword {token}\n"));
                Ok(())
            }
            Some(known) if known == domain => Ok(()),
            Some(known) => Err(shared(entry, format, (name, &host), known)),
        }
    }
}

fn shared(entry: &Entry<'_>, format: Format, (name, host): (&str, &str), known: &DomainKey) -> Error {
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
        field(entry.index, "formats"),
        format.as_str(),
        format!(
            "{both} at the same host {host}, for which {name} can hold one login; make a second RegistryCredential for one of them"
        ),
    )
}
