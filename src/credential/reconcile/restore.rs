//! The Secret is put back while AWS cannot be asked, from the tokens that this very login holds.

use crate::credential::coverage::Coverage;
use crate::credential::event_records;
use crate::credential::kept_login::kept_login;
use crate::credential::reconcile::CredentialReconcile;
use crate::credential::requirements::Suspended;
use crate::credential::secret_writer::Written;
use crate::engine::object::ObjectKey;
use crate::error::{Error, Result};
use crate::reason::Outlook;

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
        let plan = self.plan(Suspended::Refused)?;
        let Some((rendered, tokens)) = kept_login(&plan, &self.status.tokens, self.services).await? else {
            return Ok(false);
        };
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
