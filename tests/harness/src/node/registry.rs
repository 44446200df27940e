//! A registry inside the node's namespaces, from which containerd pulls the images that are released.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::PATIENCE;
use super::namespaces::Inside;
use crate::process::{Process, guarded, run};
use crate::wait::wait_for;

/// The name by which Pods' images speak of the registry.
pub const REGISTRY: &str = "registry.node.local";
/// Where the registry answers.
const ADDRESS: &str = "127.0.0.1:5000";

/// A running registry; dropping it ends it.
#[derive(Debug)]
pub struct Registry(Process);

impl Registry {
    /// Starts an empty registry and tells containerd where it is, without TLS.
    pub fn start(inside: &Inside) -> Result<Self> {
        let told = format!(
            "server = 'http://{ADDRESS}'\n[host.'http://{ADDRESS}']\n  capabilities = ['pull', 'resolve']\n"
        );
        let hosts = hosts(inside).join(REGISTRY);
        std::fs::create_dir_all(&hosts)?;
        std::fs::write(hosts.join("hosts.toml"), told)?;
        let mut command = guarded(tool()?);
        command.args(["serve", "-listen", ADDRESS]);
        Process::start("registry", command, &inside.folder.join("registry.log")).map(Self)
    }

    /// Puts the image of a program, as it is released, into the registry, and returns its digest.
    pub async fn publish(&self, program: &str) -> Result<String> {
        let layout = layout(program)?;
        wait_for("the image is in the registry", PATIENCE, async || {
            self.0.still_runs()?;
            push(program, &layout).await
        })
        .await
    }
}

/// The folder that tells containerd where registries are.
pub(super) fn hosts(inside: &Inside) -> PathBuf {
    inside.folder.join("hosts")
}

/// What `make image` or `make image-emulator` wrote.
fn layout(program: &str) -> Result<PathBuf> {
    let layout = crate::repository().join("target/image").join(program);
    ensure!(layout.exists(), "{} is missing: run `make image image-emulator`", layout.display());
    Ok(layout)
}

/// Pushes a layout, and returns the digest.
async fn push(program: &str, layout: &Path) -> Result<String> {
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
