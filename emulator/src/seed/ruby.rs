//! Gems: made from a name and a version, or read for their gemspec.

use super::archive::{gzip, tar};
use super::{Made, SeedPackage};
use crate::manifest::ruby::Gemspec;
use crate::state::package::PackageKey;
use crate::state::version::Asset;
use axum::body::Bytes;
use sha2::{Digest, Sha256};

/// The gem that was given, or a made one.
pub(super) fn make(package: &SeedPackage<'_>, content: Option<Bytes>) -> Result<Made, String> {
    let &SeedPackage { name, version, .. } = package;
    let key = PackageKey::from_gem_name(name).ok_or("this is not the name of a gem")?;
    let content = match content {
        Some(content) => content,
        None => gem(name, version)?,
    };
    let gemspec = Gemspec::read(&content)?;
    if gemspec.name != name || gemspec.version() != version {
        return Err("metadata.gz is of another gem or version".into());
    }
    let details = gemspec.details()?;
    Ok(Made { key, asset: Asset::new(gemspec.file_name(), content), details })
}

/// A gem for every platform, whose module has its version.
fn gem(name: &str, version: &str) -> Result<Bytes, String> {
    let words = name.split(['-', '_', '.']);
    let module: String = words
        .filter_map(|word| {
            let mut letters = word.chars();
            let first = letters.next()?.to_ascii_uppercase();
            Some([first].into_iter().chain(letters).collect::<String>())
        })
        .collect();
    if !module.starts_with(|first: char| first.is_ascii_uppercase()) {
        return Err("a gem is made only for a name that begins with a letter".into());
    }
    let file = name.replace('-', "_");
    let library = format!("module {module}\n  VERSION = \"{version}\"\nend\n");
    archive(&gemspec(name, version, &file), &file, &library).map_err(|error| error.to_string())
}

fn gemspec(name: &str, version: &str, file: &str) -> String {
    let any = "!ruby/object:Gem::Requirement\n  requirements:\n  - - \">=\"\n    \
               - !ruby/object:Gem::Version\n      version: '0'";
    format!(
        "--- !ruby/object:Gem::Specification\nname: {name}\n\
         version: !ruby/object:Gem::Version\n  version: '{version}'\nplatform: ruby\n\
         authors:\n- codeartifact-emulator\nbindir: bin\ncert_chain: []\ndate: 1980-01-01 00:00:00.000000000 Z\n\
         dependencies: []\nexecutables: []\nextensions: []\nextra_rdoc_files: []\nfiles:\n- lib/{file}.rb\n\
         licenses:\n- MIT\nmetadata: {{}}\nrdoc_options: []\nrequire_paths:\n- lib\n\
         required_ruby_version: {any}\nrequired_rubygems_version: {any}\nrequirements: []\n\
         rubygems_version: 3.0.0\nspecification_version: 4\n\
         summary: Made by codeartifact-emulator\ntest_files: []\n"
    )
}

fn archive(gemspec: &str, file: &str, library: &str) -> std::io::Result<Bytes> {
    let metadata = gzip(gemspec.as_bytes())?;
    let data = gzip(&tar(&[(&format!("lib/{file}.rb"), library.as_bytes())])?)?;
    let sum = |content: &[u8]| hex::encode(Sha256::digest(content));
    let checksums =
        format!("---\nSHA256:\n  metadata.gz: {}\n  data.tar.gz: {}\n", sum(&metadata), sum(&data));
    let checksums = gzip(checksums.as_bytes())?;
    let whole = [("metadata.gz", &metadata[..]), ("data.tar.gz", &data), ("checksums.yaml.gz", &checksums)];
    Ok(tar(&whole)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_gem_reads_back() {
        let made = make(&SeedPackage::named("left-pad", "1.2.0.pre"), None).unwrap();
        assert_eq!(made.asset.name, "left-pad-1.2.0.pre.gem");
        let again =
            make(&SeedPackage::named("left-pad", "1.2.0.pre"), Some(made.asset.content().clone())).unwrap();
        assert_eq!(again.asset.sha256(), made.asset.sha256());
        assert!(
            make(&SeedPackage::named("right-pad", "1.2.0.pre"), Some(again.asset.content().clone())).is_err()
        );
    }

    #[test]
    fn a_damaged_gem_is_never_taken_for_another() {
        let whole = make(&SeedPackage::named("left-pad", "1.2.0"), None).unwrap().asset.content().clone();
        let is_another = |content: &[u8]| Gemspec::read(content).is_ok_and(|found| found.name != "left-pad");
        for index in (0..1_024).step_by(7) {
            let mut damaged = whole.to_vec();
            damaged[index] ^= 0x55;
            assert!(!is_another(&damaged) && !is_another(whole.get(..index).unwrap()), "{index}");
        }
        assert!(Gemspec::read(whole.get(..800).unwrap()).is_err());
    }

    #[test]
    fn what_cannot_be_named_is_refused() {
        for (name, version) in
            [("", "1"), ("9", "1"), ("../a", "1"), ("a", "one"), ("a", "1'"), ("a", "1-java")]
        {
            assert!(make(&SeedPackage::named(name, version), None).is_err(), "{name} {version}");
        }
        assert!(make(&SeedPackage::named("a", "1"), Some(Bytes::from_static(b"no"))).is_err());
    }
}
