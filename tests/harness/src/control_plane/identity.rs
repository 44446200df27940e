//! Certificates, keys and kubeconfigs of one control plane.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use base64::{Engine, prelude::BASE64_STANDARD};
use kube::config::Kubeconfig;
use kube::{Client, Config};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use serde_json::json;

use crate::control_plane::place::Place;
use crate::node;
use crate::scratch::Scratch;

/// Files by which a control plane and its clients know each other.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) authority: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) certificate_key: PathBuf,
    pub(super) account_key: PathBuf,
    pub(super) account_public_key: PathBuf,
    pub(super) tokens: PathBuf,
    pub(super) node: Option<NodeFiles>,
    kubeconfig: PathBuf,
    authority_pem: String,
    admin_token: String,
}

impl Identity {
    pub(super) fn make(scratch: &Scratch, place: Place) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "local control plane");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

        let mut params = CertificateParams::new(vec!["kubernetes.default.svc".into(), "localhost".into()])?;
        params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(place.address)));
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority)?;

        let account_key = KeyPair::generate()?;
        let (admin_token, node_token) = (token(), token());
        let authority_pem = authority.pem();
        let kubeconfig = document(&place.url(), &authority_pem, &admin_token);
        let authority_file = scratch.write("ca.pem", &authority_pem)?;
        let kubeconfig_of_node = document(&place.url(), &authority_pem, &node_token);
        let node = place
            .has_node
            .then(|| NodeFiles::make(scratch, &authority, &authority_file, &kubeconfig_of_node))
            .transpose()?;
        Ok(Self {
            authority: authority_file,
            node,
            certificate: scratch.write("server.pem", certificate.pem())?,
            certificate_key: scratch.write("server.key", key.serialize_pem())?,
            account_key: scratch.write("accounts.key", account_key.serialize_pem())?,
            account_public_key: scratch.write("accounts.pub", account_key.public_key_pem())?,
            tokens: scratch.write("tokens.csv", users(&admin_token, &node_token))?,
            kubeconfig: scratch.write("admin.kubeconfig", kubeconfig)?,
            authority_pem,
            admin_token,
        })
    }

    pub(super) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(super) fn kubeconfig_for(&self, url: &str, token: &str) -> String {
        document(url, &self.authority_pem, token)
    }

    pub(super) fn client(&self, url: &str) -> Result<Client> {
        self.client_for(url, &self.admin_token)
    }

    /// A client that does not retry by itself and gives up on a server that is silent.
    pub(super) fn client_for(&self, url: &str, token: &str) -> Result<Client> {
        let kubeconfig = Kubeconfig::from_yaml(&document(url, &self.authority_pem, token))?;
        let mut config = Config::try_from(kubeconfig)?;
        config.default_retry = false;
        config.connect_timeout = Some(Duration::from_secs(5));
        Ok(Client::try_from(config)?)
    }
}

/// Certificates, keys and the kubeconfig with which a kubelet and the API server authenticate to each other.
#[derive(Debug)]
pub(crate) struct NodeFiles {
    /// The authority of all certificates.
    pub(crate) authority: PathBuf,
    /// The certificate that kubelet serves with.
    pub(crate) certificate: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
    /// The certificate by which kubelet knows the API server.
    pub(crate) client_certificate: PathBuf,
    /// Its key.
    pub(crate) client_key: PathBuf,
    /// How kubelet reaches the API server.
    pub(crate) kubeconfig: PathBuf,
}

impl NodeFiles {
    fn make(
        scratch: &Scratch,
        authority: &CertifiedIssuer<'_, KeyPair>,
        authority_file: &Path,
        kubeconfig: &str,
    ) -> Result<Self> {
        let mut params = CertificateParams::new(vec![node::NAME.into()])?;
        params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(node::ADDRESS)));
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, authority)?;

        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "kube-apiserver-kubelet-client");
        params.distinguished_name.push(DnType::OrganizationName, "system:masters");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client_key = KeyPair::generate()?;
        let client_certificate = params.signed_by(&client_key, authority)?;
        Ok(Self {
            authority: authority_file.to_owned(),
            certificate: scratch.write("kubelet.pem", certificate.pem())?,
            key: scratch.write("kubelet.key", key.serialize_pem())?,
            client_certificate: scratch.write("kubelet-client.pem", client_certificate.pem())?,
            client_key: scratch.write("kubelet-client.key", client_key.serialize_pem())?,
            kubeconfig: scratch.write("node.kubeconfig", kubeconfig)?,
        })
    }
}

fn token() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(40).collect()
}

/// Who may sign in with which token.
fn users(admin: &str, node: &str) -> String {
    let name = node::NAME;
    format!("{admin},admin,admin,system:masters\n{node},system:node:{name},{name},system:nodes\n")
}

fn document(url: &str, authority_pem: &str, token: &str) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "local",
        "clusters": [{"name": "local", "cluster": {
            "server": url, "certificate-authority-data": BASE64_STANDARD.encode(authority_pem)}}],
        "users": [{"name": "local", "user": {"token": token}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "local"}}],
    })
    .to_string()
}
