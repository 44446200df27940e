//! What tests leave for the last stage: logs, events, statuses, metrics, journals and audit logs.
//!
//! ```text
//! <run>/evidence/<program>.<test>/…   searched by the last stage; holds no token if the operator is right
//! <run>/tokens/<program>.<test>.txt   every token that was minted, for us alone
//! ```
//! `<run>` is the folder named by `CODEARTIFACT_COLLECTED`, which `tests/run.sh` sets, or `target/collected/latest`.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

/// The folder of one test's evidence.
#[derive(Debug, Clone)]
pub struct Evidence {
    run: PathBuf,
    test: String,
}

impl Evidence {
    /// The folder of the test that runs on this thread, emptied when a former run left something in it.
    pub fn of_this_test() -> Result<Self> {
        Self::named(std::thread::current().name().unwrap_or("main"))
    }

    /// The folder of something that belongs to no single test.
    pub fn named(test: &str) -> Result<Self> {
        static KNOWN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
        let evidence = Self { run: run_folder(), test: format!("{}.{}", program(), test.replace("::", ".")) };
        let folder = evidence.folder();
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if known.insert(folder.clone()) && folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(evidence)
    }

    /// Where its files are.
    pub fn folder(&self) -> PathBuf {
        self.run.join("evidence").join(&self.test)
    }

    /// A file name in the folder that is not taken yet: `name-1.extension`, `name-2.extension`, …
    pub fn fresh(&self, name: &str, extension: &str) -> Result<PathBuf> {
        for number in 1.. {
            let path = self.folder().join(format!("{name}-{number}.{extension}"));
            match std::fs::File::create_new(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                made => return made.map(|_| path).context("evidence file"),
            }
        }
        anyhow::bail!("no name left for {name}")
    }

    /// Adds to the list of minted tokens, in a folder and file that only the user who runs the tests may read.
    pub fn keep_tokens(&self, tokens: &[String]) -> Result<()> {
        let folder = self.run.join("tokens");
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let mut options = std::fs::OpenOptions::new();
        let mut file =
            options.create(true).append(true).mode(0o600).open(folder.join(format!("{}.txt", self.test)))?;
        for token in tokens {
            writeln!(file, "{token}")?;
        }
        Ok(())
    }

    /// Notes that requests of this user name are an operator's, so that the last stage judges them.
    pub fn note_operator(&self, user: &str) -> Result<()> {
        let path = self.run.join("operators.txt");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        Ok(writeln!(file, "{user}")?)
    }
}

fn run_folder() -> PathBuf {
    let told = std::env::var_os("CODEARTIFACT_COLLECTED").map(PathBuf::from);
    told.unwrap_or_else(|| crate::repository().join("target/collected/latest"))
}

/// The name of this program without the hash that cargo adds to test binaries.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match stem.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            name.to_owned()
        }
        _ => stem,
    }
}

/// Every file below a folder, in a fixed order.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}
