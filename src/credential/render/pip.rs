//! `pip.conf`. Pure.
//!
//! One index, and never an `extra-index-url`: pip takes the highest version from all indexes, so that a stranger's package
//! of the same name would win.

use super::{Entry, Files, USER, file, url};
use crate::api::{Format, PackageFormat};
use crate::error::Result;

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let entry = Entry::only(entries, Format::Pip)?;
    let index = entry.url(PackageFormat::Pypi)?.join("simple").with_login(USER, &url::escaped(entry.token()));
    Ok(file("pip.conf", format!("[global]\nindex-url = {index}\n")))
}
