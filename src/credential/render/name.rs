//! What a file calls its registries: by the names of the repositories. Pure.

use super::{Entry, Url, field};
use crate::api::{Format, PackageFormat};
use crate::error::{Error, Result};

/// A registry under the name that a file gives it.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub(super) name: String,
    pub(super) url: Url,
    pub(super) entry: Entry<'a>,
}

/// Whether it is a name that AWS gives repositories.
pub(super) fn is_legal(repository: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    repository.starts_with(|first: char| first.is_ascii_alphanumeric())
        && repository.len() <= 100
        && repository.bytes().all(inner)
}

/// The name as it is.
pub(super) fn plain(repository: &str) -> String {
    repository.to_owned()
}

/// With a hyphen in the place of each dot, for tools that take a dot for the end of a name.
pub(super) fn without_dots(repository: &str) -> String {
    repository.replace('.', "-")
}

/// The registries by names that no two share, in the order of the spec. A repository that is listed twice stands there once. Names that
/// differ in upper and lower case alone are one name for some tools, and so they are here.
pub(super) fn all<'a>(
    entries: &[Entry<'a>],
    (format, package): (Format, PackageFormat),
    written: fn(&str) -> String,
) -> Result<Vec<Named<'a>>> {
    let mut named: Vec<Named<'a>> = Vec::with_capacity(entries.len());
    for entry in entries {
        let (name, url) = (written(&entry.registry.repository), entry.url(package)?);
        match named.iter().find(|known| known.name.eq_ignore_ascii_case(&name)) {
            None => named.push(Named { name, url, entry: *entry }),
            Some(known) if known.url == url && known.entry.registry.domain == entry.registry.domain => {}
            Some(known) => return Err(same(entry, known, format)),
        }
    }
    Ok(named)
}

fn same(entry: &Entry<'_>, known: &Named<'_>, format: Format) -> Error {
    let place = |entry: &Entry<'_>| {
        let registry = entry.registry;
        format!("{} of domain {}/{}", registry.repository, registry.domain.owner, registry.domain.domain)
    };
    Error::invalid(
        field(entry.index, "formats"),
        format.as_str(),
        format!(
            "the file calls a registry by the name of its repository, and {} and {} would both be {}; make a second \
             RegistryCredential for one of them",
            place(&known.entry),
            place(entry),
            known.name
        ),
    )
}
