//! What `tests/node/lacks.sh` says of a machine.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::config::{Kubelet, kubelet};
use crate::repository;
use crate::scratch::Scratch;

/// What the script says of the disk where `df` counts so much free of a thousand.
fn told_of_disk(free: u32) -> Result<Vec<String>> {
    let tools = Scratch::new()?;
    let df = tools.path().join("df");
    std::fs::write(&df, format!("#!/bin/sh\necho Avail Size\necho {free} 1000\n"))?;
    std::fs::set_permissions(&df, std::fs::Permissions::from_mode(0o755))?;
    let path =
        format!("{}:{}", tools.path().display(), std::env::var_os("PATH").unwrap_or_default().display());
    let said = Command::new(repository().join("tests/node/lacks.sh")).env("PATH", path).output()?;
    let said = String::from_utf8(said.stdout)?;
    Ok(said.lines().filter(|line| line.starts_with("disk: ")).map(str::to_owned).collect())
}

#[test]
fn a_disk_is_too_full_from_the_share_on_that_kubelet_is_told() -> Result<()> {
    let file = Path::new("file");
    let files = Kubelet {
        cgroup: "c",
        socket: "s",
        authority: file,
        certificate: file,
        key: file,
        resolv_conf: file,
    };
    let told = kubelet(&files);
    for signal in ["nodefs.available", "nodefs.inodesFree", "imagefs.available"] {
        let share = told["evictionHard"][signal].as_str().context(signal)?;
        let thousandths = share.trim_end_matches('%').parse::<u32>()? * 10;
        let lines = told_of_disk(thousandths - 1)?;
        ensure!(lines.len() == 2, "{signal}: {lines:?}");
        for line in lines {
            let begins = format!("disk: {} of 1000 ", thousandths - 1);
            ensure!(
                line.starts_with(&begins) && line.ends_with(&format!("below {} %", thousandths / 10)),
                "{line}"
            );
        }
        ensure!(told_of_disk(thousandths)?.is_empty(), "{signal}: enough is free");
    }
    Ok(())
}
