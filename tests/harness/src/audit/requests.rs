//! Was an operator's request refused by RBAC?

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;

use crate::control_plane::read_audit_log;

/// What was checked, and what was refused.
#[derive(Debug, Default)]
pub struct Checked {
    /// How many audit logs.
    pub logs: usize,
    /// How many requests of operators.
    pub requests: usize,
    /// One line for each that was refused.
    pub denied: Vec<String>,
}

/// Reads all audit logs among the files and judges the requests of these users.
pub fn check_requests(files: &[PathBuf], operators: &BTreeSet<String>) -> Result<Checked> {
    let mut checked = Checked::default();
    let is_log = |file: &&PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("audit-") && name.ends_with(".log")
    };
    for file in files.iter().filter(is_log) {
        checked.logs += 1;
        for event in read_audit_log(file)? {
            if operators.contains(&event.user.username) {
                checked.requests += 1;
                if event.denied() {
                    checked.denied.push(event.summary());
                }
            }
        }
    }
    Ok(checked)
}
