//! Python wheels: made from a name and a version.

use super::{Made, SeedPackage};
use crate::manifest::python;
use crate::state::package::PackageKey;
use crate::state::public::Yank;
use crate::state::version::Asset;
use axum::body::Bytes;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::{Cursor, Write};
use zip::CompressionMethod;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;

/// The file that was given, or a made wheel.
pub(super) fn make(package: &SeedPackage<'_>, content: Option<Bytes>) -> Result<Made, String> {
    let &SeedPackage { name, version, filename } = package;
    if !python::is_name(name) {
        return Err("this is not the name of a Python package".into());
    }
    if !python::is_version(version) {
        return Err("this is not the version of a Python package".into());
    }
    let key = PackageKey::from_python_name(name);
    let asset = match (content, filename) {
        (Some(_), Some(filename)) if !python::is_file_name(filename) => {
            return Err(format!("'{filename}' is not the name of a file"));
        }
        (Some(_), Some(filename)) if !python::is_file_of(filename, name, version) => {
            return Err(format!("'{filename}' is not the name of a file of that version"));
        }
        (Some(content), Some(filename)) => Asset::new(filename, content),
        (Some(_), None) => return Err("content needs a filename".into()),
        (None, _) => {
            let module = key.name.replace('-', "_");
            let content = wheel(name, &module, version).map_err(|error| error.to_string())?;
            Asset::new(format!("{module}-{version}-py3-none-any.whl"), content)
        }
    };
    let details = python::details(&asset.name, asset.content()).unwrap_or_default();
    Ok(Made { key, asset, details })
}

/// A project, by its name in any spelling.
pub(super) fn key(name: &str) -> Option<PackageKey> {
    python::is_name(name).then(|| PackageKey::from_python_name(name))
}

/// A member that is a boolean, or the reason as a text. A reason may be empty. What is not said is not taken
/// back either.
pub(super) fn yanked<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Yank>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::Bool(false) => Ok(Some(Yank::TakenBack)),
        Value::Bool(true) => Ok(Some(Yank::Because(String::new()))),
        Value::String(reason) => Ok(Some(Yank::Because(reason))),
        other => Err(D::Error::custom(format!("{other} is neither a boolean nor a reason for yanking"))),
    }
}

/// A wheel with one module that knows its own version.
fn wheel(name: &str, module: &str, version: &str) -> ZipResult<Bytes> {
    let info = format!("{module}-{version}.dist-info");
    let mut files = vec![
        (format!("{module}.py"), format!("__version__ = \"{version}\"\n")),
        (
            format!("{info}/METADATA"),
            format!(
                "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\
                 Summary: Made by codeartifact-emulator\n"
            ),
        ),
        (
            format!("{info}/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: codeartifact-emulator\nRoot-Is-Purelib: true\n\
             Tag: py3-none-any\n"
                .into(),
        ),
    ];
    let record = format!("{info}/RECORD");
    let lines = files.iter().map(|(path, text)| {
        let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text));
        format!("{path},sha256={digest},{}\n", text.len())
    });
    let text = lines.chain([format!("{record},,\n")]).collect();
    files.push((record, text));
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (path, text) in files {
        archive.start_file(path, stored)?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_wheel_is_named_as_pip_expects() {
        let made = make(&SeedPackage::named("My.Tool-Box", "1.0"), None).unwrap();
        assert_eq!(made.key.name, "my-tool-box");
        assert_eq!(made.asset.name, "my_tool_box-1.0-py3-none-any.whl");
    }

    #[test]
    fn what_cannot_be_named_is_refused() {
        assert!(make(&SeedPackage::named("a/b", "1.0"), None).is_err());
        assert!(make(&SeedPackage::named("a", "1/0"), None).is_err());
        assert!(make(&SeedPackage::named("a", "1.0"), Some(Bytes::new())).is_err());
    }
}
