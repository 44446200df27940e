//! Crates: made from a name and a version, or read for their manifest.

use super::archive::{gzip, tar};
use super::{Made, SeedPackage};
use crate::data::cargo::publish::file_name;
use crate::manifest::cargo::entry::Entry;
use crate::manifest::cargo::{details, manifest};
use crate::state::package::PackageKey;
use crate::state::version::Asset;
use axum::body::Bytes;
use semver::Version;

/// The crate that was given, or a made one.
pub(super) fn make(package: &SeedPackage<'_>, content: Option<Bytes>) -> Result<Made, String> {
    let &SeedPackage { name, version, .. } = package;
    let key = PackageKey::from_crate_name(name).ok_or("this is not the name of a crate")?;
    let number = Version::parse(version).map_err(|error| format!("this is not a version: {error}"))?;
    let content = match content {
        Some(content) => content,
        None => archive(name, version).map_err(|error| error.to_string())?,
    };
    let manifest = manifest(&content, name, &number)?;
    let details = details(&Entry::of_manifest(&manifest)?, &manifest, &content)?;
    let asset = Asset::new(file_name(&key, version), content);
    Ok(Made { key, asset, details })
}

/// A library without dependencies that knows its own version.
fn archive(name: &str, version: &str) -> std::io::Result<Bytes> {
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n\
         description = \"Made by codeartifact-emulator\"\n"
    );
    let library = format!("pub const VERSION: &str = \"{version}\";\n");
    let files = [
        (format!("{name}-{version}/Cargo.toml"), manifest),
        (format!("{name}-{version}/src/lib.rs"), library),
    ];
    Ok(gzip(&tar(&files)?)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_crate_reads_back() {
        let made = make(&SeedPackage::named("left-pad", "1.2.3"), None).unwrap();
        assert_eq!(
            (made.asset.name.as_str(), &made.details.document["vers"]),
            ("left-pad-1.2.3.crate", &"1.2.3".into())
        );
        let again =
            make(&SeedPackage::named("left-pad", "1.2.3"), Some(made.asset.content().clone())).unwrap();
        assert_eq!(again.asset.sha256(), made.asset.sha256());
        assert!(make(&SeedPackage::named("left-pad", "1.2.4"), Some(again.asset.content().clone())).is_err());
    }

    #[test]
    fn what_cannot_be_named_is_refused() {
        for (name, version) in
            [("", "1.0.0"), ("1a", "1.0.0"), ("a b", "1.0.0"), ("../a", "1.0.0"), ("a", "1.0")]
        {
            assert!(make(&SeedPackage::named(name, version), None).is_err(), "{name} {version}");
        }
    }
}
