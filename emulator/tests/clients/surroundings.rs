//! What programs are told so that they reach an emulator that serves https by the service's own names: whom to trust,
//! and through which proxy to go.

use crate::program::run;
use crate::program::succeeded;
use crate::proxy;
use codeartifact_emulator::Emulator;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

/// Variables that name the file with the certificate to trust, each for one client or more.
const TRUSTED: [&str; 6] = [
    "AWS_CA_BUNDLE",
    "CARGO_HTTP_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
];

/// Variables that name the proxy. Bundler reads that of http only.
const PROXIES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"];

const PASSWORD: &str = "changeit";

/// Empty where the emulator is reached by its address.
#[derive(Clone)]
pub(crate) struct Surroundings(Option<Arc<Secure>>);

struct Secure {
    folder: TempDir,
    proxy: SocketAddr,
}

impl Surroundings {
    pub(crate) async fn of(emulator: &Emulator) -> Self {
        let Some(authority) = emulator.authority() else { return Self(None) };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority).unwrap();
        Self(Some(Arc::new(Secure { folder, proxy: proxy::start(emulator.address()).await })))
    }

    /// The file with the certificate to trust.
    pub(crate) fn authority(&self) -> Option<PathBuf> {
        self.0.as_ref().map(|secure| secure.folder.path().join("ca.pem"))
    }

    pub(crate) fn proxy(&self) -> Option<SocketAddr> {
        self.0.as_ref().map(|secure| secure.proxy)
    }

    /// Tell a program that looks into its environment.
    pub(crate) fn tell(&self, command: &mut Command) {
        if let (Some(authority), Some(proxy)) = (self.authority(), self.proxy()) {
            command.envs(TRUSTED.map(|name| (name, authority.clone())));
            command.envs(PROXIES.map(|name| (name, format!("http://{proxy}"))));
        }
    }

    /// The same for a JVM, as options. Its trust store is made.
    pub(crate) async fn java_options(&self) -> String {
        let (Some(authority), Some(proxy)) = (self.authority(), self.proxy()) else { return String::new() };
        let store = authority.with_file_name("trusted.p12");
        if !store.exists() {
            let mut command = Command::new("keytool");
            command.args(["-importcert", "-noprompt", "-alias", "emulator", "-storetype", "PKCS12"]);
            command.args(["-storepass", PASSWORD, "-file"]).arg(&authority).arg("-keystore").arg(&store);
            succeeded(&run(command).await);
        }
        format!(
            " -Djavax.net.ssl.trustStore={} -Djavax.net.ssl.trustStorePassword={PASSWORD} \
             -Dhttps.proxyHost={} -Dhttps.proxyPort={}",
            store.display(),
            proxy.ip(),
            proxy.port()
        )
    }
}
