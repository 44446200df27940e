//! Running package managers so that nothing of the machine's own configuration reaches them.

use std::path::Path;
use std::process::{Command, Output};

/// Variables that lead clients elsewhere. Names are compared without regard to case.
const LEADING_ELSEWHERE: &[&str] = &[
    "npm_",
    "pip_",
    "twine_",
    "cargo",
    "rust",
    "gem",
    "ruby",
    "bundle",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "python",
    "netrc",
    "node_",
];

/// The program, at home in `home` and nowhere else.
pub(crate) fn program(name: &str, home: &Path) -> Command {
    let mut command = Command::new(name);
    command.current_dir(home).env("HOME", home).env("XDG_CONFIG_HOME", home.join("config"));
    for (variable, _) in std::env::vars_os() {
        let folded = variable.to_string_lossy().to_ascii_lowercase();
        if LEADING_ELSEWHERE.iter().any(|prefix| folded.starts_with(prefix)) {
            command.env_remove(variable);
        }
    }
    command
}

/// Run to the end; the output may be of a failure. A program that is not there fails the test.
pub(crate) async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || {
        command.output().unwrap_or_else(|error| panic!("{command:?} must be installed: {error}"))
    })
    .await
    .unwrap()
}

/// Everything that a program said.
pub(crate) fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).join("\n")
}

/// What a program said, which must have ended well.
pub(crate) fn succeeded(output: &Output) -> String {
    let said = said(output);
    assert!(output.status.success(), "{said}");
    said
}

/// What a program said, which must have failed.
pub(crate) fn failed(output: &Output) -> String {
    let said = said(output);
    assert!(!output.status.success(), "{said}");
    said
}
