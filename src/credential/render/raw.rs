//! The plain keys, for anything that reads a value from a file. Pure. No line ends after the values.

use super::{Entry, Files, USER, named, pip};
use crate::api::{Format, PackageFormat};
use crate::error::Result;

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let mut files = Files::from([named("username", USER.into())]);
    if let [first, rest @ ..] = entries
        && rest.iter().all(|entry| entry.registry.domain == first.registry.domain)
    {
        files.extend(token(first));
    }
    if let Some(entry) = spokesman(entries, Format::Npm) {
        files.extend([named("endpoint-npm", entry.url(PackageFormat::Npm)?.whole())]);
    }
    if let Some(entry) = spokesman(entries, Format::Pip) {
        files.extend([named("endpoint-pip", pip::index(entry)?.whole())]);
    }
    Ok(files)
}

/// What belongs to one token, and so has no meaning when there are several.
fn token(entry: &Entry<'_>) -> [(String, secrecy::SecretString); 4] {
    let (token, expires) = (entry.token(), entry.login.expires);
    [
        named("token", token.into()),
        named("password", token.into()),
        named("expiration", expires.to_string()),
        named("expires_at", expires.as_second().to_string()),
    ]
}

/// The registry whose address is written: the one without a scope, else the first.
fn spokesman<'e, 'a>(entries: &'e [Entry<'a>], format: Format) -> Option<&'e Entry<'a>> {
    let mut of = entries.iter().filter(|entry| entry.registry.formats.contains(&format));
    of.clone().find(|entry| entry.registry.scope.is_none()).or_else(|| of.next())
}
