//! `.sbt-credentials`, for sbt and Coursier. Pure.
//!
//! The syntax is that of Java's `Properties`, and a file is the login for one realm of one host. Coursier reads other keys than sbt.

use super::{Entry, Files, USER, file};
use crate::api::{Format, PackageFormat};
use crate::error::Result;

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let entry = Entry::only(entries, Format::Sbt)?;
    let (url, registry) = (entry.url(PackageFormat::Maven)?, entry.registry);
    let (host, token) = (url.host(), entry.token().replace('\\', "\\\\"));
    // The realm of the challenge with which the service asks for a login.
    let realm = format!("{}/{}", registry.domain.domain, registry.repository);
    let sbt = format!("realm={realm}\nhost={host}\nuser={USER}\npassword={token}\n");
    let coursier = format!(
        "codeartifact.realm={realm}\ncodeartifact.host={host}\ncodeartifact.username={USER}\ncodeartifact.password={token}\n"
    );
    Ok(file(".sbt-credentials", sbt + &coursier))
}
