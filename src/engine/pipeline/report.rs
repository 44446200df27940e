//! What a reconcile puts into status, and the message that it ends with.

use crate::api::{Identity, ObjectStatus as _};
use crate::engine::object::{ObjectKey, Success};
use crate::engine::pipeline::apply::Applied;
use crate::engine::pipeline::converge::Reconcile;
use crate::engine::pipeline::kind::{Kind, Settings};
use crate::engine::pipeline::steps::{Taken, Unfinished};
use crate::engine::pipeline::tags;
use crate::engine::status::summary;
use crate::error::{Error, Result};
use crate::reason::Reason;
use kube::Resource;

impl<K: Kind> Reconcile<'_, K> {
    /// Puts into status what came of it.
    pub(super) fn report(
        &mut self,
        identity: Identity,
        want: &K::State,
        settings: &Settings,
        applied: Applied<K>,
    ) -> Result<Success> {
        match applied {
            Applied::Observed { steps, exists, facts } => {
                let drift = Some(steps.iter().map(ToString::to_string).collect());
                let message = self.report_observed(identity, want, (exists, facts.as_ref()))?;
                let observed = Success::synced(message, settings.interval);
                Ok(Success { reason: Reason::Observed, drift, ..observed })
            }
            Applied::Taken { taken, have, facts } => {
                self.report_steps(&identity, &taken, (want, have.as_ref()));
                let (reason, message) = self.finish(&identity, want, facts, taken)?;
                Ok(Success { reason, ..Success::synced(message, settings.interval) })
            }
        }
    }

    /// Reports what AWS shows, and writes nothing to AWS.
    fn report_observed(
        &mut self,
        identity: Identity,
        want: &K::State,
        (exists, facts): (bool, Option<&K::Facts>),
    ) -> Result<String> {
        K::fill_status(&mut self.status, None, facts);
        if !exists && K::OWNED {
            let message = format!("{} does not exist in AWS", identity.with_kind());
            return Err(Error::waiting(Reason::NotFound, message));
        }
        // Objects that refer to this one need the identity also in the mode Observe.
        let exists = format!(
            "{} exists in AWS; spec.mode is Observe, so that nothing is written",
            identity.with_kind()
        );
        self.status.pin(identity);
        Ok(with_ready_note::<K>(&exists, want, facts))
    }

    /// Reports the outcome of the steps. `facts` are the facts from before the steps.
    fn finish(
        &mut self,
        identity: &Identity,
        want: &K::State,
        facts: Option<K::Facts>,
        taken: Taken<K::Step, K::Facts>,
    ) -> Result<(Reason, String)> {
        if let Some(error) = taken.error {
            // Some steps may have taken effect: what was to be set must still be known as ours later.
            tags::intend::<K>(&mut self.status, want);
            let unfinished =
                Unfinished { done: &taken.done, failed: &taken.failed, decisive: taken.decisive.as_ref() };
            let note = K::fill_status_unfinished(&mut self.status, want, facts.as_ref(), unfinished);
            return Err(note.into_iter().fold(error, |error, note| error.after(&note)));
        }
        let key = ObjectKey::of(self.object);
        self.pipeline.deeds.settled(&key, taken.done.is_empty());
        self.pipeline.deeds.matches(&key, want);
        let facts = taken.facts.or(facts);
        K::fill_status(&mut self.status, Some(want), facts.as_ref());
        K::carried_out(&mut self.status, self.object.meta().generation);
        if K::OWNED && !summary::is_ready(self.status.common()) {
            // Objects that waited for this resource are woken, whether or not something was written.
            self.context.references.written(identity);
        }
        let (reason, message) = match K::not_compared(facts.as_ref()) {
            Some(message) => (Reason::ReadDenied, message),
            None => (Reason::Synced, "in sync with AWS"),
        };
        Ok((reason, with_ready_note::<K>(message, want, facts.as_ref())))
    }
}

fn with_ready_note<K: Kind>(message: &str, want: &K::State, facts: Option<&K::Facts>) -> String {
    K::ready_note(want, facts).map_or_else(|| message.into(), |ready_note| format!("{message}. {ready_note}"))
}
