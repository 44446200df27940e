//! Certificates for `--tls`: an authority that lives as long as the emulator, and one certificate for each
//! address that is listened on.

use crate::host::certified;
use crate::options::Options;
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The authority that clients have to trust, and the names that its certificates are good for.
pub(crate) struct Certificates {
    authority: CertifiedIssuer<'static, KeyPair>,
    names: Vec<SanType>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error(transparent)]
    Make(#[from] rcgen::Error),
    #[error(transparent)]
    Use(#[from] tokio_rustls::rustls::Error),
}

impl Certificates {
    pub(crate) fn new(options: &Options) -> Result<Self, rcgen::Error> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.distinguished_name.push(DnType::CommonName, "codeartifact-emulator");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        Ok(Self { authority, names: names(options)? })
    }

    /// What clients have to trust, as PEM.
    pub(crate) fn authority(&self) -> String {
        self.authority.pem()
    }

    /// TLS for connections to that address. For a listener on every address, the certificate names this machine's
    /// loopback addresses.
    pub(crate) fn acceptor(&self, address: IpAddr) -> Result<TlsAcceptor, CertificateError> {
        let mut server = CertificateParams::default();
        server.distinguished_name.push(DnType::CommonName, address.to_string());
        server.subject_alt_names.clone_from(&self.names);
        server.subject_alt_names.extend(of(address).into_iter().map(SanType::IpAddress));
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = server.signed_by(&key, &self.authority)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// `localhost`, the service's own names, and what else was asked for.
fn names(options: &Options) -> Result<Vec<SanType>, rcgen::Error> {
    let name = |name: &str| Ia5String::try_from(name).map(SanType::DnsName);
    let own = certified(&options.region);
    let fixed = ["localhost"].into_iter().chain(own.iter().map(String::as_str)).map(name);
    let wanted = options.tls_names.iter().chain(&options.assets_host).map(|host| match host.address() {
        Some(address) => Ok(SanType::IpAddress(address)),
        None => name(host.as_str()),
    });
    fixed.chain(wanted).collect()
}

/// The addresses that a connection to a listener can be made to, as far as they are known.
fn of(listener: IpAddr) -> Vec<IpAddr> {
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    if listener.is_unspecified() { loopback.to_vec() } else { vec![listener] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_address_is_known_by_those_of_this_machine() {
        for (listener, known) in [
            ("0.0.0.0", &["127.0.0.1", "::1"][..]),
            ("::", &["127.0.0.1", "::1"]),
            ("127.0.0.2", &["127.0.0.2"]),
        ] {
            let found: Vec<_> = of(listener.parse().unwrap()).iter().map(IpAddr::to_string).collect();
            assert_eq!(found, known, "{listener}");
        }
    }
}
