//! `spec.token.verify`: a new token is tried before it replaces the one in the Secret.

use crate::api::PackageFormat;
use crate::credential::minters::TokensByDomain;
use crate::credential::reconcile::CredentialReconcile;
use crate::credential::render::{DomainKey, Registry};
use crate::credential::schedule::Life;
use crate::credential::token_request::CurrentToken;
use crate::error::Result;

impl CredentialReconcile<'_> {
    /// Tries each token that the Secret does not hold yet at the first registry of its domain. A token is tried once at an address,
    /// however many logins share it.
    pub(super) async fn verify(&self, registries: &[Registry], tokens: &TokensByDomain) -> Result<()> {
        if !self.object.spec.token.verify {
            return Ok(());
        }
        for (domain, current) in tokens.iter().filter(|(domain, current)| !self.holds(domain, current)) {
            let first = registries.iter().find(|registry| registry.domain == *domain);
            let address = first.and_then(|registry| registry.endpoints.get(PackageFormat::Npm.as_str()));
            let Some(address) = address else { continue };
            let token = &current.kept.token;
            let tried = format!("{} {address}", token.id);
            if !self.services.verified.knows(&tried) {
                self.context.accounts.ping(address, &token.text).await?;
                self.services.verified.learn(tried);
            }
        }
        Ok(())
    }

    /// Whether status says that the Secret holds the token.
    fn holds(&self, domain: &DomainKey, current: &CurrentToken) -> bool {
        self.status.tokens.iter().any(|token| {
            let life = Life { issued: token.issued_at, expires: token.expires_at };
            (&token.domain, &token.owner) == (&domain.domain, &domain.owner)
                && life == current.kept.token.life
        })
    }
}
