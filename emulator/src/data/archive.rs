//! Single files out of tar archives that clients send, whatever these turn out to be.

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// What comes out of a compressed archive before the file that is looked for. The files that say what a
/// package is come early, and a small archive that unpacks to more would keep everybody waiting.
const SEARCHED: u64 = 64 * 1024 * 1024;

/// The largest such file; real ones have some kilobytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The first file of that path in an unpacked tar, if there is one.
pub(crate) fn find(tar: impl Read, path: &str) -> Result<Option<Vec<u8>>> {
    let mut archive = tar::Archive::new(tar.take(SEARCHED));
    for entry in archive.entries()? {
        let entry = entry?;
        if entry.path()? == Path::new(path) {
            return whole(entry).map(Some);
        }
    }
    Ok(None)
}

/// All of a file that must not be large.
pub(crate) fn whole(file: impl Read) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(LARGEST.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(Error::new(ErrorKind::FileTooLarge, "a file that describes the package is too large"));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::repeat;

    fn tar(files: &[(&str, u64)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, size) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(*size);
            archive.append_data(&mut header, path, repeat(b'x').take(*size)).unwrap();
        }
        archive.into_inner().unwrap()
    }

    #[test]
    fn a_file_is_found_by_its_whole_path() {
        let archive = tar(&[("a/b", 3), ("b", 2)]);
        assert_eq!(find(&archive[..], "b").unwrap().as_deref(), Some(&b"xx"[..]));
        assert_eq!(find(&archive[..], "c").unwrap(), None);
    }

    #[test]
    fn what_is_no_archive_or_far_too_much_is_an_error() {
        assert!(find(&[1; 1_000][..], "b").is_err());
        assert!(find(&tar(&[("b", LARGEST + 1)])[..], "b").is_err());
        let header = tar(&[("a", 1 << 10)]);
        // The header promises a size that never comes.
        assert!(find(header.get(..600).unwrap(), "b").is_err());
        assert!(find(repeat(b'x'), "b").is_err());
    }
}
