//! The plain keys, for anything that reads a value from a file. Pure. No line ends after the values.

use super::{Entry, Files, USER, named};
use crate::api::PackageFormat;
use crate::credential::usage;
use crate::error::Result;

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let mut files = Files::from([named("username", USER.into())]);
    files.extend(tokens(entries));
    for format in PackageFormat::ALL {
        if let Some(entry) = representative(entries, format) {
            files.extend(Addresses::of(entry, format)?.named(format));
        }
    }
    Ok(files)
}

/// The token and its end; a token for each domain when there are several, and then the end of that which ends first.
fn tokens(entries: &[Entry<'_>]) -> Files {
    let mut files: Files =
        entries.iter().map(|entry| named(&entry.token_key(), entry.token().into())).collect();
    if let [first, ..] = entries
        && !first.has_several_tokens()
    {
        files.extend([named("password", first.token().into())]);
    }
    if let Some(expires) = entries.iter().map(|entry| entry.login.expires).min() {
        files.extend([
            named("expiration", expires.to_string()),
            named("expires_at", expires.as_second().to_string()),
        ]);
    }
    files
}

/// The address that tools of a format install from, and the one that they publish to where the two differ (CodeArtifact
/// User Guide, "Using CodeArtifact with …").
pub(super) struct Addresses {
    pub(super) index: String,
    pub(super) publish: Option<String>,
}

impl Addresses {
    /// The addresses of a registry for a format.
    pub(super) fn of(entry: &Entry<'_>, format: PackageFormat) -> Result<Self> {
        let base = entry.url(format)?;
        let whole = base.whole();
        let (index, publish) = match format {
            PackageFormat::Pypi => (base.join("simple").whole(), Some(whole)),
            // `gem push` puts its own path after the host, so that the address may not end in a slash.
            PackageFormat::Ruby => (whole.clone(), Some(base.without_slash())),
            PackageFormat::Nuget => (format!("{whole}v3/index.json"), None),
            PackageFormat::Cargo => (format!("sparse+{whole}"), None),
            PackageFormat::Npm | PackageFormat::Maven | PackageFormat::Generic | PackageFormat::Swift => {
                (whole, None)
            }
        };
        Ok(Self { index, publish })
    }

    fn named(self, format: PackageFormat) -> impl Iterator<Item = (String, secrecy::SecretString)> {
        let name = format.as_str();
        let publish = self.publish.map(|address| named(&format!("publish-{name}"), address));
        [named(&format!("endpoint-{name}"), self.index)].into_iter().chain(publish)
    }
}

/// The registry whose address of a format is written. A registry that asks for a file of the format goes before others, and
/// one without a scope before one with a scope; then the order of the spec decides.
fn representative<'e, 'a>(entries: &'e [Entry<'a>], format: PackageFormat) -> Option<&'e Entry<'a>> {
    let asks =
        |entry: &Entry<'_>| entry.registry.formats.iter().any(|asked| usage::of(*asked).packages == [format]);
    let known = entries.iter().filter(|entry| entry.registry.endpoints.contains_key(format.as_str()));
    known.min_by_key(|entry| (!asks(entry), !entry.registry.scopes.is_empty(), entry.index))
}
