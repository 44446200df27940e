//! What the emulator knows, by noun. All of it sits behind one mutex. Its maps share structure, so
//! that a copy is cheap: a call changes a copy, which replaces the original when the call succeeds.

pub(crate) mod access;
pub(crate) mod connection;
pub(crate) mod copy;
pub(crate) mod differences;
pub(crate) mod domain;
mod domain_key;
mod encryption_key;
mod expired;
mod forget;
pub(crate) mod format;
pub(crate) mod group;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod package;
pub(crate) mod pending;
pub(crate) mod permissions;
pub(crate) mod policy;
pub(crate) mod principal;
pub(crate) mod public;
pub(crate) mod publish;
pub(crate) mod repository;
pub(crate) mod resolution;
pub(crate) mod snapshot;
pub(crate) mod store;
pub(crate) mod tags;
pub(crate) mod token;
pub(crate) mod version;

pub(crate) use connection::Connection;
pub(crate) use domain::Domain;
pub(crate) use domain_key::DomainKey;
pub(crate) use format::Format;
pub(crate) use keys::Keys;
pub(crate) use pending::Pending;
pub(crate) use principal::{Caller, PodIdentities, Principals, Providers};
pub(crate) use public::PublicRegistries;
pub(crate) use repository::Repository;
pub(crate) use store::Store;
pub(crate) use token::Tokens;

use crate::links::Links;
use crate::options::{Options, Quotas, TokenTexts};
use crate::origin::Origin;
use crate::wire::page::PageSize;
use imbl::OrdMap;
use jiff::SignedDuration;
use std::sync::Arc;

/// What does not change while the emulator runs.
pub(crate) struct Settings {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) links: Links,
    pub(crate) quotas: Quotas,
    pub(crate) page_size: PageSize,
    token_texts: TokenTexts,
    pub(crate) registry_lag: SignedDuration,
    pub(crate) ingest_delay: SignedDuration,
    access_key_id: String,
    secret_access_key: String,
}

impl Settings {
    pub(crate) fn new(options: Options, served: Origin) -> Self {
        Self {
            token_texts: options.token_texts,
            links: Links::new(&options, served),
            account: options.account,
            region: options.region,
            quotas: options.quotas,
            page_size: PageSize { usual: options.page_size, largest: options.largest_page },
            registry_lag: options.registry_lag,
            ingest_delay: options.ingest_delay,
            access_key_id: options.access_key_id,
            secret_access_key: options.secret_access_key,
        }
    }

    /// `arn:aws:codeartifact:REGION:OWNER:RESOURCE`. The account is always the domain owner's.
    pub(crate) fn arn(&self, owner: &str, resource: &str) -> String {
        format!("arn:aws:codeartifact:{}:{owner}:{resource}", self.region)
    }
}

/// Everything that calls can read and change. A copy is cheap.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) settings: Arc<Settings>,
    pub(crate) domains: OrdMap<DomainKey, Arc<Domain>>,
    pub(crate) principals: Principals,
    pub(crate) providers: Providers,
    pub(crate) pods: PodIdentities,
    pub(crate) keys: Keys,
    pub(crate) tokens: Tokens,
    /// What CodeArtifact sees of them.
    pub(crate) public: PublicRegistries,
    pub(crate) pending: Pending,
    last_id: u64,
    /// The number of the latest change of a version.
    pub(crate) last_event: u64,
}

impl State {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self {
            principals: Principals::new(&settings),
            domains: OrdMap::new(),
            providers: Providers::default(),
            pods: PodIdentities::default(),
            keys: Keys::default(),
            tokens: Tokens::new(settings.token_texts),
            public: PublicRegistries::default(),
            pending: Pending::new(),
            last_id: 0,
            last_event: 0,
            settings,
        }
    }

    /// A number that no other thing of this run has.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Forget everything but the tokens' texts and the numbers given out.
    pub(crate) fn reset(&mut self) {
        let fresh = Self::new(self.settings.clone());
        let tokens = self.tokens.revoked();
        *self = Self { tokens, last_id: self.last_id, last_event: self.last_event, ..fresh };
    }
}
