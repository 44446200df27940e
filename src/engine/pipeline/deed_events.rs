//! What a reconcile tells of its steps: each once, with the word for it.

use jiff::Timestamp;
use kube::{Resource, ResourceExt};

use crate::api::Identity;
use crate::api::ObjectStatus as _;
use crate::engine::object::{EventRecord, ObjectKey};
use crate::engine::pipeline::converge::Reconcile;
use crate::engine::pipeline::deeds::Deed;
use crate::engine::pipeline::kind::{Kind, Ownership};
use crate::engine::pipeline::screen::sentence;
use crate::engine::pipeline::steps::Taken;
use crate::engine::pipeline::tags;
use crate::engine::status::summary;
use crate::reason::Reason;

impl<K: Kind> Reconcile<'_, K> {
    /// Reports a step whose answer was lost, as soon as AWS shows the effect of the step and the plan has no such step any more.
    pub(in crate::engine) fn report_shown(
        &mut self,
        identity: &Identity,
        have: Option<&K::State>,
        planned: &[K::Step],
    ) {
        let shown = |step: &K::Step| !planned.contains(step) && K::shows(step, have);
        let (key, uid, now) = self.doer();
        let deed = self.pipeline.deeds.shown(&key, &uid, shown, now);
        self.events.extend(deed.map(|Deed { step, reason }| event_of(identity, reason, &[step])));
    }

    /// Reports the steps that took effect, and remembers the step whose effect is not known.
    pub(in crate::engine) fn report_steps(
        &mut self,
        identity: &Identity,
        taken: &Taken<K::Step, K::Facts>,
        (want, have): (&K::State, Option<&K::State>),
    ) {
        let (key, uid, now) = self.doer();
        let settled = self.status.common();
        // The same spec may resolve to another state, because something that the spec refers to has changed; and a correction that
        // AWS interrupted leaves the object not ready, though the spec is the same.
        let matched = self.pipeline.deeds.matched(&key, want);
        let as_before =
            || settled.observed_generation == self.object.meta().generation && summary::is_ready(settled);
        let spec_changed = !matched.unwrap_or_else(as_before);
        let reason = match have {
            // Somebody had deleted what was as declared.
            None if !spec_changed && self.status.identity().is_some() => Reason::DriftCorrected,
            None => Reason::Created,
            Some(have) if tags::owner::<K>(have) == Ownership::Untagged => Reason::Adopted,
            Some(_) if spec_changed => Reason::Updated,
            Some(_) => Reason::DriftCorrected,
        };
        let deeds = self.pipeline.deeds.took(&key, &uid, (&taken.done, reason, have.is_none()), now);
        for deeds in deeds.chunk_by(|one, next| one.reason == next.reason) {
            let steps: Vec<_> = deeds.iter().map(|deed| deed.step.clone()).collect();
            self.events.extend(deeds.first().map(|deed| event_of(identity, deed.reason, &steps)));
        }
        if let Some(step) = taken.doubtful.clone() {
            self.pipeline.deeds.doubt(&key, &uid, Deed { step, reason });
        }
    }

    fn doer(&self) -> (ObjectKey, String, Timestamp) {
        let uid = self.object.uid().unwrap_or_default();
        (ObjectKey::of(self.object), uid, self.context.clock.now())
    }
}

fn event_of<S: std::fmt::Display>(identity: &Identity, reason: Reason, steps: &[S]) -> EventRecord {
    EventRecord::normal(reason, format!("{identity}: {}", sentence(steps)))
}
