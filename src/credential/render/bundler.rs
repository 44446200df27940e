//! `bundle-config`, for Bundler. Pure.
//!
//! Bundler finds the login by the address in the Gemfile, whose letters count as capitals.

use std::collections::BTreeMap;

use super::{Entry, Files, USER, field, file, gem};
use crate::api::{Format, PackageFormat};
use crate::error::{Error, Result};

const NAME: &str = "bundle-config";

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let mut known = BTreeMap::new();
    let mut lines = vec!["---\n".to_owned()];
    for entry in entries {
        let key = key(&entry.url(PackageFormat::Ruby)?.whole());
        match known.insert(key.clone(), entry) {
            None => {
                let token = entry.token_without(&gem::UNREADABLE, NAME)?;
                lines.push(format!("BUNDLE_{key}: \"{USER}:{token}\"\n"));
            }
            Some(other) if other.registry.domain == entry.registry.domain => {}
            Some(other) => return Err(same(entry, other)),
        }
    }
    Ok(file(NAME, lines.concat()))
}

/// An address as Bundler writes it into the name of a setting.
fn key(address: &str) -> String {
    address.replace('.', "__").replace('-', "___").to_ascii_uppercase()
}

fn same(entry: &Entry<'_>, other: &Entry<'_>) -> Error {
    Error::invalid(
        field(entry.index, "formats"),
        Format::Bundler.as_str(),
        format!(
            "Bundler cannot tell the address of {} from that of {}, which is in another domain; make a second RegistryCredential for \
             one of them",
            entry.registry.repository, other.registry.repository
        ),
    )
}
