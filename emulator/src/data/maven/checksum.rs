//! Checksum files, which are never stored: they are answered, and compared, from the assets' hashes.

use crate::state::version::Asset;

/// How a checksum is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

impl Algorithm {
    /// The name of a checksum file taken apart: the file that it is of, and how it is made.
    pub(crate) fn split(name: &str) -> (&str, Option<Self>) {
        let known = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512].into_iter();
        let mut of = known.filter_map(|algorithm| Some((name.strip_suffix(algorithm.suffix())?, algorithm)));
        of.next().map_or((name, None), |(file, algorithm)| (file, Some(algorithm)))
    }

    /// What the name of a checksum file ends with.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Md5 => ".md5",
            Self::Sha1 => ".sha1",
            Self::Sha256 => ".sha256",
            Self::Sha512 => ".sha512",
        }
    }

    /// The checksum of an asset.
    pub(super) fn of(self, asset: &Asset) -> String {
        match self {
            Self::Md5 => asset.md5().to_string(),
            Self::Sha1 => asset.sha1().to_string(),
            Self::Sha256 => asset.sha256().to_string(),
            Self::Sha512 => asset.sha512().to_string(),
        }
    }

    /// Whether a checksum file is that of the asset. Case counts, as the user guide says; white
    /// space around the sum does not.
    pub(super) fn agrees(self, asset: &Asset, written: &[u8]) -> bool {
        written.trim_ascii() == self.of(asset).as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_a_checksum_is_of() {
        for (name, file, algorithm) in [
            ("a.jar", "a.jar", None),
            ("a.jar.md5", "a.jar", Some(Algorithm::Md5)),
            ("a.jar.asc.sha1", "a.jar.asc", Some(Algorithm::Sha1)),
            ("a.pom.sha256", "a.pom", Some(Algorithm::Sha256)),
            ("maven-metadata.xml.sha512", "maven-metadata.xml", Some(Algorithm::Sha512)),
            ("a.md5.jar", "a.md5.jar", None),
        ] {
            assert_eq!(Algorithm::split(name), (file, algorithm));
        }
    }

    #[test]
    fn sums_are_compared_as_they_are_written() {
        let asset = Asset::new("a", "".into());
        let sum = "d41d8cd98f00b204e9800998ecf8427e";
        assert!(Algorithm::Md5.agrees(&asset, sum.as_bytes()));
        assert!(Algorithm::Md5.agrees(&asset, format!("{sum}\n").as_bytes()));
        assert!(!Algorithm::Md5.agrees(&asset, sum.to_uppercase().as_bytes()));
        assert!(!Algorithm::Sha1.agrees(&asset, sum.as_bytes()));
        assert!(!Algorithm::Md5.agrees(&asset, b""));
    }
}
