//! A registry inside the node's namespaces, from which containerd pulls the images that are released.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::namespaces::Inside;
use crate::process::{Process, guarded, run};

/// The name by which Pods' images speak of the registry.
pub const REGISTRY: &str = "registry.node.local";
/// Where the registry answers.
const ADDRESS: &str = "127.0.0.1:5000";

/// Starts an empty registry and tells containerd where it is, without TLS.
pub(super) fn start(inside: &Inside) -> Result<Process> {
    let hosts = inside.folder.join("hosts").join(REGISTRY);
    std::fs::create_dir_all(&hosts)?;
    let told = format!(
        "server = 'http://{ADDRESS}'\n[host.'http://{ADDRESS}']\n  capabilities = ['pull', 'resolve']\n"
    );
    std::fs::write(hosts.join("hosts.toml"), told)?;
    let mut command = guarded(tool()?);
    command.args(["serve", "-listen", ADDRESS]);
    Process::start("registry", command, &inside.folder.join("registry.log"))
}

/// What `make image` or `make image-emulator` wrote.
pub(super) fn layout(program: &str) -> Result<PathBuf> {
    let layout = crate::repository().join("target/image").join(program);
    ensure!(layout.exists(), "{} is missing: run `make image image-emulator`", layout.display());
    Ok(layout)
}

/// Pushes a layout, and returns the digest.
pub(super) async fn push(program: &str, layout: &Path) -> Result<String> {
    let mut command = guarded(tool()?);
    command.args(["push", "-to", &format!("{ADDRESS}/{program}"), "-layout"]).arg(layout);
    let printed = run(command, "").await?;
    let digest = printed.lines().next().and_then(|line| line.split_once('@'));
    Ok(digest.with_context(|| format!("no digest in {printed}"))?.1.to_owned())
}

fn tool() -> Result<PathBuf> {
    let path = crate::repository().join("target/tools/image");
    ensure!(path.exists(), "{} is missing: run `make image`", path.display());
    Ok(path)
}
