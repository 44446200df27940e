//! The three servers and their flags.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use anyhow::{Result, bail};

use crate::control_plane::identity::Identity;
use crate::process::{Process, guarded};
use crate::scratch::Scratch;

const ETCD_PORT: u16 = 2379;
const ETCD_PEER_PORT: u16 = 2380;
const API_SERVER_PORT: u16 = 6443;

/// Requests and responses of our kinds and of events are what the tests look at. Of all else metadata is enough, and
/// bodies of Secrets and minted ServiceAccount tokens must not be in a log.
const AUDIT_POLICY: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: RequestResponse
  resources:
  - group: codeartifact-operator.dev
  - group: events.k8s.io
  - group: ''
    resources: [events]
- level: Metadata
";

/// Only what the operator counts on: owner references, namespace deletion, ServiceAccounts, aggregated roles and the
/// type checks of admission policies. No kubelet is there for the others to work with.
const CONTROLLERS: &str = "garbage-collector-controller,namespace-controller,serviceaccount-controller,\
    serviceaccount-token-controller,root-ca-certificate-publisher-controller,clusterrole-aggregation-controller,\
    validatingadmissionpolicy-status-controller";

/// A loopback address on which none of the ports is taken. The ports are below those that the kernel gives out.
pub(super) fn free_address() -> Result<Ipv4Addr> {
    for _ in 0..100 {
        let address = Ipv4Addr::new(127, fastrand::u8(64..128), fastrand::u8(..), fastrand::u8(1..255));
        let ports = [ETCD_PORT, ETCD_PEER_PORT, API_SERVER_PORT];
        if ports.iter().all(|port| TcpListener::bind((address, *port)).is_ok()) {
            return Ok(address);
        }
    }
    bail!("no loopback address has ports {ETCD_PORT}, {ETCD_PEER_PORT} and {API_SERVER_PORT} free")
}

pub(super) fn api_server_url(address: Ipv4Addr) -> String {
    format!("https://{address}:{API_SERVER_PORT}")
}

pub(super) fn etcd(scratch: &Scratch, address: Ipv4Addr) -> Result<Process> {
    let clients = format!("http://{address}:{ETCD_PORT}");
    let peers = format!("http://{address}:{ETCD_PEER_PORT}");
    let mut command = guarded(crate::cluster_tool("etcd")?);
    command
        .arg("--name=local")
        .arg("--unsafe-no-fsync")
        .arg("--log-level=warn")
        .arg(format!("--data-dir={}", scratch.path().join("etcd").display()))
        .arg(format!("--listen-client-urls={clients}"))
        .arg(format!("--advertise-client-urls={clients}"))
        .arg(format!("--listen-peer-urls={peers}"))
        .arg(format!("--initial-advertise-peer-urls={peers}"))
        .arg(format!("--initial-cluster=local={peers}"));
    Process::start("etcd", command, &scratch.path().join("etcd.log"))
}

pub(super) fn api_server(
    scratch: &Scratch,
    address: Ipv4Addr,
    identity: &Identity,
    audit_log: Option<&Path>,
) -> Result<Process> {
    let mut command = guarded(crate::cluster_tool("kube-apiserver")?);
    command
        .arg(format!("--etcd-servers=http://{address}:{ETCD_PORT}"))
        .arg(format!("--bind-address={address}"))
        .arg(format!("--secure-port={API_SERVER_PORT}"))
        .arg("--endpoint-reconciler-type=none")
        .arg("--service-cluster-ip-range=10.96.0.0/24")
        .arg("--authorization-mode=RBAC")
        .arg("--profiling=false")
        .arg("--service-account-issuer=https://kubernetes.default.svc")
        .arg(format!("--cert-dir={}", scratch.path().display()))
        .arg(format!("--tls-cert-file={}", identity.certificate.display()))
        .arg(format!("--tls-private-key-file={}", identity.certificate_key.display()))
        .arg(format!("--service-account-key-file={}", identity.account_public_key.display()))
        .arg(format!("--service-account-signing-key-file={}", identity.account_key.display()))
        .arg(format!("--token-auth-file={}", identity.tokens.display()));
    if let Some(log) = audit_log {
        let policy = scratch.write("audit-policy.yaml", AUDIT_POLICY)?;
        command
            .arg(format!("--audit-policy-file={}", policy.display()))
            .arg(format!("--audit-log-path={}", log.display()))
            // Rotated files would have to be read too: never rotate.
            .arg("--audit-log-maxsize=100000");
    }
    Process::start("kube-apiserver", command, &scratch.path().join("kube-apiserver.log"))
}

pub(super) fn controller_manager(scratch: &Scratch, identity: &Identity) -> Result<Process> {
    let mut command = guarded(crate::cluster_tool("kube-controller-manager")?);
    command
        .arg("--secure-port=0")
        .arg("--leader-elect=false")
        .arg("--profiling=false")
        .arg(format!("--controllers={CONTROLLERS}"))
        .arg(format!("--kubeconfig={}", identity.kubeconfig().display()))
        .arg(format!("--root-ca-file={}", identity.authority.display()))
        .arg(format!("--service-account-private-key-file={}", identity.account_key.display()));
    Process::start("kube-controller-manager", command, &scratch.path().join("kube-controller-manager.log"))
}
