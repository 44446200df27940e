//! A real node, so that Pods run: containerd, kubelet and the scheduler beside a control plane, in private namespaces.
//!
//! Nothing listens on the network of the machine, and the end of one process ends all. Needs root.

mod config;
mod kubelet;
#[cfg(test)]
mod lacks;
pub mod namespaces;
mod pod;
mod registry;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::control_plane::{ControlPlane, Options};
use crate::process::{Process, guarded, run};
use crate::wait::wait_for;
pub use pod::{Memory, Operator, Signal};
pub use registry::REGISTRY;

/// The address of the node, from which its Pods reach whatever else runs in the namespaces.
pub const ADDRESS: std::net::Ipv4Addr = std::net::Ipv4Addr::new(198, 18, 0, 1);
/// The name of the node.
pub const NAME: &str = "node";
/// How long a cold start may take on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// A program of the node, as `make node-tools` builds it.
pub fn node_tool(name: &str) -> Result<PathBuf> {
    let path = crate::repository().join("target/node/bin").join(name);
    ensure!(path.exists(), "{} is missing: run `make node-tools`", path.display());
    Ok(path)
}

/// A running control plane with one node; dropping it ends both.
#[derive(Debug)]
pub struct Node {
    /// The control plane.
    pub control_plane: ControlPlane,
    kubelet: Process,
    cgroup: String,
    // Dropping a process ends it.
    _others: [Process; 3],
}

impl Node {
    /// Starts everything and waits until the node is Ready. Works only inside the namespaces of [`namespaces::enter`].
    pub async fn start(inside: &namespaces::Inside) -> Result<Self> {
        let registry = registry::start(inside)?;
        let containerd = kubelet::containerd(inside)?;
        let control_plane = ControlPlane::start(Options { node: true, ..Options::default() }).await?;
        let scheduler = kubelet::scheduler(inside, &control_plane)?;
        let kubelet = kubelet::kubelet(inside, &control_plane)?;
        let cgroup = inside.cgroup.clone();
        let node = Self { control_plane, kubelet, cgroup, _others: [scheduler, containerd, registry] };
        node.ready().await?;
        Ok(node)
    }

    /// Brings an image in from an OCI layout in a tar archive, under the name that the layout carries.
    pub async fn import(&self, archive: &Path) -> Result<()> {
        let mut ctr = guarded(node_tool("ctr")?);
        ctr.args(["--address", kubelet::CONTAINERD, "--namespace", "k8s.io", "images", "import"])
            .arg(archive);
        run(ctr, "").await.map(drop).with_context(|| archive.display().to_string())
    }

    /// Puts the image of a program, as it is released, into the registry [`REGISTRY`], and returns its digest.
    pub async fn publish(&self, program: &str) -> Result<String> {
        let layout = registry::layout(program)?;
        wait_for("the image is in the registry", PATIENCE, async || registry::push(program, &layout).await)
            .await
    }

    /// What the kernel counts of the memory of a Pod.
    pub fn memory(&self, uid: &str) -> Result<Memory> {
        Memory::of(&self.cgroup, uid)
    }

    async fn ready(&self) -> Result<()> {
        wait_for("the node is Ready", PATIENCE, async || {
            self.kubelet.still_runs()?;
            let node = self.control_plane.get("Node", "", NAME).await?;
            let conditions = node.data["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let is_ready = |seen: &Value| seen["type"] == "Ready" && seen["status"] == "True";
            ensure!(conditions.iter().any(is_ready), "{conditions:?}");
            Ok(())
        })
        .await?;
        wait_for("the default ServiceAccount is there", PATIENCE, async || {
            self.control_plane.get("ServiceAccount", "default", "default").await.map(drop)
        })
        .await
    }
}
