//! What packages say of themselves in their own files.

pub(crate) mod cargo;
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
