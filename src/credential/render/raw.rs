//! The plain keys, for anything that reads a value from a file. Pure. No line ends after the values.

use super::{Entry, Files, Login, USER, named, only_login};
use crate::api::{Format, PackageFormat};
use crate::error::Result;
use secrecy::ExposeSecret;

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let mut files = Files::from([named("username", USER.into())]);
    files.extend(only_login(entries).into_iter().flat_map(token));
    for format in PackageFormat::ALL {
        if let Some(entry) = representative(entries, format) {
            files.extend(Addresses::of(entry, format)?.named(format));
        }
    }
    Ok(files)
}

/// What belongs to one token, and so has no meaning when there are several.
fn token(login: &Login) -> [(String, secrecy::SecretString); 4] {
    let (token, expires) = (login.text.expose_secret(), login.expires);
    [
        named("token", token.into()),
        named("password", token.into()),
        named("expiration", expires.to_string()),
        named("expires_at", expires.as_second().to_string()),
    ]
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
            PackageFormat::Ruby => (whole.clone(), Some(whole.trim_end_matches('/').to_owned())),
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
    let file = match format {
        PackageFormat::Npm => Some(Format::Npm),
        PackageFormat::Pypi => Some(Format::Pip),
        _ => None,
    };
    let asks = |entry: &Entry<'_>| file.is_some_and(|file| entry.registry.formats.contains(&file));
    let known = entries.iter().filter(|entry| entry.registry.endpoints.contains_key(format.as_str()));
    known.min_by_key(|entry| (!asks(entry), entry.registry.scope.is_some(), entry.index))
}
