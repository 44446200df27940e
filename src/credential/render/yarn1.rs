//! `.npmrc-yarn1`, for Yarn 1. Pure.
//!
//! Without `always-auth` Yarn 1 sends the token for packages with a scope only. npm warns about the setting, so that the file is another
//! one than npm's.

use super::{Entry, Files, file, npm};
use crate::api::Format;
use crate::error::Result;

const NAME: &str = ".npmrc-yarn1";

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let (registries, logins) = npm::lines(entries, Format::Yarn1, NAME, &["always-auth=true"])?;
    Ok(file(NAME, registries + &logins))
}
