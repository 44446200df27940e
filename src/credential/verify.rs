//! `spec.token.verify`: a new token is tried before it replaces the one in the Secret.

use crate::api::{PackageFormat, TokenSettings, TokenStatus};
use crate::credential::minters::TokensByDomain;
use crate::credential::render::{DomainKey, Registry};
use crate::credential::schedule::Life;
use crate::credential::services::Services;
use crate::credential::token_request::CurrentToken;
use crate::engine::context::Context;
use crate::error::Result;

/// Tries each token that the Secret does not hold yet at the first registry of its domain, where the spec asks for that. A token is tried
/// once at an address, however many logins share it.
pub(super) async fn verify(
    settings: &TokenSettings,
    (registries, tokens): (&[Registry], &TokensByDomain),
    held: &[TokenStatus],
    services: &Services,
    context: &Context,
) -> Result<()> {
    if !settings.verify {
        return Ok(());
    }
    for (domain, current) in tokens.iter().filter(|(domain, current)| !holds(held, domain, current)) {
        let first = registries.iter().find(|registry| registry.domain == *domain);
        let address = first.and_then(|registry| registry.endpoints.get(PackageFormat::Npm.as_str()));
        let Some(address) = address else { continue };
        let token = &current.kept.token;
        let tried = format!("{} {address}", token.id);
        if !services.verified.knows(&tried) {
            context.accounts.ping(address, &token.text).await?;
            services.verified.learn(tried);
        }
    }
    Ok(())
}

/// Whether status says that the Secret holds the token.
fn holds(held: &[TokenStatus], domain: &DomainKey, current: &CurrentToken) -> bool {
    held.iter().any(|token| {
        let life = Life { issued: token.issued_at, expires: token.expires_at };
        (&token.domain, &token.owner) == (&domain.domain, &domain.owner) && life == current.kept.token.life
    })
}
