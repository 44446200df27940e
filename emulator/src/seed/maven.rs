//! Maven artifacts: a jar and its POM made from coordinates, or any file of a version.

use super::{Made, SeedPackage};
use crate::data::maven::{Algorithm, is_file_of, is_version};
use crate::manifest::maven;
use crate::state::package::PackageKey;
use crate::state::snapshot::{base, of_build};
use crate::state::version::{Asset, Details};
use axum::body::Bytes;
use std::io::{Cursor, Write};
use zip::CompressionMethod;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;

/// An artifact, by its group and its name.
pub(super) fn key(name: &str) -> Option<PackageKey> {
    let (group, artifact) = name.split_once(':')?;
    PackageKey::from_maven_coordinates(group, artifact)
}

/// The file that was given, or a made jar and its POM.
pub(super) fn make(package: &SeedPackage<'_>, content: Option<Bytes>) -> Result<Vec<Made>, String> {
    let &SeedPackage { name, version, filename } = package;
    let (group, artifact) = name.split_once(':').ok_or("a name is needed such as org.acme:widgets")?;
    let key = PackageKey::from_maven_coordinates(group, artifact)
        .ok_or("this is not the name of a Maven artifact")?;
    let is_snapshot = base(version).is_some() || of_build(&key, version).is_some();
    if !is_version(version) || is_snapshot {
        return Err("this is not the version of a Maven artifact in a public registry".into());
    }
    let files = match (content, filename) {
        (Some(content), Some(filename)) => vec![(filename.to_owned(), content)],
        (Some(_), None) => return Err("content needs a filename".into()),
        (None, _) => {
            let jar = jar(name, version).map_err(|error| error.to_string())?;
            let file = |extension: &str| format!("{artifact}-{version}.{extension}");
            vec![(file("jar"), jar), (file("pom"), pom(group, artifact, version).into())]
        }
    };
    files.into_iter().map(|(file, content)| made(&key, version, file, content)).collect()
}

fn made(key: &PackageKey, version: &str, file: String, content: Bytes) -> Result<Made, String> {
    if !is_file_of(&file, &key.name, version) || Algorithm::split(&file).1.is_some() {
        return Err(format!("'{file}' is not the name of a file of that version"));
    }
    let details = if file == format!("{}-{version}.pom", key.name) {
        maven::details(&key.name, &content)?
    } else {
        Details::default()
    };
    Ok(Made { key: key.clone(), asset: Asset::new(file, content), details })
}

fn pom(group: &str, artifact: &str, version: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  <modelVersion>4.0.0</modelVersion>\n  \
         <groupId>{group}</groupId>\n  <artifactId>{artifact}</artifactId>\n  <version>{version}</version>\n  \
         <description>Made by codeartifact-emulator</description>\n</project>\n"
    )
}

/// A jar without classes, whose manifest has its own name and version.
fn jar(name: &str, version: &str) -> ZipResult<Bytes> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    archive.start_file("META-INF/MANIFEST.MF", stored)?;
    archive.write_all(b"Manifest-Version: 1.0\r\nCreated-By: codeartifact-emulator\r\n\r\n")?;
    archive.start_file("made.properties", stored)?;
    archive.write_all(format!("name={name}\nversion={version}\n").as_bytes())?;
    Ok(archive.finish()?.into_inner().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package<'a>(name: &'a str, version: &'a str, filename: Option<&'a str>) -> SeedPackage<'a> {
        SeedPackage { filename, ..SeedPackage::named(name, version) }
    }

    #[test]
    fn a_jar_and_its_pom_are_made() {
        let made = make(&package("org.acme:widgets", "1.0.0", None), None).unwrap();
        let names: Vec<_> = made.iter().map(|one| one.asset.name.as_str()).collect();
        assert_eq!(names, ["widgets-1.0.0.jar", "widgets-1.0.0.pom"]);
        assert_eq!(made[1].details.summary.as_deref(), Some("Made by codeartifact-emulator"));
        let mut jar = zip::ZipArchive::new(Cursor::new(made[0].asset.content().clone())).unwrap();
        let text = std::io::read_to_string(jar.by_name("made.properties").unwrap()).unwrap();
        assert_eq!(text, "name=org.acme:widgets\nversion=1.0.0\n");
        let again = make(&package("org.acme:widgets", "1.0.0", None), None).unwrap();
        assert_eq!(again[0].asset.sha256(), made[0].asset.sha256());
    }

    #[test]
    fn a_given_file_is_one_of_the_version() {
        let given =
            |filename| make(&package("org.acme:widgets", "1.0", filename), Some(Bytes::from_static(b"x")));
        assert_eq!(given(Some("widgets-1.0-sources.jar")).unwrap().len(), 1);
        for filename in [
            None,
            Some("other-1.0.jar"),
            Some("widgets-1.0.pom"),
            Some("widgets-1.0.jar.sha1"),
            Some("../widgets-1.0.jar"),
        ] {
            assert!(given(filename).is_err(), "{filename:?}");
        }
    }

    #[test]
    fn what_cannot_be_named_is_refused() {
        for (name, version) in [
            ("widgets", "1.0"),
            ("org.acme:", "1.0"),
            (":widgets", "1.0"),
            ("org..acme:widgets", "1.0"),
            ("org.acme:wid/gets", "1.0"),
            ("org.acme:widgets:jar", "1.0"),
            ("org.acme:widgets", ""),
            ("org.acme:widgets", "1/0"),
            ("org.acme:widgets", "1.0-SNAPSHOT"),
            ("org.acme:widgets", "1.0-20210728.194552-1"),
        ] {
            assert!(make(&package(name, version, None), None).is_err(), "{name} {version}");
        }
    }
}
