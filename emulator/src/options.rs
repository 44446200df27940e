//! What an emulator is started with.

use crate::clock::SignatureClock;
use crate::origin::{HostName, Origin};
use crate::rates::Rates;
use crate::request_log::OnCall;
use clap::ValueEnum;
use jiff::SignedDuration;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How an emulator starts. The default suits tests: a free loopback port, one administrator.
#[derive(Clone, Debug)]
pub struct Options {
    /// The account that owns what the administrator creates.
    pub account: String,
    /// The one Region that is served.
    pub region: String,
    /// The administrator's access key id.
    pub access_key_id: String,
    /// The administrator's secret access key.
    pub secret_access_key: String,
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Limits that the service puts on an account.
    pub quotas: Quotas,
    /// The page a list answers with unless it is asked for another size. Small, so that a caller that ignores `nextToken` fails.
    pub page_size: usize,
    /// The largest page a list answers with, whatever size it is asked for.
    pub largest_page: usize,
    /// The file that everything is kept in; without one all is in memory.
    pub state: Option<PathBuf>,
    /// Whether to serve https, with a certificate made at the start.
    pub tls: bool,
    /// What else that certificate is good for, besides the address, `localhost` and the service's names.
    pub tls_names: Vec<HostName>,
    /// Whether each domain has a loopback address of its own: 127.0.1.1 and up, on the same port.
    pub address_per_domain: bool,
    /// Which addresses `GetRepositoryEndpoint` answers.
    pub endpoints: Endpoints,
    /// The origin of all links, whatever host a request names.
    pub public_url: Option<Origin>,
    /// Whether `X-Forwarded-Proto`, `-Host` and `-Port` say what a request was sent to.
    pub trust_forwarded: bool,
    /// How package managers get files of packages.
    pub assets: Assets,
    /// The port to which [`Assets::Redirect`] sends them, on the address of `listen`; 0 picks a free one.
    pub assets_port: u16,
    /// The host to which it sends them, which leads there too.
    pub assets_host: Option<HostName>,
    /// The rates that are enforced.
    pub rates: Rates,
    /// The clock that signatures are checked by.
    pub signature_clock: SignatureClock,
    /// What becomes of the texts of tokens.
    pub token_texts: TokenTexts,
    /// How long a change of a public registry is not seen, on the emulator's clock.
    pub registry_lag: SignedDuration,
    /// How long a version that was fetched from a public registry is being ingested, on the emulator's clock.
    pub ingest_delay: SignedDuration,
    /// What is done after each call.
    pub on_call: Option<OnCall>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            access_key_id: "test".into(),
            secret_access_key: "test".into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            quotas: Quotas::default(),
            page_size: 4,
            largest_page: 1_000,
            state: None,
            tls: false,
            tls_names: Vec::new(),
            address_per_domain: false,
            endpoints: Endpoints::default(),
            public_url: None,
            trust_forwarded: false,
            assets: Assets::default(),
            assets_port: 0,
            assets_host: None,
            rates: Rates::default(),
            signature_clock: SignatureClock::default(),
            token_texts: TokenTexts::Kept,
            registry_lag: SignedDuration::ZERO,
            ingest_delay: SignedDuration::ZERO,
            on_call: None,
        }
    }
}

/// The addresses of repositories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Endpoints {
    /// Addresses that lead to the emulator, with the host that a request names.
    #[default]
    Local,
    /// The service's own: `https://<domain>-<owner>.d.codeartifact.<region>.amazonaws.com/<format>/<repository>/`.
    Aws,
}

/// What becomes of the texts of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenTexts {
    /// All are kept, also those of tokens that have expired, for tests that look for tokens where none should be.
    Kept,
    /// A day after a token has expired, its text is forgotten.
    Forgotten,
}

/// How package managers get files of packages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Assets {
    /// From the repository.
    #[default]
    Direct,
    /// From another port, as from S3: the repository sends them to an address that is good for a while.
    Redirect,
}

/// Quotas, with the defaults of the CodeArtifact user guide.
#[derive(Clone, Debug)]
pub struct Quotas {
    /// `domains-per-account`.
    pub domains_per_account: usize,
    /// `repositories-per-domain`.
    pub repositories_per_domain: usize,
    /// `upstreams-per-repository`.
    pub upstreams_per_repository: usize,
    /// `upstreams-searched`: repositories that one request looks into.
    pub upstreams_searched: usize,
    /// `tags-per-resource`.
    pub tags_per_resource: usize,
    /// `assets-per-package-version`: what [`Quotas::assets_in`] says of the Region, unless it is set.
    pub assets_per_package_version: usize,
    /// `asset-size-bytes`.
    pub asset_size_bytes: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            domains_per_account: 10,
            repositories_per_domain: 1_000,
            upstreams_per_repository: 10,
            upstreams_searched: 25,
            tags_per_resource: 50,
            assets_per_package_version: 350,
            asset_size_bytes: 5 << 30,
        }
    }
}

/// Regions in which a package version may have more assets than elsewhere.
const ROOMY: [&str; 6] = ["us-east-1", "us-east-2", "ap-south-1", "eu-central-1", "eu-west-1", "eu-west-3"];

/// A quota name that nobody knows.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "unknown quota {0:?}; known are domains-per-account, repositories-per-domain, \
     upstreams-per-repository, upstreams-searched, tags-per-resource, assets-per-package-version, asset-size-bytes"
)]
pub struct UnknownQuota(String);

impl Quotas {
    /// How many assets a package version may have in a Region: 350 in some, 150 in the others.
    pub fn assets_in(region: &str) -> usize {
        if ROOMY.contains(&region) { 350 } else { 150 }
    }

    /// Set the quota of that name, as on the command line.
    pub fn set(&mut self, name: &str, value: usize) -> Result<(), UnknownQuota> {
        let quota = match name {
            "domains-per-account" => &mut self.domains_per_account,
            "repositories-per-domain" => &mut self.repositories_per_domain,
            "upstreams-per-repository" => &mut self.upstreams_per_repository,
            "upstreams-searched" => &mut self.upstreams_searched,
            "tags-per-resource" => &mut self.tags_per_resource,
            "assets-per-package-version" => &mut self.assets_per_package_version,
            "asset-size-bytes" => &mut self.asset_size_bytes,
            _ => return Err(UnknownQuota(name.into())),
        };
        *quota = value;
        Ok(())
    }
}
