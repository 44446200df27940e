//! What a failure takes away: a Secret goes when the grant of a token in it has gone, and for nothing else.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Deed, Place, Standing, Visit};
use crate::api::TokenStatus;
use crate::credential::COMPARED_EVERY;
use crate::credential::coverage::{self, Coverage};
use crate::credential::requirements::Suspended;
use crate::credential::schedule::{Life, retry_wait};
use crate::credential::secret::is_ours;
use crate::credential::secret_writer::{self, Removal};
use crate::credential::trouble::Trouble;
use crate::engine::object::{ObjectKey, Requeue, Success};
use crate::engine::pipeline::kind::interval;
use crate::error::{Error, Result};
use crate::reason::{Outlook, Reason};

/// Backoff step for failures that nothing counts: the next attempt comes after 60 to 80 s.
const STEADY: u32 = 4;

impl Visit<'_> {
    /// What becomes of the Secret after a visit that failed.
    pub(super) async fn failed(&mut self, error: Error) -> Result<Success> {
        if error.is_suspension() {
            return self.rest(&error.to_string()).await;
        }
        match self.coverage() {
            Coverage::Withdrawn(lost) => {
                self.clear(Deed::Withdrawn).await?;
                Err(if error.reason() == Reason::GrantMissing { error } else { lost })
            }
            // AWS that is down for a while does not take the login; anything else that keeps the narrower token away does.
            Coverage::Wider(lost) if !matches!(error.outlook(), Outlook::Retrying(_)) => {
                self.clear(Deed::Withdrawn).await?;
                Err(error.after(&format!("the Secret was removed, because {lost}")))
            }
            // Nobody knows which tokens the Secret holds, so the domains that the spec names are judged instead.
            Coverage::Covered if self.held().is_empty() && error.reason() == Reason::GrantMissing => {
                self.clear(Deed::Withdrawn).await?;
                Err(error)
            }
            Coverage::Covered => {
                let passing = matches!(error, Error::Aws(_) | Error::Shared(_))
                    && matches!(error.outlook(), Outlook::Retrying(_) | Outlook::Denied);
                let restored = passing && (self.is_as_written() || self.put_back().await);
                self.kept(error, restored)
            }
            Coverage::Wider(_) => self.kept(error, false),
        }
    }

    /// A suspended login is not renewed. Its Secret is removed when a grant has gone, and an end of the token is told. `why` says which
    /// suspension it is.
    pub(super) async fn rest(&mut self, why: &str) -> Result<Success> {
        let lost = match self.coverage() {
            Coverage::Withdrawn(lost) | Coverage::Wider(lost) => Some(lost),
            Coverage::Covered if self.held().is_empty() => {
                self.plan(Suspended::Asked).err().filter(|error| error.reason() == Reason::GrantMissing)
            }
            Coverage::Covered => None,
        };
        if let Some(lost) = lost {
            self.clear(Deed::Withdrawn).await?;
            return Err(lost.after("a suspended login keeps no Secret without its grant"));
        }
        let holds = self.seen().is_some_and(|seen| seen.is_controlled_by(&self.uid()) && !seen.deleting);
        let waiting = Error::waiting(Reason::Suspended, why);
        let Some(end) = self.first_end().filter(|_| holds) else { return Err(waiting) };
        if end <= self.context.clock.now() {
            let message = format!("the login expired at {end} and is not renewed, because {why}");
            return Err(Error::stalled(Reason::Suspended, message));
        }
        self.place.standing = Some(Standing::Resting(Arc::new(waiting)));
        Ok(self.later(end))
    }

    /// Somebody's finalizer keeps the deleted object, and with it the Secret: the grants count until both are gone.
    pub(super) async fn linger(&mut self) -> Result<Success> {
        self.services.tokens.release_others(&self.target(), &HashSet::new());
        if let Coverage::Withdrawn(_) | Coverage::Wider(_) = self.coverage() {
            self.clear(Deed::Withdrawn).await?;
        }
        Ok(Success::gone())
    }

    /// The worst verdict of the tokens that the Secret holds. After a restart nobody knows which of the object's tokens are in this one:
    /// then only those count whose domain and AwsAccount no grant gives to this namespace.
    pub(super) fn coverage(&self) -> Coverage {
        let (account, caches) = (&self.object.spec.account_ref.name, &self.context.caches);
        let coverage = coverage::of_all(&self.held(), account, self.namespace, caches);
        match coverage {
            Coverage::Wider(_) if self.place.tokens.is_none() => Coverage::Covered,
            known => known,
        }
    }

    /// The tokens that the Secret holds, as far as is known.
    pub(super) fn held(&self) -> Arc<[TokenStatus]> {
        if let Some(known) = &self.place.tokens {
            return Arc::clone(known);
        }
        let tokens = self.object.status.as_ref().map_or(&[][..], |status| &status.tokens);
        let account = &self.object.spec.account_ref.name;
        let caches = &self.context.caches;
        let covered = |token: &TokenStatus| {
            let token = std::slice::from_ref(token);
            matches!(coverage::of_all(token, account, self.namespace, caches), Coverage::Covered)
        };
        // Where there is no Secret, nothing can be taken away; but one that was deleted is put back.
        let is_there = self.seen().is_some_and(|seen| seen.is_controlled_by(&self.uid()));
        let here = tokens_of_here(tokens, covered).filter(|token| is_there || covered(token));
        here.cloned().collect()
    }

    /// Removes every Secret of ours in this namespace at once.
    pub(super) async fn clear(&mut self, deed: Deed) -> Result<()> {
        self.services.tokens.release_others(&self.target(), &HashSet::new());
        let names: BTreeSet<_> = self
            .earlier
            .iter()
            .cloned()
            .chain([crate::credential::cluster::secret_name(self.object)])
            .collect();
        for name in names {
            if self.remove(&name).await? {
                self.deeds.push(deed);
            }
        }
        (self.place, self.last, self.cleared) = (Place::default(), None, true);
        Ok(())
    }

    /// Removes what earlier names of the Secret have left behind.
    pub(super) async fn remove_earlier(&mut self) -> Result<()> {
        for name in std::mem::take(&mut self.earlier) {
            if self.remove(&name).await? {
                self.deeds.push(Deed::Removed);
            }
        }
        self.cleared = true;
        Ok(())
    }

    /// Removes a Secret if it is there and ours. Nothing is asked of the API server where the cache knows of none.
    async fn remove(&self, name: &str) -> Result<bool> {
        let (uid, last) = (self.uid(), self.last.as_ref());
        let seen = self.context.caches.secrets.get(&ObjectKey::new(self.namespace, name));
        if !seen.is_some_and(|seen| is_ours(&seen, &uid, last)) {
            return Ok(false);
        }
        let removal = secret_writer::remove(self.context, self.namespace, name, &uid, last).await?;
        Ok(removal != Removal::Absent)
    }

    /// After a failure that takes nothing away: whatever fails in AWS, a Secret that is as declared and still works is not called broken.
    fn kept(&mut self, error: Error, restored: bool) -> Result<Success> {
        let passing = matches!(error.outlook(), Outlook::Retrying(_) | Outlook::Denied);
        let ours = self.seen().is_some_and(|seen| seen.is_controlled_by(&self.uid()) && !seen.deleting);
        let now = self.context.clock.now();
        let life = self.first_to_end().filter(|life| life.valid(now));
        let Some(life) = life.filter(|_| passing && ours && (restored || self.is_declared())) else {
            return Err(self.with_expiry(error, ours));
        };
        let end = life.expires;
        let asked = match error.outlook() {
            Outlook::Retrying(Some(wait)) => SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX),
            _ => SignedDuration::ZERO,
        };
        let wait = retry_wait(STEADY, end.duration_since(now), fastrand::f64()).max(asked);
        let retry_at = now.checked_add(wait).unwrap_or(end);
        self.place.standing = Some(self.troubled(Arc::new(error), life, retry_at.min(end)));
        Ok(self.later(retry_at.min(end)))
    }

    /// The login works and cannot be renewed.
    pub(super) fn troubled(&self, error: Arc<Error>, life: Life, retry_at: Timestamp) -> Standing {
        let renew_before = self.object.spec.token.renew_before.map(interval);
        let now = self.context.clock.now();
        let told = Trouble { error: &error, life, renew_before, now, retry_at }.message();
        Standing::Troubled(error, told)
    }

    /// Adds to an error that the token in our Secret has expired, where the token has.
    fn with_expiry(&self, error: Error, ours: bool) -> Error {
        let name = crate::credential::cluster::secret_name(self.object);
        match self.first_end().filter(|end| ours && *end <= self.context.clock.now()) {
            Some(end) => error.after(&format!("the login in Secret {name} expired at {end}")),
            None => error,
        }
    }

    /// The life of the token in the Secret that ends first.
    fn first_to_end(&self) -> Option<Life> {
        let held = self.held();
        let lives = held.iter().map(|token| Life { issued: token.issued_at, expires: token.expires_at });
        lives.min_by_key(|life| life.expires)
    }

    pub(in crate::credential::cluster) fn first_end(&self) -> Option<Timestamp> {
        self.held().iter().map(|token| token.expires_at).min()
    }

    /// A visit that ended well; the next one comes when something is due, and after five minutes at the latest.
    pub(super) fn later(&self, due: Timestamp) -> Success {
        let wait = COMPARED_EVERY.mul_f64(1.0 - fastrand::f64() / 5.0);
        let next = self.context.clock.now().checked_add(wait).unwrap_or(due);
        let again = if next < due { Requeue::Check(next) } else { Requeue::At(due) };
        let troubled = matches!(self.place.standing, Some(Standing::Troubled(..)));
        Success::ready(if troubled { Reason::RenewalFailing } else { Reason::Issued }, "", again)
    }
}

