//! A real node, so that Pods run: containerd, kubelet and the scheduler beside a control plane, in private namespaces.
//!
//! Nothing listens on the network of the machine, and the end of one process ends all. Needs root.

mod config;
mod jobs;
mod kubelet;
#[cfg(test)]
mod lacks;
pub mod namespaces;
mod pod;
mod registry;
mod release;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::control_plane::{ControlPlane, Options};
use crate::process::{Process, guarded, run};
use crate::wait::wait_for;
use namespaces::Inside;

pub use jobs::{clients, pod};
pub use pod::{Memory, Operator, Signal};
pub use registry::{REGISTRY, Registry};
pub use release::values;

/// The address of the node, from which its Pods reach whatever else runs in the namespaces.
pub const ADDRESS: std::net::Ipv4Addr = std::net::Ipv4Addr::new(198, 18, 0, 1);
/// The name of the node.
pub const NAME: &str = "node";
/// The label of a namespace that takes only Pods as the restricted Pod Security Standard wants them.
pub const RESTRICTED: [(&str, &str); 1] = [("pod-security.kubernetes.io/enforce", "restricted")];
/// How long a cold start may take on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// A program of the node, as `make node-tools` builds it.
pub fn node_tool(name: &str) -> Result<PathBuf> {
    let path = crate::repository().join("target/node/bin").join(name);
    ensure!(path.exists(), "{} is missing: run `make node-tools`", path.display());
    Ok(path)
}

/// What this machine lacks for a node; nothing when a node can run here.
pub fn lacks() -> Result<Vec<String>> {
    let script = crate::repository().join("tests/node/lacks.sh");
    let printed = Command::new(&script).output().with_context(|| script.display().to_string())?;
    ensure!(printed.status.success(), "{} ended with {}", script.display(), printed.status);
    Ok(String::from_utf8_lossy(&printed.stdout).lines().map(str::to_owned).collect())
}

/// A running control plane with one node; dropping it ends both.
#[derive(Debug)]
pub struct Node {
    /// The control plane.
    pub control_plane: ControlPlane,
    kubelet: Process,
    cgroup: String,
    // Dropping a process ends it.
    _others: [Process; 2],
}

impl Node {
    /// Starts everything, with these of the images that `tests/node/images.sh` makes, and waits until the node is Ready. Works only
    /// inside the namespaces of [`namespaces::enter`].
    pub async fn start(inside: &Inside, options: Options, images: &[&str]) -> Result<Self> {
        let containerd = kubelet::containerd(inside)?;
        let control_plane = ControlPlane::start(Options { node: true, ..options });
        let (control_plane, ()) = tokio::try_join!(control_plane, import(images))?;
        let scheduler = kubelet::scheduler(inside, &control_plane)?;
        let kubelet = kubelet::kubelet(inside, &control_plane)?;
        let cgroup = inside.cgroup.clone();
        let node = Self { control_plane, kubelet, cgroup, _others: [scheduler, containerd] };
        node.ready().await?;
        Ok(node)
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

/// Brings images in, under the names that their archives carry.
async fn import(images: &[&str]) -> Result<()> {
    let ctr = || -> Result<_> {
        let mut ctr = guarded(node_tool("ctr")?);
        ctr.args(["--address", kubelet::CONTAINERD, "--namespace", "k8s.io"]);
        Ok(ctr)
    };
    wait_for("containerd answers", PATIENCE, async || {
        let mut version = ctr()?;
        version.arg("version");
        run(version, "").await
    })
    .await?;
    for image in images {
        let archive = crate::repository().join("target/node/images").join(format!("{image}.tar"));
        let mut import = ctr()?;
        import.args(["images", "import"]).arg(&archive);
        run(import, "").await.with_context(|| archive.display().to_string())?;
    }
    Ok(())
}
