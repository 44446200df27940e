//! Does the search find anything at all? A made-up token is planted in copies of what was collected and must be found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tempfile::TempDir;

use crate::audit::leaks::Search;

/// What was planted and found again.
#[derive(Debug, Default)]
pub struct Planted {
    /// How many copies of collected files, one for each sort of file and each encoding.
    pub copies: usize,
    /// The sorts of file.
    pub sorts: Vec<String>,
}

/// Plants a canary in a copy of one file of each sort, in each encoding, and fails unless each is found.
pub fn plant_and_find(files: &[PathBuf]) -> Result<Planted> {
    let random: String = std::iter::repeat_with(fastrand::alphanumeric).take(120).collect();
    let canary = format!("{random}+/=\"{random}");
    let search = Search::new([canary.as_str()])?;
    let folder = TempDir::new()?;
    let mut planted = Planted::default();
    for (sort, file) in one_of_each_sort(files) {
        let original = std::fs::read(file)?;
        ensure!(search.files(std::slice::from_ref(file))?.found.is_empty(), "the canary was there before");
        for (index, written) in writings(&canary).into_iter().enumerate() {
            let copy = folder.path().join(format!("{sort}-{index}"));
            let (head, tail) = original.split_at(original.len() / 2);
            std::fs::write(&copy, [head, written.as_bytes(), tail].concat())?;
            let found = search.files(std::slice::from_ref(&copy))?.found;
            ensure!(
                !found.is_empty(),
                "the search misses writing {index} of the canary in a copy of {}",
                file.display()
            );
            std::fs::remove_file(&copy).with_context(|| copy.display().to_string())?;
            planted.copies += 1;
        }
        planted.sorts.push(sort);
    }
    Ok(planted)
}

/// Documents that hold the canary, as programs write them.
fn writings(canary: &str) -> Vec<String> {
    let mut all = vec![canary.to_owned()];
    for before in ["", "a", "ab"] {
        all.push(BASE64_STANDARD.encode(format!("{before}{canary} and more")));
        all.push(BASE64_URL_SAFE.encode(format!("{before}{canary}")));
    }
    all.push(format!("https://aws:{}@host/", utf8_percent_encode(canary, NON_ALPHANUMERIC)));
    all.push(json!({"token": canary}).to_string());
    all
}

/// By the file's name without its number: operator logs, audit logs, events, journals, …; the smallest of each.
fn one_of_each_sort(files: &[PathBuf]) -> BTreeMap<String, &PathBuf> {
    let size = |file: &Path| std::fs::metadata(file).map_or(u64::MAX, |data| data.len());
    let mut sorts: BTreeMap<String, &PathBuf> = BTreeMap::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let sort = name.split(['-', '.']).next().unwrap_or_default().to_owned();
        let kept = sorts.entry(sort).or_insert(file);
        if size(file) < size(kept) {
            *kept = file;
        }
    }
    sorts
}