/// Which of the tokens of all namespaces may be in the Secret of this one, after a restart: of each domain those that this namespace may
/// have, and all where it may have none.
fn tokens_of_here(
    tokens: &[TokenStatus],
    covered: impl Fn(&TokenStatus) -> bool,
) -> impl Iterator<Item = &TokenStatus> {
    let domain = |token: &TokenStatus| (token.domain.clone(), token.owner.clone(), token.account.clone());
    let here: BTreeSet<_> = tokens.iter().filter(|token| covered(token)).map(domain).collect();
    tokens.iter().filter(move |token| covered(token) || !here.contains(&domain(token)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn of_each_domain_the_tokens_count_that_the_namespace_may_have() {
        let token = |domain: &str, role: &str| TokenStatus {
            domain: domain.into(),
            owner: "123456789012".into(),
            account: Some("default".into()),
            role_arn: Some(role.into()),
            service_account: None,
            issued_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
            renews_at: Timestamp::UNIX_EPOCH,
        };
        let all = [token("acme", "mine"), token("acme", "theirs"), token("tools", "theirs")];
        let here = |mine: &str| -> Vec<_> {
            let covered = |token: &TokenStatus| token.role_arn.as_deref() == Some(mine);
            tokens_of_here(&all, covered)
                .map(|it| format!("{} {}", it.domain, it.role_arn.as_deref().unwrap()))
                .collect()
        };
        assert_eq!(here("mine"), ["acme mine", "tools theirs"]);
        assert_eq!(here("theirs"), ["acme theirs", "tools theirs"]);
        assert_eq!(here("nobody").len(), 3, "nothing that is not allowed any more is forgotten");
    }
}
