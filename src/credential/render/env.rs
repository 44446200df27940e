//! Keys that are names of environment variables, for `envFrom`. Pure.

use super::{Entry, Files, USER, name, named};
use crate::api::{Format, PackageFormat};
use crate::error::Result;

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let registries = name::all(entries, (Format::Env, PackageFormat::Pypi), variable)?;
    let mut files = Files::new();
    let Some(first) = registries.first() else { return Ok(files) };
    if !first.entry.has_several_tokens() {
        files.extend([named("CODEARTIFACT_AUTH_TOKEN", first.entry.token().into())]);
    }
    files.extend(login("TWINE", first.entry));
    files.extend([named("TWINE_REPOSITORY_URL", first.url.whole())]);
    for registry in &registries {
        files.extend(login(&format!("UV_INDEX_{}", registry.name), registry.entry));
        files.extend(login(&format!("POETRY_HTTP_BASIC_{}", registry.name), registry.entry));
    }
    Ok(files)
}

fn login(prefix: &str, entry: Entry<'_>) -> [(String, secrecy::SecretString); 2] {
    [
        named(&format!("{prefix}_USERNAME"), USER.into()),
        named(&format!("{prefix}_PASSWORD"), entry.token().into()),
    ]
}

/// A name as a part of a variable's.
fn variable(repository: &str) -> String {
    let letter =
        |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    repository.chars().map(letter).collect()
}
