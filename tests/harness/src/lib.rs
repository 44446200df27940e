//! Real control planes, emulators and operators for tests, the demo and measurements.
//!
//! Everything that is started here ends with the process that started it, however that process ends.
//! What it leaves behind for the last stage of the tests is described in [`evidence`].

pub mod audit;
pub mod clients;
pub mod control_plane;
pub mod emulator;
pub mod evidence;
pub mod fixture;
pub mod generated;
pub mod install;
pub mod node;
pub mod objects;
pub mod process;
pub mod scratch;
pub mod wait;
pub mod web;

pub use control_plane::{ControlPlane, Options, Own, Plane, own, shared};
pub use emulator::Emulator;
pub use fixture::Fixture;
pub use install::Install;
pub use wait::wait_for;

use std::path::{Path, PathBuf};

/// The top folder of the repository.
pub fn repository() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// Kubernetes' servers, of which there may be other versions than the pinned one.
const SERVERS: [&str; 2] = ["kube-apiserver", "kube-controller-manager"];

/// A program of the control plane. Kubernetes' servers come from the folder that `CODEARTIFACT_CONTROL_PLANE` names, if it
/// names one; every program from `KUBEBUILDER_ASSETS`, where it lies there; else from what `make cluster-tools` builds.
pub fn cluster_tool(name: &str) -> anyhow::Result<PathBuf> {
    let folder =
        |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let other = folder("CODEARTIFACT_CONTROL_PLANE").filter(|_| SERVERS.contains(&name));
    let assets = folder("KUBEBUILDER_ASSETS").filter(|assets| assets.join(name).exists());
    let folder = other.or(assets).unwrap_or_else(|| repository().join("target/cluster/bin"));
    let path = folder.join(name);
    anyhow::ensure!(path.exists(), "{} is missing: run `make cluster-tools`", path.display());
    Ok(path)
}

/// A name that no other test uses: the given prefix and six random characters.
pub fn unique(prefix: &str) -> String {
    let suffix: String = std::iter::repeat_with(fastrand::lowercase).take(6).collect();
    format!("{prefix}-{suffix}")
}
