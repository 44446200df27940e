//! One line a step: what was done, and how long it took.

use std::io::Write;
use std::time::Instant;

use anyhow::{Context, Result};

/// Where durations stand.
const WIDTH: usize = 86;

/// Does a step and tells of it.
pub(crate) async fn step<T>(what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let started = Instant::now();
    let done = work.await;
    let mark = if done.is_ok() { '✓' } else { '✗' };
    say(&format!("{mark} {what:<WIDTH$} {:>5.1} s", started.elapsed().as_secs_f64()));
    done.with_context(|| what.to_owned())
}

/// Prints a line. A reader who left does not end the story.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}
