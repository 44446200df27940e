//! The Secret goes when the grant of a token in it has gone, and for nothing else.

use std::collections::{BTreeSet, HashSet};

use kube::Resource;

use crate::credential::coverage::{self, Coverage};
use crate::credential::reconcile::CredentialReconcile;
use crate::credential::requirements::Suspended;
use crate::credential::secret::is_ours;
use crate::credential::secret_writer::{self, Removal};
use crate::engine::object::{EventRecord, ObjectKey, Success};
use crate::error::{Error, Result};
use crate::reason::{Outlook, Reason};

impl CredentialReconcile<'_> {
    /// What becomes of the Secret after a reconcile that failed: the error as it is to be told, and whether the Secret stays.
    pub(super) async fn failed(&mut self, error: Error) -> Result<Success> {
        if error.is_suspension() {
            return self.rest(&error.to_string()).await;
        }
        match self.coverage() {
            Coverage::Withdrawn(lost) => {
                self.withdraw(&lost).await?;
                Err(if error.reason() == Reason::GrantMissing { error } else { lost })
            }
            // AWS that is down for a while does not take the login; anything else that keeps the narrower token away does.
            Coverage::Wider(lost) if !matches!(error.outlook(), Outlook::Retrying(_)) => {
                let name = self.status.secret_name.clone().unwrap_or_else(|| self.secret_name());
                self.withdraw(&lost).await?;
                Err(error.after(&format!("Secret {name} was removed, because {lost}")))
            }
            // The status does not say which tokens our Secret holds, so the domains that the spec names are judged instead.
            Coverage::Covered if self.status.tokens.is_empty() && error.reason() == Reason::GrantMissing => {
                self.withdraw(&error).await?;
                Err(error)
            }
            Coverage::Covered => {
                let restored = self.put_back_after(&error).await;
                self.kept(error, restored)
            }
            Coverage::Wider(_) => self.kept(error, false),
        }
    }

    /// A suspended login is not renewed. Its Secret is removed when a grant has gone, and the status says when a token has expired.
    /// `why` says which suspension it is.
    pub(in crate::credential) async fn rest(&mut self, why: &str) -> Result<Success> {
        if let Some(lost) = self.lost_while_suspended() {
            let lost = lost.after("a suspended login keeps no Secret without its grant");
            if lost.reason() == Reason::GrantMissing {
                self.withdraw(&lost).await?;
            }
            return Err(lost);
        }
        let Some(end) = self.first_end() else {
            let none = format!("{why}, and the login has no Secret");
            return Ok(Success::suspended(if self.ours().is_empty() { &none } else { why }));
        };
        if self.context.clock.now() < end {
            return Ok(Success { again: self.no_later_than(end), ..Success::suspended(why) });
        }
        let name = self.status.secret_name.clone().unwrap_or_else(|| self.secret_name());
        Err(Error::stalled(
            Reason::Suspended,
            format!(
                "the login in Secret {name} expired at {end} and is not renewed, because {why}; set spec.suspend to false"
            ),
        ))
    }

    /// The grant that a suspended login lacks. One that holds no token, perhaps because its grant went, needs those of its spec.
    fn lost_while_suspended(&self) -> Option<Error> {
        match self.coverage() {
            Coverage::Withdrawn(lost) | Coverage::Wider(lost) => Some(lost),
            Coverage::Covered if self.status.tokens.is_empty() => self
                .plan(Suspended::Asked)
                .err()
                .filter(|error| matches!(error.reason(), Reason::GrantMissing | Reason::AccountNotReady)),
            Coverage::Covered => None,
        }
    }

    /// Somebody's finalizer keeps the deleted object, and with it the Secret: the grants count until both are gone.
    pub(super) async fn linger(&mut self) -> Result<Success> {
        self.services.tokens.release_others(&self.target(), &HashSet::new());
        if let Coverage::Withdrawn(lost) | Coverage::Wider(lost) = self.coverage() {
            self.withdraw(&lost).await?;
        }
        Ok(Success::gone())
    }

    /// The worst verdict of all tokens that the Secret holds.
    pub(super) fn coverage(&self) -> Coverage {
        let account = &self.object.spec.account_ref.name;
        coverage::of_all(&self.status.tokens, account, &self.namespace, &self.context.caches)
    }

    /// Removes every Secret of ours at once.
    async fn withdraw(&mut self, error: &Error) -> Result<()> {
        self.services.tokens.release_others(&self.target(), &HashSet::new());
        // The status may have been lost before it named the Secret, or a renaming may have left an earlier one.
        let names: BTreeSet<_> = self.ours().into_iter().chain(self.status.secret_name.clone()).collect();
        for name in names {
            let message = match secret_writer::remove(
                self.context,
                &self.namespace,
                &name,
                &self.uid(),
                self.last_write(),
            )
            .await
            .map_err(|problem| problem.after(&error.to_string()))?
            {
                Removal::Absent => continue,
                Removal::Gone => format!("Secret {name} removed: {error}"),
                Removal::HeldByFinalizer => {
                    format!("Secret {name} emptied, and deleted as soon as its finalizers are gone: {error}")
                }
            };
            self.events.push(EventRecord::warning(Reason::GrantMissing, message));
        }
        self.status.secret_name = None;
        self.status.last_secret_write = None;
        self.status.tokens = Vec::new();
        Ok(())
    }

    /// Removes what earlier names of the Secret have left behind.
    pub(super) async fn remove_earlier(&self, name: &str) -> Result<()> {
        let recorded = self.status.secret_name.clone();
        let earlier = if self.is_settled(name) { Vec::new() } else { self.ours() };
        let earlier: BTreeSet<_> = earlier.into_iter().chain(recorded).filter(|old| old != name).collect();
        for old in earlier {
            secret_writer::remove(self.context, &self.namespace, &old, &self.uid(), self.last_write())
                .await?;
        }
        Ok(())
    }

    /// Whether the last reconcile ended well and was told, so that nothing of an earlier name can be left; or it is the first one.
    fn is_settled(&self, name: &str) -> bool {
        let generation = self.object.meta().generation;
        let recorded = self.declared_and_ready() && self.status.secret_name.as_deref() == Some(name);
        recorded || (generation == Some(1) && self.status.secret_name.is_none())
    }

    /// The names of the Secrets that this object controls.
    fn ours(&self) -> Vec<String> {
        let (secrets, uid) = (&self.context.caches.secrets, self.uid());
        let ours = |key: &ObjectKey| {
            let secret = secrets.get(key);
            secret.is_some_and(|secret| is_ours(&secret, &uid, self.last_write()))
        };
        secrets.keys(Some(&self.namespace)).into_iter().filter(ours).map(|key| key.name).collect()
    }
}
