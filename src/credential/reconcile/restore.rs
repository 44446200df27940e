//! The Secret is put back while AWS cannot be asked, from the tokens that this very login holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::TokenStatus;
use crate::credential::coverage::Coverage;
use crate::credential::event_records;
use crate::credential::minters::TokensByDomain;
use crate::credential::reconcile::CredentialReconcile;
use crate::credential::registries::Resolved;
use crate::credential::render::{DomainKey, Registry};
use crate::credential::requirements::{Plan, Suspended, Terms};
use crate::credential::schedule::Life;
use crate::credential::secret_writer::Written;
use crate::credential::token_request::CurrentToken;
use crate::credential::token_store::StoredToken;
use crate::engine::object::ObjectKey;
use crate::error::{Error, Result};
use crate::reason::Outlook;
use crate::repository::endpoints::fill;
use crate::sessions;

impl CredentialReconcile<'_> {
    /// Puts a Secret back that has gone or was changed since the last reconcile, before AWS is asked anything: an answer may take long.
    pub(super) async fn put_back_first(&mut self) {
        let lost = self.declared_and_ready() && !self.is_as_declared();
        if lost && matches!(self.coverage(), Coverage::Covered) {
            self.put_back().await;
        }
    }

    /// After a reconcile that failed in AWS: whether the Secret is as declared now.
    pub(super) async fn put_back_after(&mut self, error: &Error) -> bool {
        let passing = matches!(error, Error::Aws(_) | Error::Shared(_))
            && matches!(error.outlook(), Outlook::Retrying(_) | Outlook::Denied);
        passing && self.put_back().await
    }

    /// What keeps the Secret from being put back here is found again by the reconcile itself, which tells of it.
    async fn put_back(&mut self) -> bool {
        self.try_to_put_back().await.unwrap_or_else(|later| {
            tracing::debug!(%later, "the Secret could not be put back");
            false
        })
    }

    /// Makes the Secret as declared without AWS. Nothing is done when a token or an address is not known. Returns whether the Secret
    /// is as declared now.
    async fn try_to_put_back(&mut self) -> Result<bool> {
        if self.status.tokens.is_empty() {
            return Ok(false);
        }
        if self.is_as_declared() {
            return Ok(true);
        }
        let Plan { registries: resolved, terms } = self.plan(Suspended::Refused)?;
        let mut tokens = TokensByDomain::new();
        for (domain, terms) in terms {
            let Some(current) = self.still_current(&domain, &terms).await? else { return Ok(false) };
            tokens.insert(domain, current);
        }
        let kept = tokens.iter().map(|(domain, current)| (domain, &current.kept)).collect();
        let Some(rendered) = rendered(&resolved, &kept) else { return Ok(false) };
        let before = self.status.clone();
        let written = self.write(&rendered, &tokens).await?;
        if written != Written::Already {
            let name = self.secret_name();
            self.events.extend(event_records::written(
                &before,
                self.declared_and_ready(),
                &before.tokens,
                &name,
                written,
            ));
        }
        Ok(true)
    }

    /// The token of a domain that status says the Secret holds, if it is kept and the grant is no narrower.
    async fn still_current(&self, domain: &DomainKey, terms: &Terms) -> Result<Option<CurrentToken>> {
        let recorded = self.status.tokens.iter().find(|token| {
            let TokenStatus { domain: name, owner, account, .. } = token;
            (name, owner) == (&domain.domain, &domain.owner)
                && account.as_ref().is_none_or(|account| *account == domain.account)
        });
        let Some(recorded) = recorded else { return Ok(None) };
        let life = Life { issued: recorded.issued_at, expires: recorded.expires_at };
        if life.expires.duration_since(life.issued) > terms.duration {
            return Ok(None);
        }
        let source = sessions::source(&terms.account, &terms.signs_in);
        let kept = self.services.tokens.known(&source, domain, life).await?;
        let renews_at = recorded.renews_at;
        Ok(kept.map(|kept| CurrentToken { kept, renews_at, due_at: renews_at, again: None, failing: None }))
    }

    /// Whether the cache shows the Secret just as it was written last.
    fn is_as_declared(&self) -> bool {
        let secret = self.context.caches.secrets.get(&ObjectKey::new(&self.namespace, self.secret_name()));
        secret.is_some_and(|secret| {
            let last = self.last_write();
            self.declared_and_ready()
                && !secret.deleting
                && secret.is_controlled_by(&self.uid())
                && last.is_some_and(|last| last.uid == secret.uid && last.resource_version == secret.version)
        })
    }
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
