//! Archives as package managers pack them.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Result, Write};

/// An archive of files that everybody may read.
pub(crate) fn tar(files: &[(impl AsRef<str>, impl AsRef<[u8]>)]) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let content = content.as_ref();
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path.as_ref(), content)?;
    }
    archive.into_inner()
}

pub(crate) fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(content)?;
    packed.finish()
}
