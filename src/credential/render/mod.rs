//! The files of package managers, from registries and tokens. Pure; one file for each format.

mod bundler;
mod cargo;
mod context;
mod env;
mod files;
mod gem;
mod gradle;
mod maven;
mod name;
mod netrc;
mod npm;
mod nuget;
mod pip;
mod poetry;
mod raw;
mod renovate;
mod sbt;
mod scopes;
mod swift;
pub mod template;
#[cfg(test)]
mod tests;
mod token_key;
mod twine;
mod url;
mod uv;
mod xml;
mod yarn;
mod yarn1;

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::api::{Format, PackageFormat};
use crate::error::{Error, Result};
pub use files::Files;
use template::Templates;
use url::Url;

/// Goes up whenever the same input gives other files, so that every Secret is written again.
pub const RENDERER_VERSION: u32 = 3;

/// The user name of every login, as the service wants it.
const USER: &str = "aws";

/// The most bytes of all files of a Secret; Kubernetes takes 1 MiB.
const MOST_BYTES: usize = 768 << 10;

/// A domain as a login reaches it: registries with the same key share a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct DomainKey {
    /// Name of the AwsAccount under which tokens are minted.
    pub account: String,
    /// AWS Region.
    pub region: String,
    /// Account that owns the domain.
    pub owner: String,
    /// Name of the domain.
    pub domain: String,
}

impl DomainKey {
    /// What tells the domain apart from all others in AWS, whoever asks: Region, owner and name.
    pub fn in_aws(&self) -> [&str; 3] {
        [&self.region, &self.owner, &self.domain]
    }
}

/// A registry and the files wanted for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Registry {
    /// The domain that it lives in; says which token opens it.
    pub domain: DomainKey,
    /// Name of the repository in AWS; the files call the registry by it.
    pub repository: String,
    /// Which files.
    pub formats: Vec<Format>,
    /// The scopes whose packages come from it, with the @. Without one it is the registry of all other packages.
    pub scopes: Vec<String>,
    /// Package format to address.
    pub endpoints: BTreeMap<String, String>,
    /// Whether the user chose the host of the addresses, so that lock files name another one.
    pub is_private: bool,
}

/// A token and when it ends.
#[derive(Clone, Debug)]
pub struct Login {
    /// The token's text.
    pub text: SecretString,
    /// When it stops to work.
    pub expires: Timestamp,
}

