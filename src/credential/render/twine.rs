//! `.pypirc`, for twine and flit. Pure.
//!
//! The syntax is that of Python's `RawConfigParser`: a value ends with its line, and nothing in it has a meaning.

use super::{Entry, Files, USER, field, file, name};
use crate::api::{Format, PackageFormat};
use crate::error::{Error, Result};

/// Sections with a meaning of their own.
const SECTIONS: [&str; 2] = ["distutils", "DEFAULT"];

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let registries = name::all(entries, (Format::Twine, PackageFormat::Pypi), name::plain)?;
    let mut text = vec!["[distutils]\nindex-servers =\n".to_owned()];
    for registry in &registries {
        if SECTIONS.contains(&registry.name.as_str()) {
            return Err(reserved(registry));
        }
        text.push(format!("    {}\n", registry.name));
    }
    for registry in &registries {
        let (name, address, token) = (&registry.name, registry.url.whole(), registry.entry.token());
        text.push(format!("\n[{name}]\nrepository = {address}\nusername = {USER}\npassword = {token}\n"));
    }
    Ok(file(".pypirc", text.concat()))
}

fn reserved(registry: &name::Named<'_>) -> Error {
    Error::invalid(
        field(registry.entry.index, "formats"),
        Format::Twine.as_str(),
        format!(
            ".pypirc cannot hold a repository whose name is {}, which means something else there; use the format pip, uv or poetry \
             for it",
            registry.name
        ),
    )
}
