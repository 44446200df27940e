//! npm tarballs: made from a name and a version, or read for their manifest.

use super::archive::{gzip, tar};
use super::{Made, SeedPackage};
use crate::manifest::npm;
use crate::state::package::PackageKey;
use crate::state::version::Asset;
use axum::body::Bytes;
use serde_json::json;

/// The tarball that was given, or a made one.
pub(super) fn make(package: &SeedPackage<'_>, content: Option<Bytes>) -> Result<Made, String> {
    let &SeedPackage { name, version, .. } = package;
    let key = PackageKey::from_npm_name(name).ok_or("this is not the name of an npm package")?;
    if !npm::is_version(version) {
        return Err("this is not a semantic version".into());
    }
    let content = match content {
        Some(content) => content,
        None => tarball(name, version).map_err(|error| error.to_string())?,
    };
    let manifest = npm::manifest(&content)?;
    if manifest["name"] != name || manifest["version"] != version {
        return Err("package/package.json has another name or version".into());
    }
    let details = npm::details(manifest, &content);
    let asset = Asset::new(npm::ASSET, content);
    Ok(Made { key, asset, details })
}

/// A package whose main module exports its own name and version.
fn tarball(name: &str, version: &str) -> std::io::Result<Bytes> {
    let manifest = json!({
        "name": name,
        "version": version,
        "description": "Made by codeartifact-emulator",
        "main": "index.js",
    });
    let module = format!("module.exports = {};\n", json!({ "name": name, "version": version }));
    let files = [("package/package.json", manifest.to_string()), ("package/index.js", module)];
    Ok(gzip(&tar(&files)?)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_tarball_reads_back() {
        let made = tarball("@acme/widgets", "1.2.3").unwrap();
        let manifest = npm::manifest(&made).unwrap();
        assert_eq!(manifest["name"], "@acme/widgets");
        assert_eq!(manifest["version"], "1.2.3");
        assert_eq!(made, tarball("@acme/widgets", "1.2.3").unwrap());
    }

    #[test]
    fn the_one_asset_of_a_version_is_called_as_by_the_service() {
        let package = SeedPackage::named("@acme/widgets", "1.0.0");
        assert_eq!(make(&package, None).unwrap().asset.name, "package.tgz");
    }

    #[test]
    fn content_that_is_no_tarball_is_refused() {
        let package = SeedPackage::named("widgets", "2.0.0");
        assert!(make(&package, Some(Bytes::from_static(b"no"))).is_err());
        let other = tarball("widgets", "1.0.0").unwrap();
        assert!(make(&package, Some(other)).is_err());
        for name in ["", "@acme", "@/x", "a/b", "../x", "a b"] {
            assert!(make(&SeedPackage::named(name, "2.0.0"), None).is_err(), "{name:?}");
        }
    }
}