/// What the renderer of a format makes of the registries that ask for it. It is not asked when no registry does.
type Render = fn(&[Entry<'_>]) -> Result<Files>;

/// All files for the registries, in the order of the spec, and the results of the templates. Every domain must have a login.
pub fn files(
    registries: &[Registry],
    logins: &BTreeMap<DomainKey, Login>,
    templates: &Templates,
) -> Result<Files> {
    let entry = |index| Entry::new(index, registries, logins);
    let entries: Vec<_> = (0..registries.len()).map(entry).collect::<Result<_>>()?;
    let mut files = raw::files(&entries)?;
    for format in Format::ALL {
        let asking = asking(&entries, &[format]);
        if !asking.is_empty() {
            files.extend(renderer(format)(&asking)?);
        }
    }
    // A file that two formats write holds the logins of both.
    let netrc = asking(&entries, &[Format::Netrc, Format::Uv]);
    if !netrc.is_empty() {
        files.extend(netrc::files(&netrc)?);
    }
    if !templates.is_empty() {
        files.extend(template::files(templates, &context::of(&entries)?, &files)?);
    }
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

fn renderer(format: Format) -> Render {
    match format {
        Format::Npm => npm::files,
        Format::Yarn1 => yarn1::files,
        Format::Yarn => yarn::files,
        Format::Pip => pip::files,
        Format::Uv => uv::files,
        Format::Poetry => poetry::files,
        Format::Twine => twine::files,
        Format::Maven => maven::files,
        Format::Gradle => gradle::files,
        Format::Sbt => sbt::files,
        Format::Nuget => nuget::files,
        Format::Cargo => cargo::files,
        Format::Gem => gem::files,
        Format::Bundler => bundler::files,
        Format::Swift => swift::files,
        Format::Netrc => |_| Ok(Files::new()),
        Format::Renovate => renovate::files,
        Format::Env => env::files,
    }
}

/// A registry with its login.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    index: usize,
    registry: &'a Registry,
    login: &'a Login,
    /// All registries of the login.
    all: &'a [Registry],
}

impl<'a> Entry<'a> {
    fn new(index: usize, all: &'a [Registry], logins: &'a BTreeMap<DomainKey, Login>) -> Result<Self> {
        let registry = all.get(index).ok_or_else(|| Error::Internal(format!("no registry {index}")))?;
        let domain = &registry.domain;
        let login = logins
            .get(domain)
            .ok_or_else(|| Error::Internal(format!("there is no token for domain {}", domain.domain)))?;
        // Nothing else can stand in the header of a request.
        let text = login.text.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unfit(domain, "is empty or holds characters that no header of HTTP can hold"));
        }
        if let Some(scope) = registry.scopes.iter().find(|scope| !legal_scope(scope)) {
            let value = scope.escape_debug().to_string();
            return Err(Error::invalid(field(index, "scope"), value, "an npm scope such as @acme is needed"));
        }
        if !name::is_legal(&registry.repository) {
            let value = registry.repository.escape_debug().to_string();
            return Err(Error::invalid(
                field(index, "repository.name"),
                value,
                "the name of a repository in AWS is needed",
            ));
        }
        Ok(Self { index, registry, login, all })
    }

    fn token(&self) -> &'a str {
        self.login.text.expose_secret()
    }

    /// The key of the Secret that holds the token alone.
    fn token_key(&self) -> String {
        token_key::of(&self.registry.domain, self.all)
    }

    /// Whether the login has several tokens.
    fn has_several_tokens(&self) -> bool {
        token_key::are_several(self.all)
    }

    /// The token, when none of the characters stands in it that the file cannot hold.
    fn token_without(&self, characters: &[char], file: &str) -> Result<&'a str> {
        let token = self.token();
        if token.contains(characters) {
            return Err(unfit(
                &self.registry.domain,
                &format!("holds characters that cannot stand in {file}"),
            ));
        }
        Ok(token)
    }

    /// The token, when the file does not take it for the name of a variable.
    fn token_without_variables(&self, file: &str) -> Result<&'a str> {
        let token = self.token();
        if token.contains("${") {
            return Err(unfit(&self.registry.domain, &format!("reads as an environment variable in {file}")));
        }
        Ok(token)
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

    /// Refuses a second registry in a file that holds one.
    fn only(entries: &[Self], format: Format) -> Result<Self> {
        match entries {
            [entry] => Ok(*entry),
            [_, second, ..] => Err(Error::invalid(
                field(second.index, "formats"),
                format!("{} again", format.as_str()),
                format!(
                    "{} can hold one registry; make a second RegistryCredential for the other",
                    format.as_str()
                ),
            )),
            [] => Err(Error::Internal(format!("no registry asks for {}", format.as_str()))),
        }
    }
}

/// The registries that ask for one of the formats.
fn asking<'a>(entries: &[Entry<'a>], formats: &[Format]) -> Vec<Entry<'a>> {
    let asks = |entry: &&Entry<'_>| entry.registry.formats.iter().any(|format| formats.contains(format));
    entries.iter().filter(asks).copied().collect()
}

/// A field of a registry, as the spec has it.
fn field(index: usize, name: &str) -> String {
    format!("spec.registries[{index}].{name}")
}

/// The token cannot stand in a file. Says so without a part of it.
fn unfit(domain: &DomainKey, why: &str) -> Error {
    Error::Internal(format!("the token that AWS gave for domain {} {why}", domain.domain))
}

fn legal_scope(scope: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._~".contains(&byte);
    scope.strip_prefix('@').is_some_and(|name| !name.is_empty() && name.bytes().all(legal))
}

/// A text in quotes as JSON has it, and YAML too. TOML has it as well, for texts without control characters.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// One Secret key and its content.
fn file(key: &str, text: String) -> Files {
    Files::from([named(key, text)])
}

/// A Secret key and its content.
fn named(key: &str, text: String) -> (String, SecretString) {
    (key.into(), text.into())
}
