//! The operator as a cluster runs it: installed by helm, started as its Deployment says, with the rights of its
//! ServiceAccount. There is no kubelet: what it would do is done here.

mod collect;
mod container;
mod objects;
mod operator;
mod request;

pub use operator::Operator;
pub use request::Request;

use crate::control_plane::ControlPlane;
use crate::emulator::Emulator;
use crate::evidence::Evidence;

/// An installed release and the operator that runs for it. Dropping it collects its evidence and kills the operator.
pub struct Install<'a> {
    /// Where it is installed.
    pub control_plane: &'a ControlPlane,
    /// The AWS that it talks to.
    pub emulator: &'a Emulator,
    /// The namespace of the release, and so of the operator.
    pub operator_namespace: String,
    /// The namespaces that it works in; empty for the whole cluster.
    pub namespaces: Vec<String>,
    /// `system:serviceaccount:…`, as the audit log names it.
    pub user: String,
    /// The operator.
    pub operator: Operator,
    evidence: Evidence,
}

impl<'a> Install<'a> {
    /// What to install; ends with [`Request::start`].
    pub fn into(control_plane: &'a ControlPlane, emulator: &'a Emulator) -> Request<'a> {
        Request::new(control_plane, emulator)
    }
}

impl Drop for Install<'_> {
    fn drop(&mut self) {
        collect::on_drop(self);
    }
}
