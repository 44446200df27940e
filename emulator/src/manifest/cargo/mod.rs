//! cargo: `Cargo.toml`, and the readme beside it in the crate.

pub(crate) mod entry;

use super::{text, unpacked};
use crate::state::version::{Details, License};
use cargo_toml::{Inheritable, Manifest, OptionalFile};
use entry::Entry;
use semver::Version;
use std::path::Path;

/// The manifest in a `.crate`, which must be that of the crate and version.
pub(crate) fn manifest(content: &[u8], name: &str, version: &Version) -> Result<Manifest, String> {
    let path = format!("{name}-{version}/Cargo.toml");
    let found =
        find(content, Path::new(&path)).map_err(|error| format!("the crate is no archive: {error}"))?;
    let found = found.ok_or_else(|| format!("the crate has no {path}"))?;
    let manifest = Manifest::from_str(&found).map_err(|error| format!("{path}: {error}"))?;
    let package = manifest.package.as_ref();
    let is_it = package.is_some_and(|package| {
        package.name == name && package.version.get().is_ok_and(|known| known == version)
    });
    if is_it { Ok(manifest) } else { Err(format!("{path} is of another crate or version")) }
}

/// What the API shows of a crate, and what the index says of it.
pub(crate) fn details(entry: &Entry, manifest: &Manifest, content: &[u8]) -> Result<Details, String> {
    let document = serde_json::to_value(entry).map_err(|error| error.to_string())?;
    let dependencies = entry.deps.iter().map(entry::Dependency::detail).collect();
    let Some(package) = &manifest.package else {
        return Ok(Details { document, dependencies, ..Details::default() });
    };
    let readme = match &package.readme {
        Inheritable::Set(OptionalFile::Path(path)) => {
            let folder = format!("{}-{}", entry.name, entry.vers);
            find(content, &Path::new(&folder).join(path)).ok().flatten()
        }
        _ => None,
    };
    Ok(Details {
        document,
        dependencies,
        readme,
        summary: known(package.description.as_ref()),
        home_page: known(package.homepage.as_ref()),
        source_code_repository: known(package.repository.as_ref()),
        licenses: known(package.license.as_ref()).map(License::named).into_iter().collect(),
        ..Details::default()
    })
}

/// A member that is there and not left to a workspace.
fn known(member: Option<&Inheritable<String>>) -> Option<String> {
    member?.get().ok().cloned()
}

fn find(content: &[u8], wanted: &Path) -> std::io::Result<Option<String>> {
    for entry in unpacked(content).entries()? {
        let entry = entry?;
        if entry.path()? == wanted {
            return text(entry).map(Some);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::tarball;

    #[test]
    fn a_crate_tells_what_the_api_shows() {
        let text = "[package]\nname = \"widgets\"\nversion = \"1.0.0\"\ndescription = \"Small things\"\n\
                    license = \"MIT OR Apache-2.0\"\nrepository = \"https://acme.example/widgets.git\"\n\
                    readme = \"docs/README.md\"\n[dev-dependencies]\nlog = \"0.4\"\n";
        let content =
            tarball(&[("widgets-1.0.0/Cargo.toml", text), ("widgets-1.0.0/docs/README.md", "# Widgets")]);
        let manifest = manifest(&content, "widgets", &Version::new(1, 0, 0)).unwrap();
        let details = details(&Entry::of_manifest(&manifest).unwrap(), &manifest, &content).unwrap();
        assert_eq!(details.summary.as_deref(), Some("Small things"));
        assert_eq!(details.home_page, None);
        assert_eq!(details.source_code_repository.as_deref(), Some("https://acme.example/widgets.git"));
        assert_eq!(details.licenses, [License::named("MIT OR Apache-2.0")]);
        assert_eq!(details.readme.as_deref(), Some("# Widgets"));
        let [need] = &details.dependencies[..] else { panic!("{:?}", details.dependencies) };
        assert_eq!((need.package.as_str(), need.kind.as_deref()), ("log", Some("dev")));
        assert_eq!(need.requirement.as_deref(), Some("^0.4"));
        assert_eq!(details.document["vers"], "1.0.0");
    }

    #[test]
    fn a_crate_must_hold_its_own_manifest() {
        let version = Version::new(1, 0, 0);
        let text = "[package]\nname = \"widgets\"\nversion = \"1.0.0\"\n";
        let inherited = "[package]\nname = \"widgets\"\nversion.workspace = true\n";
        for (content, why) in [
            (Vec::new(), "no archive"),
            (b"no".to_vec(), "no archive"),
            (tarball(&[]), "has no"),
            (tarball(&[("widgets-1.0.1/Cargo.toml", text)]), "has no"),
            (tarball(&[("widgets-1.0.0/Cargo.toml", "[package")]), "TOML"),
            (tarball(&[("widgets-1.0.0/Cargo.toml", "[workspace]")]), "another"),
            (tarball(&[("widgets-1.0.0/Cargo.toml", &text.replace("widgets", "gadgets"))]), "another"),
            (tarball(&[("widgets-1.0.0/Cargo.toml", inherited)]), "another"),
        ] {
            let told = manifest(&content, "widgets", &version).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }
}
