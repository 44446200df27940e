//! What the clients have shown, for `summary.sh`.

use crate::mode::Mode;
use crate::program::clients;
use std::fs::OpenOptions;
use std::io::Write;

/// What each client is put to, as `expected.txt` and the summary call it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    Publish,
    Install,
    Expired,
    Wrong,
    Blocked,
    Archived,
}

/// A client of that version has passed the check in that mode. One short line at a time, so that processes do not mix theirs.
pub(crate) fn passed(mode: Mode, (client, version): (&str, &str), check: Check) {
    let word = |word: String| word.to_ascii_lowercase();
    let (mode, check) = (word(format!("{mode:?}")), word(format!("{check:?}")));
    std::fs::create_dir_all(clients()).unwrap();
    let mut results = OpenOptions::new().create(true).append(true).open(clients().join("results")).unwrap();
    results.write_all(format!("{client} {mode} {version} {check}\n").as_bytes()).unwrap();
}
