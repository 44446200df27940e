//! A page of the documentation: its fenced blocks, in their order.

use anyhow::{Context, Result};
use harness::repository;
use serde_json::Value;

/// A block between fences.
pub(super) struct Block {
    pub(super) language: String,
    pub(super) text: String,
}

/// A page of `docs/`.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) blocks: Vec<Block>,
}

impl Page {
    pub(super) fn read(path: &str) -> Result<Self> {
        let path = repository().join("docs").join(path);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(Self { blocks: blocks(&text), text })
    }

    /// The documents of all blocks of YAML.
    pub(super) fn documents(&self) -> Result<Vec<Value>> {
        let yaml = self.blocks.iter().filter(|block| block.language == "yaml");
        let parsed = yaml.map(Block::documents);
        Ok(parsed.collect::<Result<Vec<_>>>()?.concat())
    }

    /// The first document of a kind and name.
    pub(super) fn document(&self, kind: &str, name: &str) -> Result<Value> {
        let found =
            self.documents()?.into_iter().find(|it| it["kind"] == kind && it["metadata"]["name"] == name);
        found.with_context(|| format!("the page has no {kind} {name}"))
    }

    /// The second column of the row of a table that begins with a code.
    pub(super) fn row(&self, first: &str) -> Result<&str> {
        let begin = format!("| `{first}` |");
        self.text.lines().find(|line| line.starts_with(&begin)).with_context(|| format!("no row of {first}"))
    }
}

impl Block {
    pub(super) fn documents(&self) -> Result<Vec<Value>> {
        serde_saphyr::from_multiple(&self.text).with_context(|| self.text.clone())
    }
}

/// The blocks of a page. What a fence is indented by, its lines are indented by.
fn blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut open) = (Vec::new(), None::<(usize, Block)>);
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some((indent, Block { language: language.trim().to_owned(), text: String::new() }));
            }
            (Some(_), Some(_)) => blocks.extend(open.take().map(|(_, block)| block)),
            (None, Some((indent, block))) => {
                block.text += line.get(*indent..).unwrap_or_default();
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

#[test]
fn blocks_are_found_where_they_are_indented_too() {
    let found = blocks("a\n```yaml\nb: 1\n```\n1. c\n\n   ```sh\n   d\n     e\n\n   ```\nf `code` g\n");
    let seen: Vec<_> = found.iter().map(|block| (block.language.as_str(), block.text.as_str())).collect();
    assert_eq!(seen, [("yaml", "b: 1\n"), ("sh", "d\n  e\n\n")]);
}
