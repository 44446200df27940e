//! What is generated and committed is what the code generates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use harness::generated::{GENERATED, derive};

#[test]
fn generated_files_are_up_to_date() {
    let scratch = tempfile::tempdir().unwrap();
    let fresh = scratch.path();
    copy(&harness::repository().join("charts"), &fresh.join("charts"));
    std::fs::create_dir(fresh.join("crds")).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_codeartifact-operator"))
        .args(["crds", "--dir"])
        .arg(fresh.join("crds"))
        .status()
        .unwrap();
    assert!(status.success(), "codeartifact-operator crds: {status}");
    derive(fresh).unwrap();

    for generated in GENERATED {
        let (committed, wanted) =
            (files(&harness::repository().join(generated)), files(&fresh.join(generated)));
        let stale: Vec<&String> = committed
            .keys()
            .chain(wanted.keys())
            .filter(|name| committed.get(*name) != wanted.get(*name))
            .collect();
        assert!(
            stale.is_empty(),
            "{generated} is stale {stale:?}: run `make generated` and commit what it changes"
        );
    }
}

/// Path below the given one to text; a file alone has the empty path.
fn files(path: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            found.extend(
                files(&entry.path()).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)),
            );
        }
    } else if path.exists() {
        found.insert(String::new(), std::fs::read_to_string(path).unwrap());
    }
    found
}

fn copy(from: &Path, to: &Path) {
    for (name, text) in files(from) {
        let path = to.join(name.trim_end_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}
