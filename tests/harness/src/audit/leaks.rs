//! Searching files for secrets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use anyhow::{Context, Result, ensure};

use crate::audit::encodings::needles;

/// A shorter secret would be found by chance.
const SHORTEST: usize = 16;

/// Looks for many secrets at once, in every encoding.
#[derive(Debug)]
pub struct Search {
    automaton: AhoCorasick,
    encodings: Vec<&'static str>,
}

/// A secret in a file. The secret itself is not told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Where.
    pub file: PathBuf,
    /// The byte at which the needle begins.
    pub at: usize,
    /// How it was written.
    pub encoding: &'static str,
}

/// What was searched, and what was found.
#[derive(Debug, Default)]
pub struct Searched {
    /// How many files.
    pub files: usize,
    /// How many bytes.
    pub bytes: usize,
    /// One for each file and encoding in which a secret is.
    pub found: Vec<Found>,
}

impl Search {
    /// Prepares to look for these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut patterns = BTreeMap::new();
        for secret in secrets {
            ensure!(
                secret.len() >= SHORTEST,
                "a secret of {} characters is too short to search for",
                secret.len()
            );
            patterns.extend(needles(secret));
        }
        let automaton = AhoCorasick::new(patterns.keys()).context("too many secrets")?;
        Ok(Self { automaton, encodings: patterns.into_values().collect() })
    }

    /// How many different texts are looked for.
    pub fn patterns(&self) -> usize {
        self.encodings.len()
    }

    /// Reads and searches files.
    pub fn files(&self, files: &[PathBuf]) -> Result<Searched> {
        let mut searched = Searched::default();
        for file in files {
            let content = std::fs::read(file).with_context(|| file.display().to_string())?;
            searched.files += 1;
            searched.bytes += content.len();
            searched.found.extend(self.content(file, &content));
        }
        Ok(searched)
    }

    fn content(&self, file: &Path, content: &[u8]) -> Vec<Found> {
        let mut first = BTreeMap::new();
        for hit in self.automaton.find_overlapping_iter(content) {
            first.entry(self.encodings[hit.pattern().as_usize()]).or_insert(hit.start());
        }
        first.into_iter().map(|(encoding, at)| Found { file: file.to_owned(), at, encoding }).collect()
    }
}
