//! `spec.token.verify`: a new token is tried at a registry before it replaces the one in a Secret.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::{PackageFormat, TokenStatus};
use crate::credential::minters::TokensByDomain;
use crate::credential::render::{DomainKey, Registry};
use crate::credential::schedule::Life;
use crate::credential::services::Services;
use crate::credential::token_request::CurrentToken;
use crate::error::Result;
use crate::sessions::Accounts;

/// So many are remembered; what is forgotten is tried again.
const MOST: usize = 1024;

/// The tokens that were tried, by id and address. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Verified(Arc<Mutex<VecDeque<String>>>);

impl Verified {
    /// Whether the token opened the registry before.
    pub(super) fn knows(&self, tried: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|known| known == tried)
    }

    /// Remembers that the token opened the registry.
    pub(super) fn learn(&self, tried: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.truncate(MOST - 1);
        known.push_front(tried);
    }
}

/// Tries each token that the Secret does not hold yet at the first registry of its domain. A token is tried once at an address, however
/// many logins share it. `held`: what status says of the tokens in the Secret.
pub(super) async fn verify(
    registries: &[Registry],
    tokens: &TokensByDomain,
    held: &[TokenStatus],
    services: &Services,
    accounts: &Accounts,
) -> Result<()> {
    for (domain, current) in tokens.iter().filter(|(domain, current)| !holds(held, domain, current)) {
        let first = registries.iter().find(|registry| registry.domain == *domain);
        let address = first.and_then(|registry| registry.endpoints.get(PackageFormat::Npm.as_str()));
        let Some(address) = address else { continue };
        let token = &current.kept.token;
        let tried = format!("{} {address}", token.id);
        if !services.verified.knows(&tried) {
            accounts.ping(address, &token.text).await?;
            services.verified.learn(tried);
        }
    }
    Ok(())
}

fn holds(held: &[TokenStatus], domain: &DomainKey, current: &CurrentToken) -> bool {
    held.iter().any(|token| {
        let life = Life { issued: token.issued_at, expires: token.expires_at };
        (&token.domain, &token.owner) == (&domain.domain, &domain.owner) && life == current.kept.token.life
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thousand_are_remembered() {
        let verified = Verified::default();
        (0..=MOST).for_each(|number| verified.learn(number.to_string()));
        assert!(verified.knows("1") && verified.knows("1024") && !verified.knows("0"));
    }
}
