//! A chart, and what Helm makes of it with some values.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use harness::{cluster_tool, repository};
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

/// The namespace that everything is rendered for.
pub(crate) const NAMESPACE: &str = "tools";

/// The chart of this repository, or a copy of it that a test may change.
pub(crate) struct Chart {
    folder: PathBuf,
    _copy: Option<TempDir>,
}

impl Chart {
    pub(crate) fn ours() -> Self {
        Self { folder: repository().join("charts/codeartifact-operator"), _copy: None }
    }

    pub(crate) fn copy() -> Result<Self> {
        let copy = tempfile::tempdir()?;
        copy_folder(&Self::ours().folder, copy.path())?;
        Ok(Self { folder: copy.path().to_owned(), _copy: Some(copy) })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn read(&self, name: &str) -> Result<String> {
        std::fs::read_to_string(self.folder.join(name)).with_context(|| name.to_owned())
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().context("no folder")?)?;
        std::fs::write(path, text).with_context(|| name.to_owned())
    }

    /// Everything that `helm install` would do and print: hooks, objects and notes. The error is what Helm said.
    pub(crate) fn everything(&self, values: &Value) -> Result<String> {
        let printed = self.helm(&["install", "release"], &["--dry-run=client"], values)?;
        // Above is the time of the dry run.
        let from = printed.find("\nHOOKS:").context("no hooks in what helm printed")?;
        Ok(printed.split_at(from).1.to_owned())
    }

    /// The notes alone.
    pub(crate) fn notes(&self, values: &Value) -> Result<String> {
        let everything = self.everything(values)?;
        Ok(everything.split_once("\nNOTES:\n").context("no notes")?.1.to_owned())
    }

    /// Every object and hook, as text.
    pub(crate) fn manifests(&self, values: &Value) -> Result<String> {
        self.helm(&["template", "release"], &[], values)
    }

    /// Every object and hook.
    pub(crate) fn objects(&self, values: &Value) -> Result<Vec<Value>> {
        let objects: Vec<Value> = serde_saphyr::from_multiple(&self.manifests(values)?)?;
        Ok(objects.into_iter().filter(|object| !object.is_null()).collect())
    }

    /// The one object of a kind.
    pub(crate) fn object(&self, kind: &str, values: &Value) -> Result<Value> {
        let mut found = self.objects(values)?;
        found.retain(|object| object["kind"] == kind);
        ensure!(found.len() == 1, "{} objects of kind {kind}", found.len());
        found.pop().context("no object")
    }

    fn helm(&self, command: &[&str], flags: &[&str], values: &Value) -> Result<String> {
        let mut file = NamedTempFile::new()?;
        file.write_all(values.to_string().as_bytes())?;
        let mut helm = Command::new(cluster_tool("helm")?);
        helm.args(command).arg(&self.folder).args(["--namespace", NAMESPACE]).args(flags);
        let done = helm.arg("--values").arg(file.path()).output()?;
        ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Ok(String::from_utf8(done.stdout)?)
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
