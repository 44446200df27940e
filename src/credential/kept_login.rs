//! A login made of tokens that are kept, without a call to AWS.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::TokenStatus;
use crate::credential::minters::TokensByDomain;
use crate::credential::registries::Resolved;
use crate::credential::render::{DomainKey, Registry};
use crate::credential::requirements::{Plan, Terms};
use crate::credential::schedule::Life;
use crate::credential::services::Services;
use crate::credential::token_request::CurrentToken;
use crate::credential::token_store::StoredToken;
use crate::error::Result;
use crate::repository::endpoints::fill;
use crate::sessions;

/// The registries and the tokens of a login, if every token is one that the login is recorded to hold and is kept, the grants are no
/// narrower, and every address is known.
pub(super) async fn kept_login(
    plan: &Plan<'_>,
    recorded: &[TokenStatus],
    services: &Services,
) -> Result<Option<(Vec<Registry>, TokensByDomain)>> {
    let mut tokens = TokensByDomain::new();
    for (domain, terms) in &plan.terms {
        let Some(current) = still_current(domain, terms, recorded, services).await? else { return Ok(None) };
        tokens.insert(domain.clone(), current);
    }
    let kept = tokens.iter().map(|(domain, current)| (domain, &current.kept)).collect();
    Ok(rendered(&plan.registries, &kept).map(|registries| (registries, tokens)))
}

/// The token of a domain that status says the Secret holds, if it is kept and the grant is no narrower.
async fn still_current(
    domain: &DomainKey,
    terms: &Terms,
    recorded: &[TokenStatus],
    services: &Services,
) -> Result<Option<CurrentToken>> {
    let of_domain = recorded.iter().filter(|token| {
        let TokenStatus { domain: name, owner, account, .. } = token;
        (name, owner) == (&domain.domain, &domain.owner)
            && account.as_ref().is_none_or(|account| *account == domain.account)
    });
    let source = sessions::source(&terms.account, &terms.signs_in);
    for recorded in of_domain {
        let life = Life { issued: recorded.issued_at, expires: recorded.expires_at };
        if life.expires.duration_since(life.issued) > terms.duration {
            continue;
        }
        if let Some(kept) = services.tokens.known(&source, domain, life).await? {
            let renews_at = recorded.renews_at;
            return Ok(Some(CurrentToken { kept, renews_at, due_at: renews_at, again: None, failing: None }));
        }
    }
    Ok(None)
}

/// The registries with addresses that are known without AWS; `None` when one is not.
fn rendered(
    resolved: &[Resolved<'_>],
    kept: &BTreeMap<&DomainKey, &Arc<StoredToken>>,
) -> Option<Vec<Registry>> {
    let registry = |resolved: &Resolved<'_>| {
        let kind = resolved.spec.endpoint_type.unwrap_or_default();
        let template = kept.get(&resolved.domain).and_then(|kept| kept.origin.addresses.get(&kind));
        let endpoints = resolved
            .private
            .clone()
            .or_else(|| fill(template?, &resolved.identity))
            .or_else(|| resolved.by_name.clone())?;
        Some(resolved.rendered(endpoints))
    };
    resolved.iter().map(registry).collect()
}
