//! Starts what makes a node: containerd, the scheduler and kubelet.

use anyhow::Result;

use super::namespaces::Inside;
use super::{ADDRESS, NAME, config, node_tool, registry};
use crate::control_plane::ControlPlane;
use crate::process::{Process, guarded};

/// Where containerd answers.
pub(super) const CONTAINERD: &str = "/run/containerd/containerd.sock";

pub(super) fn containerd(inside: &Inside) -> Result<Process> {
    let tools = node_tool("runc")?;
    let tools = tools.parent().unwrap_or(&tools);
    std::fs::create_dir_all(inside.folder.join("network"))?;
    let network = inside.folder.join("network");
    inside.write("network/10-pods.conflist", &config::network().to_string())?;
    let configuration = config::containerd(tools, &network, &registry::hosts(inside), CONTAINERD);
    let file = inside.write("containerd.toml", &configuration)?;
    let mut command = guarded(node_tool("containerd")?);
    // containerd finds its shim by the path of programs.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools.to_owned()).chain(std::env::split_paths(&path));
    command.arg("--config").arg(file).env("PATH", std::env::join_paths(folders)?);
    Process::start("containerd", command, &inside.folder.join("containerd.log"))
}

pub(super) fn scheduler(inside: &Inside, control_plane: &ControlPlane) -> Result<Process> {
    let mut command = guarded(node_tool("kube-scheduler")?);
    command
        .arg(format!("--kubeconfig={}", control_plane.kubeconfig().display()))
        .args(["--leader-elect=false", "--secure-port=0"]);
    Process::start("kube-scheduler", command, &inside.folder.join("kube-scheduler.log"))
}

pub(super) fn kubelet(inside: &Inside, control_plane: &ControlPlane) -> Result<Process> {
    let files = control_plane.node_files()?;
    let resolv_conf = inside.write("resolv.conf", "")?;
    let configuration = config::kubelet(&config::Kubelet {
        cgroup: &inside.cgroup,
        socket: CONTAINERD,
        authority: &files.authority,
        certificate: &files.certificate,
        key: &files.key,
        resolv_conf: &resolv_conf,
    });
    let file = inside.write("kubelet.json", &configuration.to_string())?;
    let mut command = guarded(node_tool("kubelet")?);
    command
        .arg(format!("--config={}", file.display()))
        .arg(format!("--kubeconfig={}", files.kubeconfig.display()))
        .arg(format!("--hostname-override={NAME}"))
        .arg(format!("--node-ip={ADDRESS}"));
    Process::start("kubelet", command, &inside.folder.join("kubelet.log"))
}
