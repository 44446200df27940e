//! Certificates, keys and kubeconfigs of one control plane.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use base64::{Engine, prelude::BASE64_STANDARD};
use kube::config::Kubeconfig;
use kube::{Client, Config};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use serde_json::json;

use crate::control_plane::servers::api_server_url;
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
    kubeconfig: PathBuf,
    authority_pem: String,
    admin_token: String,
}

impl Identity {
    pub(super) fn make(scratch: &Scratch, address: Ipv4Addr) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "local control plane");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

        let mut params = CertificateParams::new(vec!["kubernetes.default.svc".into(), "localhost".into()])?;
        params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(address)));
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority)?;

        let account_key = KeyPair::generate()?;
        let admin_token: String = std::iter::repeat_with(fastrand::alphanumeric).take(40).collect();
        let authority_pem = authority.pem();
        let kubeconfig = document(&api_server_url(address), &authority_pem, &admin_token);
        Ok(Self {
            authority: scratch.write("ca.pem", &authority_pem)?,
            certificate: scratch.write("server.pem", certificate.pem())?,
            certificate_key: scratch.write("server.key", key.serialize_pem())?,
            account_key: scratch.write("accounts.key", account_key.serialize_pem())?,
            account_public_key: scratch.write("accounts.pub", account_key.public_key_pem())?,
            tokens: scratch.write("tokens.csv", format!("{admin_token},admin,admin,system:masters\n"))?,
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
