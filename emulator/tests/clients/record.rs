//! What the clients have shown, for `summary.sh`.

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

/// A client of that version has passed the check. One short line at a time, so that processes do not mix theirs.
pub(crate) fn passed(client: &str, version: &str, check: Check) {
    let check = format!("{check:?}").to_ascii_lowercase();
    std::fs::create_dir_all(clients()).unwrap();
    let mut results = OpenOptions::new().create(true).append(true).open(clients().join("results")).unwrap();
    results.write_all(format!("{client} {version} {check}\n").as_bytes()).unwrap();
}
