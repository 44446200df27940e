//! `codeartifact-operator render`: the Secrets that a manifest would make.

use std::io::Read;
use std::path::Path;

use anyhow::Context as _;

use super::options::RenderOptions;
use super::print;
use crate::preview::{self, Documents, Known, Problems};

pub(super) fn render(options: &RenderOptions) -> anyhow::Result<()> {
    let RenderOptions { filename, namespace, account_id, region } = options;
    let known = Known { account_id: account_id.clone(), region: region.clone() };
    let manifest = read(filename)?;
    let rendered =
        Documents::read(&manifest, namespace).and_then(|documents| preview::render(&documents, &known));
    print(&mut std::io::stdout(), &rendered.map_err(|problems| told(filename, &problems))?)
}

/// The text of a manifest.
pub(super) fn read(filename: &Path) -> anyhow::Result<String> {
    if filename == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(filename).with_context(|| format!("cannot read {}", filename.display()))
}

/// All that is wrong with a manifest, a line each.
pub(super) fn told(filename: &Path, problems: &Problems) -> anyhow::Error {
    let lines: Vec<_> = problems.iter().map(|problem| format!("{}: {problem}", filename.display())).collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}
