//! `uv.toml`, which holds no secret: uv finds the login in `.netrc` by the host. Pure.
//!
//! uv takes a package from the first index that has the package. The default index is the last one and stands in for PyPI.

use super::{Entry, Files, file, name, quoted};
use crate::api::{Format, PackageFormat};
use crate::error::Result;

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let registries = name::all(entries, (Format::Uv, PackageFormat::Pypi), name::plain)?;
    let last = registries.len().saturating_sub(1);
    let index = |(place, registry): (usize, &name::Named<'_>)| {
        let (name, url) = (quoted(&registry.name), &registry.url);
        let (index, publish) = (quoted(&url.join("simple").whole()), quoted(&url.whole()));
        let default = if place == last { "default = true\n" } else { "" };
        format!("[[index]]\nname = {name}\nurl = {index}\npublish-url = {publish}\n{default}")
    };
    let indexes: Vec<_> = registries.iter().enumerate().map(index).collect();
    Ok(file("uv.toml", indexes.join("\n")))
}
