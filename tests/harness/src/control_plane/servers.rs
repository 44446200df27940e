//! The three servers and their flags.

use std::path::Path;

use anyhow::Result;

use crate::control_plane::identity::Identity;
use crate::control_plane::place::Place;
use crate::process::{Process, guarded};
use crate::scratch::Scratch;

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

pub(super) fn etcd(scratch: &Scratch, place: Place) -> Result<Process> {
    let (clients, peers) = (place.etcd_url(), place.etcd_peer_url());
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
    place: Place,
    identity: &Identity,
    audit_log: Option<&Path>,
) -> Result<Process> {
    let mut command = guarded(crate::cluster_tool("kube-apiserver")?);
    command
        .arg(format!("--etcd-servers={}", place.etcd_url()))
        .arg(format!("--bind-address={}", place.address))
        .arg(format!("--secure-port={}", place.port))
        .arg("--endpoint-reconciler-type=none")
        .arg("--service-cluster-ip-range=10.96.0.0/24")
        .arg("--profiling=false")
        .arg("--service-account-issuer=https://kubernetes.default.svc")
        .arg(format!("--cert-dir={}", scratch.path().display()))
        .arg(format!("--tls-cert-file={}", identity.certificate.display()))
        .arg(format!("--tls-private-key-file={}", identity.certificate_key.display()))
        .arg(format!("--service-account-key-file={}", identity.account_public_key.display()))
        .arg(format!("--service-account-signing-key-file={}", identity.account_key.display()))
        .arg(format!("--token-auth-file={}", identity.tokens.display()));
    match &identity.node {
        None => command.arg("--authorization-mode=RBAC"),
        Some(node) => command
            .arg("--authorization-mode=Node,RBAC")
            .arg("--enable-admission-plugins=NodeRestriction")
            .arg("--allow-privileged=true")
            // Names of nodes are known to nobody here.
            .arg("--kubelet-preferred-address-types=InternalIP")
            .arg(format!("--kubelet-certificate-authority={}", node.authority.display()))
            .arg(format!("--kubelet-client-certificate={}", node.client_certificate.display()))
            .arg(format!("--kubelet-client-key={}", node.client_key.display())),
    };
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

pub(super) fn controller_manager(scratch: &Scratch, place: Place, identity: &Identity) -> Result<Process> {
    let mut command = guarded(crate::cluster_tool("kube-controller-manager")?);
    command
        .arg("--secure-port=0")
        .arg("--leader-elect=false")
        .arg("--profiling=false")
        .arg(format!("--controllers={}", if place.has_node { "*" } else { CONTROLLERS }))
        .arg(format!("--flex-volume-plugin-dir={}", scratch.path().join("volumeplugins").display()))
        .arg(format!("--kubeconfig={}", identity.kubeconfig().display()))
        .arg(format!("--root-ca-file={}", identity.authority.display()))
        .arg(format!("--service-account-private-key-file={}", identity.account_key.display()));
    Process::start("kube-controller-manager", command, &scratch.path().join("kube-controller-manager.log"))
}
