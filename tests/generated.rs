//! What is generated and committed is what the code generates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use codeartifact_operator::api::{GROUP, crds};
use harness::generated::{GENERATED, derive};

/// The kinds whose objects carry a finalizer, as `managed` in src/release.rs counts them. The operator patches no other object.
const FINALIZED: [&str; 3] = ["awsaccounts", "domains", "repositories"];

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

/// kubectl applies it, and no release of Helm is behind it.
#[test]
fn the_plain_manifest_does_not_say_that_helm_manages_it() -> Result<()> {
    let text = std::fs::read_to_string(harness::repository().join("deploy/install.yaml"))?;
    ensure!(text.contains("app.kubernetes.io/instance: codeartifact-operator"), "labels are not understood");
    for line in text.lines().filter(|line| line.contains("managed-by:")) {
        ensure!(!line.contains("Helm"), "deploy/install.yaml: {line}");
    }
    Ok(())
}

/// A kind that somebody adds to the list of kinds cannot be watched before the chart has rules for it.
#[test]
fn every_kind_has_its_rules_in_the_chart() -> Result<()> {
    let text = std::fs::read_to_string(harness::repository().join("deploy/install.yaml"))?;
    let documents: Vec<serde_json::Value> =
        serde_saphyr::from_multiple(&text).context("deploy/install.yaml")?;
    let allows = |role: &str, resource: &str, verb: &str| {
        let of_role = |document: &&serde_json::Value| {
            document["kind"] == "ClusterRole" && document["metadata"]["name"] == role
        };
        let rules = documents.iter().filter(of_role).filter_map(|role| role["rules"].as_array()).flatten();
        let has = |list: &serde_json::Value, item: &str| {
            list.as_array().is_some_and(|list| list.iter().any(|one| one == item))
        };
        rules.into_iter().any(|rule| {
            has(&rule["apiGroups"], GROUP) && has(&rule["resources"], resource) && has(&rule["verbs"], verb)
        })
    };
    let hook = std::fs::read_to_string(
        harness::repository().join("charts/codeartifact-operator/templates/crd-upgrade-hook.yaml"),
    )?;
    for crd in crds() {
        let plural = crd.spec.names.plural;
        let name = format!("{plural}.{GROUP}");
        ensure!(hook.contains(&name), "crd-upgrade-hook.yaml of the chart may not patch the CRD {name}");
        let status = format!("{plural}/status");
        let mut needed = vec![("codeartifact-operator", status.as_str(), "patch")];
        needed.extend(["get", "list", "watch"].map(|verb| ("codeartifact-operator", plural.as_str(), verb)));
        let finalized = FINALIZED.contains(&plural.as_str());
        ensure!(
            allows("codeartifact-operator", &plural, "patch") == finalized,
            "ClusterRole codeartifact-operator of the chart: it is said of {plural} whether they carry a finalizer that the operator patches: {finalized}"
        );
        if crd.spec.scope == "Namespaced" {
            needed.extend(
                ["get", "list", "watch"].map(|verb| ("codeartifact-operator-view", plural.as_str(), verb)),
            );
            needed.extend(
                ["create", "update", "delete"]
                    .map(|verb| ("codeartifact-operator-edit", plural.as_str(), verb)),
            );
        }
        for (role, resource, verb) in needed {
            ensure!(
                allows(role, resource, verb),
                "ClusterRole {role} of the chart does not allow to {verb} {resource}"
            );
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
