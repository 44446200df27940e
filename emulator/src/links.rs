//! Where links in answers lead, and where `GetRepositoryEndpoint` says that a repository is.

use crate::addresses;
use crate::host::{Host, Stack};
use crate::options::{Endpoints, Options};
use crate::origin::Origin;
use crate::reached::Reached;
use crate::state::DomainKey;
use std::fmt;
use std::net::IpAddr;

/// What decides where links lead, besides the request.
pub(crate) struct Links {
    pub(crate) region: String,
    /// Whether headers of a proxy count.
    pub(crate) trust_forwarded: bool,
    /// Where the emulator listens.
    pub(crate) served: Origin,
    public: Option<Origin>,
    endpoints: Endpoints,
    address_per_domain: bool,
}

/// A repository, as its address names it.
pub(crate) struct Place<'a> {
    pub(crate) domain: &'a DomainKey,
    /// The domain's number, which decides its own address.
    pub(crate) number: u32,
    pub(crate) format: &'a str,
    pub(crate) repository: &'a str,
}

/// The address of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    origin: Origin,
    path: String,
}

impl Links {
    pub(crate) fn new(options: &Options, served: Origin) -> Self {
        Self {
            region: options.region.clone(),
            trust_forwarded: options.trust_forwarded,
            served,
            public: options.public_url.clone(),
            endpoints: options.endpoints,
            address_per_domain: options.address_per_domain,
        }
    }

    /// Where `GetRepositoryEndpoint` says that a repository is. Locally both stacks lead to the same address.
    pub(crate) fn endpoint(&self, reached: &Reached, stack: Stack, repository: &Place<'_>) -> Address {
        match self.endpoints {
            Endpoints::Aws => self.of_the_service(stack, repository),
            Endpoints::Local => self.local(reached, repository),
        }
    }

    /// Where links in answers about a repository lead. Behind a private endpoint without private DNS only
    /// the name that was asked is good.
    pub(crate) fn of_answer(&self, reached: &Reached, repository: &Place<'_>) -> Address {
        let stack = match (self.endpoints, &reached.host) {
            (Endpoints::Local, _) | (_, Host::Private) => {
                return self.local(reached, repository);
            }
            (Endpoints::Aws, Host::Domain(_, stack)) => *stack,
            (Endpoints::Aws, Host::Other | Host::Unserved) => Stack::Ipv4,
        };
        self.of_the_service(stack, repository)
    }

    fn of_the_service(&self, stack: Stack, Place { domain, format, repository, .. }: &Place<'_>) -> Address {
        let origin = Origin::secure(stack.host(domain, &self.region));
        Address { origin, path: format!("/{format}/{repository}/") }
    }

    fn local(&self, reached: &Reached, Place { domain, number, format, repository }: &Place<'_>) -> Address {
        let DomainKey { owner, name } = domain;
        let path = format!("/{format}/d/{name}-{owner}/{repository}/");
        match (self.public.clone().or_else(|| self.own(*number)), &reached.origin) {
            (Some(origin), _) => Address { origin, path },
            (None, Some(origin)) if reached.host.is_of(domain) => {
                Address { origin: origin.clone(), path: format!("/{format}/{repository}/") }
            }
            (None, Some(origin)) => Address { origin: origin.clone(), path },
            (None, None) => Address { origin: self.served.clone(), path },
        }
    }

    /// The domain's own address, if each has one.
    fn own(&self, number: u32) -> Option<Origin> {
        let address = addresses::address(number).filter(|_| self.address_per_domain)?;
        Some(self.served.on(IpAddr::V4(address)))
    }
}

impl Address {
    /// The same with its port named, also where it is the usual one of https.
    pub(crate) fn naming_port(self) -> Self {
        Self { origin: self.origin.naming_port(), ..self }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, path } = self;
        write!(formatter, "{origin}{path}")
    }
}
