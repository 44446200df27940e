//! Decisions do no I/O: plans, normal forms, schedules and renderers know no client, no clock and no log.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::path::{Path, PathBuf};

/// What no such file may say. Types of the SDK are plain data and may be converted.
const IMPURE: [&str; 14] = [
    "async ",
    ".await",
    ".send()",
    "Client",
    "::now(",
    ".now()",
    "tracing::",
    "println!",
    "std::env",
    "std::fs",
    "std::net",
    "std::time::Instant",
    "tokio::",
    "fastrand",
];
/// Files of these names are pure, wherever they lie.
const PURE_FILES: [&str; 8] = [
    "plan.rs",
    "state.rs",
    "schedule.rs",
    "screen.rs",
    "summary.rs",
    "shares.rs",
    "cycle.rs",
    "endpoints.rs",
];
/// Everything in this folder is pure.
const PURE_FOLDER: &str = "src/credential/render";

#[test]
fn decisions_do_no_io() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = pure_files(root);
    let read: Vec<_> = files.iter().map(|file| (file, std::fs::read_to_string(file).unwrap())).collect();
    let offences: Vec<_> = read
        .iter()
        .flat_map(|(file, text)| {
            offences(text).into_iter().map(move |offence| format!("{}:{offence}", file.display()))
        })
        .collect();
    assert!(offences.is_empty(), "these must not be in a pure file:\n{}", offences.join("\n"));
}

#[test]
fn the_pure_files_are_found() {
    let files = pure_files(Path::new(env!("CARGO_MANIFEST_DIR")));
    for kind in ["domain", "repository", "package_policy"] {
        for name in ["plan.rs", "state.rs"] {
            let file = Path::new("src").join(kind).join(name);
            assert!(files.iter().any(|found| found.ends_with(&file)), "{} is not looked at", file.display());
        }
    }
}

#[test]
fn an_impure_line_is_an_offence_and_a_comment_or_a_test_is_not() {
    let text = "//! No Client.\nfn plan() {}\n/// Never .await.\nasync fn wait() {}\nlet at = Clock::now();\n#[cfg(test)]\nmod tests { use std::fs; }\n";
    assert_eq!(offences(text), ["4: `async `", "5: `::now(`"]);
}

/// Line numbers and words, up to the tests of the file.
fn offences(text: &str) -> Vec<String> {
    let code = text.lines().enumerate().take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
    let code = code.filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.flat_map(|(index, line)| {
        let words = IMPURE.iter().filter(move |word| line.contains(**word));
        words.map(move |word| format!("{}: `{word}`", index + 1))
    })
    .collect()
}

fn pure_files(root: &Path) -> Vec<PathBuf> {
    let pure_folder = root.join(PURE_FOLDER);
    let mut open = vec![root.join("src")];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.starts_with(&pure_folder) || PURE_FILES.iter().any(|name| path.ends_with(name)) {
                files.push(path);
            }
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    files
}
