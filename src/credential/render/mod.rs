//! The files of package managers, from registries and tokens. Pure; one file for each format.

mod netrc;
mod npm;
mod pip;
mod raw;
pub mod template;
#[cfg(test)]
mod tests;
mod url;

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::api::{Format, PackageFormat};
use crate::error::{Error, Result};
use template::Templates;
use url::Url;

/// Goes up whenever the same input gives other files, so that every Secret is written again.
pub const RENDERER_VERSION: u32 = 2;

/// The user name of every login, as the service wants it.
const USER: &str = "aws";

/// The most bytes of all files of a Secret; Kubernetes takes 1 MiB.
const MOST_BYTES: usize = 768 << 10;

/// Secret key to content.
pub type Files = BTreeMap<String, SecretString>;

/// A domain by what tells it apart from all others of a Region.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct DomainKey {
    /// Account that owns it.
    pub owner: String,
    /// Its name.
    pub domain: String,
}

/// A registry and the files wanted for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Registry {
    /// The domain that it lives in; says which token opens it.
    pub domain: DomainKey,
    /// Its name.
    pub repository: String,
    /// AWS Region.
    pub region: String,
    /// Which files.
    pub formats: Vec<Format>,
    /// npm scope, with the @.
    pub scope: Option<String>,
    /// Package format to address.
    pub endpoints: BTreeMap<String, String>,
}

/// A token and when it ends.
#[derive(Clone, Debug)]
pub struct Login {
    /// The token's text.
    pub text: SecretString,
    /// When it stops to work.
    pub expires: Timestamp,
}

/// All files for the registries, in the order of the spec, and the results of the templates. Every domain must have a login.
pub fn files(
    registries: &[Registry],
    logins: &BTreeMap<DomainKey, Login>,
    templates: &Templates,
) -> Result<Files> {
    let entries: Vec<_> = registries
        .iter()
        .enumerate()
        .map(|(index, registry)| Entry::new(index, registry, logins))
        .collect::<Result<_>>()?;
    let mut files = raw::files(&entries)?;
    files.extend(npm::file(&of(&entries, Format::Npm))?);
    files.extend(pip::file(&of(&entries, Format::Pip))?);
    files.extend(netrc::file(&of(&entries, Format::Netrc))?);
    files.extend(template::files(templates, &entries, &files)?);
    fits(&files)?;
    Ok(files)
}

/// Refuses files that together are too large for a Secret.
fn fits(files: &Files) -> Result<()> {
    let bytes: usize = files.iter().map(|(key, text)| key.len() + text.expose_secret().len()).sum();
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let remedy = format!(
        "the Secret would hold {} KiB, and {} KiB are possible; make a second RegistryCredential for some of them",
        bytes >> 10,
        MOST_BYTES >> 10
    );
    Err(Error::invalid("spec.registries", "too much for one Secret", remedy))
}

/// The login of all registries, when all are in one domain.
fn only_login<'a>(entries: &[Entry<'a>]) -> Option<&'a Login> {
    let (first, rest) = entries.split_first()?;
    rest.iter().all(|entry| entry.registry.domain == first.registry.domain).then_some(first.login)
}

/// A registry with its login.
#[derive(Clone, Copy)]
struct Entry<'a> {
    index: usize,
    registry: &'a Registry,
    login: &'a Login,
}

impl<'a> Entry<'a> {
    fn new(index: usize, registry: &'a Registry, logins: &'a BTreeMap<DomainKey, Login>) -> Result<Self> {
        let domain = &registry.domain;
        let login = logins
            .get(domain)
            .ok_or_else(|| Error::Internal(format!("there is no token for domain {}", domain.domain)))?;
        let text = login.text.expose_secret();
        if text.is_empty() || text.contains(char::is_control) {
            return Err(unfit(domain, "is empty or holds control characters"));
        }
        if let Some(scope) = &registry.scope
            && !legal_scope(scope)
        {
            let field = format!("spec.registries[{index}].scope");
            return Err(Error::invalid(
                field,
                scope.escape_debug().to_string(),
                "an npm scope such as @acme is needed",
            ));
        }
        Ok(Self { index, registry, login })
    }

    fn token(&self) -> &'a str {
        self.login.text.expose_secret()
    }

    /// The address for a package format.
    fn url(&self, format: PackageFormat) -> Result<Url> {
        let registry = self.registry;
        let text = registry.endpoints.get(format.as_str()).ok_or_else(|| {
            Error::Internal(format!(
                "there is no {} endpoint for spec.registries[{}]",
                format.as_str(),
                self.index
            ))
        })?;
        Url::parse(text).ok_or_else(|| {
            let field = format!("the {} endpoint of spec.registries[{}]", format.as_str(), self.index);
            Error::invalid(
                field,
                text.escape_debug().to_string(),
                "an http or https address of plain characters is needed",
            )
        })
    }
}

fn of<'a>(entries: &[Entry<'a>], format: Format) -> Vec<Entry<'a>> {
    entries.iter().filter(|entry| entry.registry.formats.contains(&format)).copied().collect()
}

/// The token cannot stand in a file. Says so without a part of it.
fn unfit(domain: &DomainKey, why: &str) -> Error {
    Error::Internal(format!("the token that AWS gave for domain {} {why}", domain.domain))
}

fn legal_scope(scope: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._~".contains(&byte);
    scope.strip_prefix('@').is_some_and(|name| !name.is_empty() && name.bytes().all(legal))
}

/// A Secret key and its content.
fn named(key: &str, text: String) -> (String, SecretString) {
    (key.into(), text.into())
}
