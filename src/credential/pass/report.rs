//! What a pass tells of its end: in status, as events, and how long the login works when it failed.

use jiff::Timestamp;
use kube::{Resource, ResourceExt};

use super::{Pass, Tokens};
use crate::api::RENEW_AT;
use crate::credential::notes;
use crate::credential::secret::is_controlled_by;
use crate::credential::slot::Held;
use crate::credential::write::Written;
use crate::engine::{Again, Done, Note, ObjectKey, summary};
use crate::error::{Error, Outlook, Reason};

impl Pass<'_> {
    /// Puts into status what the Secret now holds, and says what changed.
    pub(super) fn tell(&mut self, tokens: &Tokens, written: Written) {
        let told: Vec<_> = tokens.iter().map(|(domain, held)| notes::token(domain, held)).collect();
        let name = self.secret_name();
        let declared = self.status.common.observed_generation == self.object.meta().generation;
        self.notes.extend(notes::written(&self.status, declared, &told, &name, written));
        if !tokens.values().any(|held| held.failing.is_some()) {
            self.status.last_handled_renew_at = self.object.annotations().get(RENEW_AT).cloned();
        }
        self.status.tokens = told;
        self.status.secret_name = Some(name);
    }

    pub(super) fn done(&mut self, tokens: &Tokens) -> Done {
        let next = tokens.values().map(Held::look_again).min();
        let failing = tokens.values().find_map(|held| held.failing.as_ref().map(|failing| (held, failing)));
        if let Some((held, failing)) = failing {
            let end = held.kept.token.life.expires;
            return self.failing(&failing.error, end, next.unwrap_or(end));
        }
        let domains: Vec<_> = tokens.keys().map(|domain| domain.domain.as_str()).collect();
        let message = format!("Secret {} holds a login for {}", self.secret_name(), domains.join(", "));
        let again = next.map_or(Again::Never, Again::At);
        Done { reason: Reason::Issued, message, again, drift: None, gone: false }
    }

    /// The old token is kept. Said once as an event, and for as long as it lasts in the condition.
    pub(super) fn failing(&mut self, error: &Error, end: Timestamp, retry_at: Timestamp) -> Done {
        let message = format!("the login works until {end}, but cannot be renewed: {error}");
        let ready = summary::ready(&self.status.common);
        if ready.is_none_or(|ready| ready.reason != Reason::RenewalFailing.as_str()) {
            self.notes.push(Note::warning(Reason::RenewalFailing, message.clone()));
        }
        let again = Again::At(retry_at);
        Done { reason: Reason::RenewalFailing, message, again, drift: None, gone: false }
    }

    /// Until when the Secret works, when AWS fails and the Secret was as declared the last time.
    pub(super) fn works_until(&self, error: &Error) -> Option<Timestamp> {
        let aws = matches!(error, Error::Aws(_) | Error::Shared(_));
        let passing = aws && matches!(error.outlook(), Outlook::Retrying(_) | Outlook::Denied);
        let common = &self.status.common;
        let declared =
            common.observed_generation == self.object.meta().generation && summary::is_ready(common);
        let name = self.status.secret_name.as_deref().filter(|name| *name == self.secret_name())?;
        let secret = self.context.caches.secrets.get(&ObjectKey::new(&self.namespace, name))?;
        let ours = is_controlled_by(&secret.metadata, &self.uid());
        let end = self.status.tokens.iter().map(|token| token.expires_at).min()?;
        (passing && declared && ours && self.context.clock.now() < end).then_some(end)
    }
}
