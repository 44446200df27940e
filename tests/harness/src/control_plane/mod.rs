//! A real Kubernetes control plane on loopback: etcd, the API server and the controller manager, RBAC on.
//!
//! Each has a loopback address of its own, so that ports are fixed and never taken by somebody else. Ready in about 3 s.

mod access;
mod audit_log;
mod identity;
mod place;
mod servers;
mod sharing;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use anyhow::{Context, Result};
use kube::Client;

pub use audit_log::{AuditEvent, Reference, read as read_audit_log};
pub use sharing::{Own, Plane, own, shared};

use crate::evidence::Evidence;
use crate::process::Process;
use crate::scratch::Scratch;
use crate::wait::{PATIENCE, wait_for};
use identity::Identity;
pub(crate) use identity::NodeFiles;
use place::Place;

/// What a control plane should have.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Write an audit log: request and response of our kinds and of events, metadata of everything else.
    pub audit: bool,
    /// Apply `crds/` before the controller manager starts, so that the garbage collector knows our kinds at once and
    /// not only after its next look at the API groups, up to 30 s later.
    pub crds: bool,
    /// Be the control plane of a node: Pods reach the API server by the Service `kubernetes`, and every controller runs.
    pub node: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { audit: true, crds: true, node: false }
    }
}

/// A running control plane; dropping it ends it.
#[derive(Debug)]
pub struct ControlPlane {
    place: Place,
    identity: Identity,
    options: Options,
    audit_log: PathBuf,
    evidence: Evidence,
    // Servers are dropped, and so killed, before the folder that they use.
    controller_manager: Mutex<Option<Process>>,
    api_server: Mutex<Process>,
    etcd: Process,
    scratch: Scratch,
}

impl ControlPlane {
    /// Starts one and waits until it is ready.
    pub async fn start(options: Options) -> Result<Self> {
        Self::start_for(options, Evidence::of_this_test()?).await
    }

    async fn start_for(options: Options, evidence: Evidence) -> Result<Self> {
        let scratch = Scratch::new()?;
        let place = if options.node { Place::of_node() } else { Place::free()? };
        let identity = Identity::make(&scratch, place)?;
        let audit_log = evidence.fresh("audit", "log")?;
        let etcd = servers::etcd(&scratch, place)?;
        let api_server =
            servers::api_server(&scratch, place, &identity, options.audit.then_some(audit_log.as_path()))?;
        let control_plane = Self {
            place,
            identity,
            options,
            audit_log,
            evidence,
            controller_manager: Mutex::new(None),
            api_server: Mutex::new(api_server),
            etcd,
            scratch,
        };
        control_plane.serving().await?;
        if options.crds {
            control_plane.apply_crds().await?;
        }
        let manager = servers::controller_manager(&control_plane.scratch, place, &control_plane.identity)?;
        *control_plane.controller_manager.lock().unwrap_or_else(PoisonError::into_inner) = Some(manager);
        Ok(control_plane)
    }

    /// Where the API server answers.
    pub fn url(&self) -> String {
        self.place.url()
    }

    /// The kubeconfig of the administrator.
    pub fn kubeconfig(&self) -> &Path {
        self.identity.kubeconfig()
    }

    /// A new client of the administrator. A client belongs to the async runtime that made it: don't keep it over tests.
    pub fn client(&self) -> Result<Client> {
        self.identity.client(&self.url())
    }

    /// The process ids of the three servers.
    pub fn process_ids(&self) -> Vec<u32> {
        let manager = self.controller_manager.lock().unwrap_or_else(PoisonError::into_inner);
        let api_server = self.api_server.lock().unwrap_or_else(PoisonError::into_inner);
        manager.iter().map(Process::id).chain([api_server.id(), self.etcd.id()]).collect()
    }

    /// Kills the API server, as a crash would.
    pub fn stop_api_server(&self) -> Result<()> {
        self.api_server.lock().unwrap_or_else(PoisonError::into_inner).kill()
    }

    /// Starts the API server again, at the same address and with the same objects, and waits until it is ready.
    pub async fn start_api_server(&self) -> Result<()> {
        let audit_log = self.options.audit.then_some(self.audit_log.as_path());
        let api_server = servers::api_server(&self.scratch, self.place, &self.identity, audit_log)?;
        *self.api_server.lock().unwrap_or_else(PoisonError::into_inner) = api_server;
        self.serving().await
    }

    /// Kills the controller manager for good: from now on nobody collects what deleted objects owned.
    pub fn stop_controller_manager(&self) {
        drop(self.controller_manager.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Kills the API server and starts it again.
    pub async fn restart_api_server(&self) -> Result<()> {
        self.stop_api_server()?;
        self.start_api_server().await
    }

    /// Certificates, keys and the kubeconfig of the node's kubelet; an error without a node.
    pub(crate) fn node_files(&self) -> Result<&NodeFiles> {
        self.identity.node.as_ref().context("this control plane was started without a node")
    }

    /// Whether our kinds are there without a chart's doing.
    pub(crate) fn has_crds(&self) -> bool {
        self.options.crds
    }

    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// The folder of evidence of the test that started this control plane.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    async fn serving(&self) -> Result<()> {
        let client = self.client()?;
        wait_for("the API server is ready", PATIENCE, async || {
            // One that ended will not become ready: that ends the wait.
            if let Err(end) = self.api_server.lock().unwrap_or_else(PoisonError::into_inner).still_runs() {
                return Ok(Err(end));
            }
            let request = http::Request::get("/readyz").body(Vec::new())?;
            client.request_text(request).await.context("API server").map(|_| Ok(()))
        })
        .await?
    }

    async fn apply_crds(&self) -> Result<()> {
        let crds = crate::repository().join("crds");
        let folder = crds.display().to_string();
        self.kubectl(&["apply", "--server-side", "-f", &folder]).await?;
        self.kubectl(&["wait", "--for=condition=Established", "--timeout=30s", "-f", &folder]).await.map(drop)
    }
}
