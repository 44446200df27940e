//! What is generated and committed is what the code generates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use harness::generated::{GENERATED, derive};

#[test]
fn generated_files_are_up_to_date() -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let fresh = scratch.path();
    copy(&harness::repository().join("charts"), &fresh.join("charts"))?;
    std::fs::create_dir(fresh.join("crds"))?;
    let mut crds = Command::new(env!("CARGO_BIN_EXE_codeartifact-operator"));
    let status = crds.args(["crds", "--dir"]).arg(fresh.join("crds")).status()?;
    ensure!(status.success(), "codeartifact-operator crds: {status}");
    derive(fresh)?;

    for generated in GENERATED {
        let committed = files(&harness::repository().join(generated))?;
        let wanted = files(&fresh.join(generated))?;
        let names: BTreeSet<&String> = committed.keys().chain(wanted.keys()).collect();
        for name in names {
            let same = committed.get(name) == wanted.get(name);
            ensure!(same, "{generated}{name} is stale: run `make generated` and commit what it changes");
        }
    }
    Ok(())
}

/// What follows the given path, to text; a file alone is followed by nothing.
fn files(path: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.extend(files(&path)?.into_iter().map(|(below, text)| (format!("/{name}{below}"), text)));
        }
    } else if path.exists() {
        found.insert(String::new(), std::fs::read_to_string(path)?);
    }
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for (name, text) in files(from)? {
        let path = to.join(name.trim_start_matches('/'));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}
