//! What a reconcile tells of its end: in status, as events, and how long the login works when it failed.

use jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};

use crate::api::RENEW_AT;
use crate::credential::COMPARED_EVERY;
use crate::credential::event_records;
use crate::credential::minters::TokensByDomain;
use crate::credential::reconcile::CredentialReconcile;
use crate::credential::schedule::{Life, retry_wait};
use crate::credential::secret_writer::Written;
use crate::credential::token_request::CurrentToken;
use crate::credential::trouble::Trouble;
use crate::engine::object::{ObjectKey, Requeue, Success};
use crate::engine::pipeline::kind::interval;
use crate::engine::status::summary;
use crate::error::{Error, Result};
use crate::reason::{Outlook, Reason};

/// Backoff step for failures that nothing counts: the next attempt comes after 60 to 80 s.
const STEADY: u32 = 4;

impl CredentialReconcile<'_> {
    /// Puts into status what the Secret now holds, and says what changed.
    pub(super) fn fill_status(&mut self, tokens: &TokensByDomain, written: Written) {
        let mut tokens_now: Vec<_> = tokens
            .iter()
            .map(|(domain, current)| event_records::token(domain, current, self.minters.terms(domain)))
            .collect();
        tokens_now.sort_by_key(|token| token.expires_at);
        let name = self.secret_name();
        let declared = self.status.common.observed_generation == self.object.meta().generation;
        self.events.extend(event_records::written(&self.status, declared, &tokens_now, &name, written));
        if !tokens.values().any(|current| current.failing.is_some() || current.again.is_some()) {
            self.events.extend(
                self.force().and_then(|_| event_records::not_renewed(&self.status.tokens, &tokens_now)),
            );
            self.status.last_handled_renew_at = self.object.annotations().get(RENEW_AT).cloned();
        }
        self.status.tokens = tokens_now;
        self.status.secret_name = Some(name);
    }

    pub(super) fn done(&mut self, tokens: &TokensByDomain) -> Success {
        let next = tokens.values().map(CurrentToken::look_again).min();
        let failing =
            tokens.values().find_map(|current| current.failing.as_ref().map(|failing| (current, failing)));
        if let Some((current, failing)) = failing {
            let life = current.kept.token.life;
            return self.failing(&failing.error, life, next.unwrap_or(life.expires));
        }
        self.status.life_left_below_percent = None;
        let domains: Vec<_> = tokens.keys().map(|domain| domain.domain.as_str()).collect();
        let holds = format!("Secret {} holds a login for {}", self.secret_name(), domains.join(", "));
        let message = [holds].into_iter().chain(self.limits(tokens)).collect::<Vec<_>>().join("; ");
        let again = self.no_later_than(next.unwrap_or(Timestamp::MAX));
        Success::ready(Reason::Issued, message, again)
    }

    /// Which tokens live for less than the 12 h that a spec without a duration asks for, and why.
    fn limits<'t>(&'t self, tokens: &'t TokensByDomain) -> impl Iterator<Item = String> + 't {
        tokens.keys().filter_map(|domain| {
            let terms = self.minters.terms(domain).filter(|terms| terms.limited)?;
            Some(format!(
                "tokens for {} live {:#}, the longest life that the grant of AwsAccount {} allows",
                domain.domain,
                terms.duration,
                terms.account.name_any()
            ))
        })
    }

    /// The login works and cannot be renewed.
    pub(super) fn failing(&mut self, error: &Error, life: Life, retry_at: Timestamp) -> Success {
        let (now, renew_before) =
            (self.context.clock.now(), self.object.spec.token.renew_before.map(interval));
        let trouble = Trouble { error, life, renew_before, now, retry_at };
        let known = summary::ready(&self.status.common)
            .is_some_and(|ready| ready.reason == Reason::RenewalFailing.as_str());
        // A login that was in no trouble before gets a warning with the whole message.
        self.events.extend(trouble.warning(self.status.life_left_below_percent).filter(|_| known));
        self.status.life_left_below_percent = trouble.mark();
        Success::ready(Reason::RenewalFailing, trouble.message(), self.no_later_than(retry_at))
    }

    /// After a failure that takes nothing away: whatever fails in AWS, a Secret that is as declared and still works is not
    /// called broken. `restored`: the Secret was put back in this reconcile.
    pub(super) fn kept(&mut self, error: Error, restored: bool) -> Result<Success> {
        let Some(life) = self.works(&error, restored) else { return Err(self.with_expiry(error)) };
        let (now, end) = (self.context.clock.now(), life.expires);
        let asked = match error.outlook() {
            Outlook::Retrying(Some(wait)) => SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX),
            _ => SignedDuration::ZERO,
        };
        let wait = retry_wait(STEADY, end.duration_since(now), fastrand::f64()).max(asked);
        let retry_at = now.checked_add(wait).unwrap_or(end);
        Ok(self.failing(&error, life, retry_at.min(end)))
    }

    /// Adds to an error that the token in the Secret has expired, where the token has.
    fn with_expiry(&self, error: Error) -> Error {
        let name = self.status.secret_name.clone().unwrap_or_else(|| self.secret_name());
        match self.first_end().filter(|end| *end <= self.context.clock.now()) {
            Some(end) => error.after(&format!("the login in Secret {name} expired at {end}")),
            None => error,
        }
    }

    /// When to look again at what is due at that time: what is in sync is compared with the caches every five minutes.
    pub(super) fn no_later_than(&self, due: Timestamp) -> Requeue {
        let now = self.context.clock.now();
        let at = look_at(now, due, fastrand::f64());
        if at < due { Requeue::Check(at) } else { Requeue::At(at) }
    }

    /// When the first of the tokens in the Secret ends.
    pub(super) fn first_end(&self) -> Option<Timestamp> {
        self.first_to_end().map(|life| life.expires)
    }

    /// The life of the token in the Secret that ends first.
    fn first_to_end(&self) -> Option<Life> {
        let lives = self
            .status
            .tokens
            .iter()
            .map(|token| Life { issued: token.issued_at, expires: token.expires_at });
        lives.min_by_key(|life| life.expires)
    }

    /// Whether the last reconcile carried out the present spec and ended well.
    pub(super) fn declared_and_ready(&self) -> bool {
        let common = &self.status.common;
        common.observed_generation == self.object.meta().generation && summary::is_ready(common)
    }

    /// For how long the Secret works, when AWS or the cluster fails and the Secret is as declared.
    fn works(&self, error: &Error, restored: bool) -> Option<Life> {
        let passing = matches!(error.outlook(), Outlook::Retrying(_) | Outlook::Denied);
        let name = self.status.secret_name.as_deref().filter(|name| *name == self.secret_name())?;
        let secret = self.context.caches.secrets.get(&ObjectKey::new(&self.namespace, name))?;
        let ours = secret.is_controlled_by(&self.uid()) && !secret.deleting;
        let life = self.first_to_end()?;
        let as_declared = restored || self.declared_and_ready();
        let works = passing && as_declared && ours && life.valid(self.context.clock.now());
        works.then_some(life)
    }
}

/// The earlier of what is due and the next comparison, of which up to a fifth is taken off at random.
fn look_at(now: Timestamp, due: Timestamp, random: f64) -> Timestamp {
    let wait = COMPARED_EVERY.mul_f64(1.0 - random / 5.0);
    now.checked_add(wait).map_or(due, |next| next.min(due))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_sync_is_compared_every_five_minutes() {
        let at = |second: i64| Timestamp::from_second(1_767_225_600 + second).unwrap();
        for (due, random, expected) in
            [(8 * 3600, 0.0, 300), (8 * 3600, 1.0, 240), (200, 0.5, 200), (-5, 0.5, -5)]
        {
            assert_eq!(look_at(at(0), at(due), random), at(expected), "{due} {random}");
        }
    }
}
