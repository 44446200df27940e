//! `audit FOLDER`: the last stage of the tests, over everything that a run collected.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use harness::audit::{Search, check_requests, documented_reasons, plant_and_find, reasons_of_nobody};
use harness::evidence::files_below;

fn main() -> Result<ExitCode> {
    if let Err(failure) = audit() {
        say(&format!("audit failed: {failure:#}"))?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn audit() -> Result<()> {
    let run: PathBuf = std::env::args_os().nth(1).context("usage: audit FOLDER")?.into();
    let files = files_below(&run.join("evidence"))?;
    requests(&run, &files)?;
    reasons(&run, &files)?;
    tokens(&run, &files)
}

/// No request of an operator was refused by RBAC or by the chart's admission policies.
fn requests(run: &Path, files: &[PathBuf]) -> Result<()> {
    let operators = operators(run)?;
    let checked = check_requests(files, &operators)?;
    say(&format!(
        "requests: {} of {} operators in {} audit logs, {} denied",
        checked.requests,
        operators.len(),
        checked.logs,
        checked.denied.len()
    ))?;
    ensure!(checked.requests > 0, "no request of an operator is in the audit logs: nothing was checked");
    ensure!(
        checked.denied.is_empty(),
        "RBAC or an admission policy of the chart refused an operator:\n{}",
        checked.denied.join("\n")
    );
    Ok(())
}

/// Some operator gave each documented reason in a condition or an event.
fn reasons(run: &Path, files: &[PathBuf]) -> Result<()> {
    let missing = reasons_of_nobody(files, &operators(run)?)?;
    let documented = documented_reasons()?.len();
    say(&format!("reasons: {documented} documented, {} given by no test", missing.len()))?;
    ensure!(
        missing.is_empty(),
        "no test makes an operator give these reasons of docs/conditions.md; add a test for each: {}",
        missing.join(", ")
    );
    Ok(())
}

/// The users that operators of the run had.
fn operators(run: &Path) -> Result<BTreeSet<String>> {
    Ok(lines(&run.join("operators.txt"))?.into_iter().collect())
}

/// No token is in anything that was collected, and the search finds what is there.
fn tokens(run: &Path, files: &[PathBuf]) -> Result<()> {
    let mut tokens = BTreeSet::new();
    for list in files_below(&run.join("tokens"))? {
        tokens.extend(lines(&list)?);
    }
    let search = Search::new(tokens.iter().map(String::as_str))?;
    let searched = search.files(files)?;
    let mib = searched.bytes / (1 << 20);
    say(&format!(
        "tokens: {} in {} writings, searched in {} files, {mib} MiB: found {} times",
        tokens.len(),
        search.patterns(),
        searched.files,
        searched.found.len()
    ))?;
    ensure!(!tokens.is_empty() && searched.bytes > 0, "no token or no file: nothing was searched");
    let places =
        searched.found.iter().map(|f| format!("{} at byte {}, {}", f.file.display(), f.at, f.encoding));
    ensure!(searched.found.is_empty(), "a token leaked:\n{}", places.collect::<Vec<_>>().join("\n"));
    let planted = plant_and_find(files)?;
    ensure!(planted.copies > 0, "no canary was planted");
    say(&format!(
        "canary: found in all {} copies it was planted in: {}",
        planted.copies,
        planted.sorts.join(", ")
    ))
}

fn lines(file: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Ok(text.lines().map(String::from).collect())
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
