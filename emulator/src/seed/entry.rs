//! One entry of a seed: a file that a registry receives, a change of what the registry says of a file, or a removal.

use super::{Kind, Made, SeedPackage, pypi};
use crate::state::package::PackageKey;
use crate::state::public::{Change, Edit, Yank};
use crate::state::publish::check_lengths;
use crate::state::version::Release;
use crate::state::{Connection, Format, PublicRegistries};
use crate::times;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde::Deserialize;

/// One entry: a file of a version, or a made version; or what the registry says of files; or a removal.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// With its scope or its group where it has one: `@acme/widgets`, `org.acme:widgets`.
    name: String,
    /// Only a package that goes needs none.
    version: Option<String>,
    /// The file, base64-encoded. Left out, a small package that installs is made.
    content: Option<String>,
    /// The file's name; needed with the content of a Python package or of a Maven artifact.
    filename: Option<String>,
    /// When the registry received the file; the present time when left out.
    #[serde(default, deserialize_with = "times::time")]
    published: Option<Timestamp>,
    /// Whether the registry yanked the Python file, or why.
    #[serde(default, deserialize_with = "pypi::yanked")]
    yanked: Option<Yank>,
    /// Whether the registry removes it.
    #[serde(default)]
    removed: bool,
}

impl Entry {
    /// For messages.
    pub(super) fn title(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.clone(),
        }
    }

    /// How it changes what the registry has.
    pub(super) fn edits(
        &self,
        connection: Connection,
        kind: Kind,
        registries: &PublicRegistries,
        now: Timestamp,
    ) -> Result<Vec<Edit>, String> {
        if self.removed {
            return self.removal(connection, kind, registries);
        }
        let version = self.version.as_deref().ok_or("a version is needed, unless the package is removed")?;
        if let Some(published) = self.published.filter(|published| *published > now) {
            return Err(format!("{published} is still to come; the emulator's clock shows {now}"));
        }
        if self.yanked.as_ref().and_then(Yank::reason).is_some() && kind.format != Format::Pypi {
            return Err("only Python files are yanked".into());
        }
        if let Some(edit) = self.release(connection, (kind, version), registries)? {
            return Ok(vec![edit]);
        }
        self.files(connection, (kind, version), now)
    }

    fn key(&self, kind: Kind) -> Result<PackageKey, String> {
        (kind.key)(&self.name).ok_or_else(|| format!("this is no name of format {}", kind.format.name()))
    }

    fn removal(
        &self,
        connection: Connection,
        kind: Kind,
        registries: &PublicRegistries,
    ) -> Result<Vec<Edit>, String> {
        if self.content.is_some() || self.published.is_some() || self.yanked.is_some() {
            return Err("removed goes with name, version and filename only".into());
        }
        if self.filename.is_some() && self.version.is_none() {
            return Err("a file that is removed needs its version".into());
        }
        let key = self.key(kind)?;
        if !registries.has(connection, &key, (self.version.as_deref(), self.filename.as_deref())) {
            return Err("the registry does not have it".into());
        }
        let change = Change::Remove { number: self.version.clone(), file: self.filename.clone() };
        Ok(vec![Edit { connection, key, change }])
    }

    /// Whether the entry changes what the registry says of files of a Python version. Such an entry has no content,
    /// and names one file, or yanks all files of the version.
    fn release(
        &self,
        connection: Connection,
        (kind, version): (Kind, &str),
        registries: &PublicRegistries,
    ) -> Result<Option<Edit>, String> {
        let is_of_a_file = self.filename.is_some();
        if kind.format != Format::Pypi || self.content.is_some() || !is_of_a_file && self.yanked.is_none() {
            return Ok(None);
        }
        let key = self.key(kind)?;
        if !registries.has(connection, &key, (Some(version), self.filename.as_deref())) {
            let missing = "the registry does not have that file, so that its content is needed";
            return if is_of_a_file { Err(missing.into()) } else { Ok(None) };
        }
        let (number, file) = (version.to_owned(), self.filename.clone());
        let (published, yanked) = (self.published, self.yanked.clone());
        let change = Change::Release { number, file, published, yanked };
        Ok(Some(Edit { connection, key, change }))
    }

    /// The files, by names under which they can be asked for.
    fn files(
        &self,
        connection: Connection,
        (kind, version): (Kind, &str),
        now: Timestamp,
    ) -> Result<Vec<Edit>, String> {
        let content = self.content.as_ref().map(|text| BASE64_STANDARD.decode(text)).transpose();
        let content = content.map_err(|_| "content is not base64")?;
        let package = SeedPackage { name: &self.name, version, filename: self.filename.as_deref() };
        let files = (kind.prepare)(&package, content.map(Into::into))?;
        let edit = |Made { key, mut asset, details }| {
            check_lengths(&key, version, &asset.name).map_err(|error| error.message)?;
            let yanked = self.yanked.as_ref().and_then(Yank::reason).map(str::to_owned);
            asset.release = Release { published: self.published, yanked };
            let change = Change::Put { number: version.into(), asset, details: Box::new(details), at: now };
            Ok(Edit { connection, key, change })
        };
        files.into_iter().map(edit).collect()
    }
}
