//! Scratch folders under `target/`, removed on drop and, when their process was killed, by the next one.

use std::path::{Path, PathBuf};
use std::sync::Once;

use anyhow::{Context, Result};
use tempfile::TempDir;

/// A folder of its owner's own; gone when dropped.
#[derive(Debug)]
pub struct Scratch(TempDir);

impl Scratch {
    /// Makes one; the name carries the process id, by which left-over ones are told.
    pub fn new() -> Result<Self> {
        static PURGE: Once = Once::new();
        // Process ids of a node's namespaces mean nothing outside, and the other way round: a node has a parent folder of its own.
        let inside = crate::node::namespaces::folder().map(|folder| folder.join("scratch"));
        let parent = inside.unwrap_or_else(|| crate::repository().join("target/scratch"));
        std::fs::create_dir_all(&parent)?;
        PURGE.call_once(|| purge(&parent));
        let prefix = format!("{}-", std::process::id());
        Ok(Self(tempfile::Builder::new().prefix(&prefix).tempdir_in(&parent).context("scratch folder")?))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file in it and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).with_context(|| path.display().to_string())?;
        Ok(path)
    }
}

/// Removes the folders of processes that are gone. Failing is harmless: the next process tries again.
fn purge(parent: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_string_lossy().split('-').next().map(|pid| Path::new("/proc").join(pid));
        if owner.is_some_and(|process| !process.exists()) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}
