//! What packages say of themselves in their own files.

pub(crate) mod cargo;
pub(crate) mod maven;
pub(crate) mod npm;
pub(crate) mod python;
pub(crate) mod ruby;

use flate2::read::GzDecoder;
use std::io::{Read, Take};

/// Manifests and readmes are small; what is larger is cut.
const TEXT_LIMIT: u64 = 1 << 20;

/// How far into an unpacked archive is looked: a few compressed bytes must not keep the machine busy.
const ARCHIVE_LIMIT: u64 = 64 << 20;

/// The beginning of a gzipped archive.
fn unpacked(content: &[u8]) -> tar::Archive<Take<GzDecoder<&[u8]>>> {
    tar::Archive::new(GzDecoder::new(content).take(ARCHIVE_LIMIT))
}

/// A text file inside of an archive. Bytes that are no text are replaced.
fn text(file: impl Read) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    file.take(TEXT_LIMIT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{cargo, npm, python};
    use crate::seed::archive::{gzip, tar};
    use proptest::prelude::*;
    use std::io::{Cursor, Write};
    use zip::write::SimpleFileOptions;

    const METADATA: &str = "Name: a\nSummary: b\n c\nRequires-Dist: d>=1\n\n# A\n";

    /// A wheel; its second file is compressed.
    fn wheel() -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("a.py", SimpleFileOptions::default()).unwrap();
        let deflated = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        archive.start_file("a-1.dist-info/METADATA", deflated).unwrap();
        archive.write_all(METADATA.as_bytes()).unwrap();
        archive.finish().unwrap().into_inner()
    }

    /// The files, gzipped.
    pub(super) fn tarball(files: &[(&str, &str)]) -> Vec<u8> {
        gzip(&tar(files).unwrap()).unwrap()
    }

    /// An archive that has what every reader looks for.
    fn readable() -> Vec<u8> {
        let manifest = r#"{"name":"a","version":"1.0.0","license":"MIT","dependencies":{"@b/c":"1"}}"#;
        let crate_manifest = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n[dependencies]\nb = \"1\"\n";
        tar(&[
            ("package/README.md", "# A"),
            ("package/package.json", manifest),
            ("a-1.0.0/Cargo.toml", crate_manifest),
            ("a-1.0.0/PKG-INFO", METADATA),
        ])
        .unwrap()
    }

    /// Have all readers look at the bytes.
    fn read(content: &[u8]) {
        for file in ["a.whl", "a.zip", "a.tar.gz"] {
            python::details(file, content);
        }
        npm::details(npm::manifest(content).unwrap_or_default(), content);
        drop(cargo::manifest(content, "a", &semver::Version::new(1, 0, 0)));
    }

    #[test]
    fn the_archives_are_read_when_nothing_is_wrong_with_them() {
        let tarball = gzip(&readable()).unwrap();
        assert_eq!(python::details("a.whl", &wheel()).unwrap().summary.as_deref(), Some("b\nc"));
        assert!(python::details("a.tar.gz", &tarball).unwrap().readme.is_some());
        assert_eq!(npm::details(npm::manifest(&tarball).unwrap(), &tarball).dependencies.len(), 1);
        assert!(cargo::manifest(&tarball, "a", &semver::Version::new(1, 0, 0)).is_ok());
    }

    proptest! {
        /// Whatever is done to the bytes of an archive, reading it ends and does not panic.
        #[test]
        fn broken_archives_are_read_as_far_as_they_go(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            for (whole, pack) in [(wheel(), false), (readable(), true), (gzip(&readable()).unwrap(), false)] {
                let mut content = whole;
                for (index, byte) in &changes {
                    let index = index.index(content.len());
                    content[index] = *byte;
                }
                content.truncate(cut.map_or(content.len(), |cut| cut.index(content.len())));
                read(&if pack { gzip(&content).unwrap() } else { content });
            }
        }
    }
}
