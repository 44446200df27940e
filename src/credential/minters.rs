//! The identities that mint the tokens of a login, and what they get from AWS: addresses and tokens.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::credential::registries::Resolved;
use crate::credential::render::{DomainKey, Registry};
use crate::credential::requirements::Terms;
use crate::credential::services::Services;
use crate::credential::token::{TokenKey, shard_of};
use crate::credential::token_request::{CurrentToken, TokenRequest};
use crate::credential::token_store::Templates;
use crate::error::{Error, Result};
use crate::sessions::{Accounts, Session};

/// Who mints the tokens of a domain, and on which terms.
#[derive(Clone, Debug)]
pub(super) struct Minter {
    session: Arc<Session>,
    pub(super) terms: Terms,
}

/// The minter of each domain.
#[derive(Clone, Debug, Default)]
pub(super) struct Minters(BTreeMap<DomainKey, Minter>);

/// The tokens of all domains.
pub(super) type TokensByDomain = BTreeMap<DomainKey, CurrentToken>;

impl Minters {
    /// Signs in to every AwsAccount, as the role of each grant.
    pub(super) async fn sign_in(terms: BTreeMap<DomainKey, Terms>, accounts: &Accounts) -> Result<Self> {
        let mut minters = BTreeMap::new();
        for (domain, terms) in terms {
            let session = accounts.session_for(&terms.account, &terms.signs_in).await?;
            minters.insert(domain, Minter { session, terms });
        }
        Ok(Self(minters))
    }

    /// Drops the sessions, so that another attempt signs in anew. Returns whether there were any.
    pub(super) fn forget(&self, accounts: &Accounts) -> bool {
        for minter in self.0.values() {
            accounts.forget(&minter.session);
        }
        !self.0.is_empty()
    }

    pub(super) fn terms(&self, domain: &DomainKey) -> Option<&Terms> {
        self.0.get(domain).map(|minter| &minter.terms)
    }

    /// The registries as the files need them.
    pub(super) async fn rendered(
        &self,
        registries: &[Resolved<'_>],
        services: &Services,
    ) -> Result<Vec<Registry>> {
        let mut rendered = Vec::with_capacity(registries.len());
        for registry in registries {
            let minter = self.0.get(&registry.domain).ok_or_else(|| no_session(&registry.domain))?;
            let endpoints = services.addresses.of(&minter.session, registry).await?;
            rendered.push(registry.rendered(endpoints));
        }
        Ok(rendered)
    }

    /// A token for each domain, as good as the request says. The first that cannot be had ends it. The user's other tokens are let go.
    pub(super) async fn tokens(
        &self,
        mut request: TokenRequest,
        mut addresses: BTreeMap<DomainKey, Templates>,
        services: &Services,
    ) -> Result<TokensByDomain> {
        let (mut tokens, mut names) = (TokensByDomain::new(), HashSet::new());
        for (domain, Minter { session, terms }) in &self.0 {
            let key = TokenKey {
                proof: session.proof.clone(),
                domain: domain.clone(),
                duration: terms.duration,
                shard: shard_of(&request.user.key, request.shards),
            };
            names.insert(key.name());
            request.addresses = addresses.remove(domain).unwrap_or_default();
            tokens.insert(domain.clone(), services.tokens.token(&key, session, &request).await?);
        }
        services.tokens.release_others(&request.user, &names);
        Ok(tokens)
    }
}

fn no_session(domain: &DomainKey) -> Error {
    Error::Internal(format!("no identity for domain {}", domain.domain))
}
