//! `pip.conf`. Pure.
//!
//! One index, and never an `extra-index-url`: pip takes the highest version from all indexes, so that a stranger's package
//! of the same name would win.

use percent_encoding::utf8_percent_encode;
use secrecy::SecretString;

use super::url::ESCAPED;
use super::{Entry, USER, named};
use crate::api::PackageFormat;
use crate::error::{Error, Result};

pub(super) fn file(entries: &[Entry<'_>]) -> Result<Option<(String, SecretString)>> {
    match entries {
        [] => Ok(None),
        [entry] => {
            let token = utf8_percent_encode(entry.token(), ESCAPED).to_string();
            let index = entry.url(PackageFormat::Pypi)?.join("simple").with_login(USER, &token);
            Ok(Some(named("pip.conf", format!("[global]\nindex-url = {index}\n"))))
        }
        [_, second, ..] => Err(Error::invalid(
            format!("spec.registries[{}].formats", second.index),
            "pip again",
            "pip can hold one registry; make a second RegistryCredential for the other",
        )),
    }
}
