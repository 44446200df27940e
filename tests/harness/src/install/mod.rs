//! The operator as a cluster runs it: installed by helm, started as its Deployment says, with the rights of its
//! ServiceAccount. There is no kubelet: what it would do is done here.

pub(crate) mod collect;
mod container;
mod metrics;
mod objects;
mod operator;
mod request;
pub mod values;

pub use metrics::Metrics;
pub use operator::Operator;
pub use request::Request;

use crate::control_plane::Plane;
use crate::emulator::Emulator;
use crate::evidence::Evidence;

/// The name of a release.
pub const RELEASE: &str = "codeartifact-operator";

/// Where the chart is.
pub(crate) fn chart() -> String {
    crate::repository().join("charts/codeartifact-operator").display().to_string()
}

/// An installed release and the operator that runs for it. Dropping it collects its evidence and kills the operator.
pub struct Install {
    /// The operator: it ends before what it talks to.
    pub operator: Operator,
    /// Where it is installed.
    pub control_plane: Plane,
    /// The AWS that it talks to.
    pub emulator: Emulator,
    /// The namespace of the release, and so of the operator.
    pub operator_namespace: String,
    /// The namespaces that it works in; empty for the whole cluster.
    pub namespaces: Vec<String>,
    /// `system:serviceaccount:…`, as the audit log names it.
    pub user: String,
    evidence: Evidence,
}

impl Install {
    /// What to install; ends with [`Request::start`].
    pub fn into(control_plane: impl Into<Plane>, emulator: &Emulator) -> Request {
        Request::new(control_plane.into(), emulator.clone())
    }
}

impl Drop for Install {
    fn drop(&mut self) {
        collect::on_drop(self);
    }
}
