//! What was asked of AWS, so that each deed is told once: a write may take effect although its answer is lost, and an
//! answer that is out of date may lead to the same write again.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::engine::object::ObjectKey;
use crate::engine::pipeline::deletions::STALENESS;
use crate::reason::Reason;

/// So many objects are remembered.
const MOST: usize = 4096;
/// So many deeds of an object are remembered that were told.
const MOST_ANNOUNCED: usize = 256;

/// The deeds of one kind, by object.
#[derive(Debug)]
pub(in crate::engine) struct Deeds<S> {
    known: Mutex<HashMap<ObjectKey, Known<S>>>,
    /// Hashes of the desired states that AWS was last made to match.
    matched: Mutex<HashMap<ObjectKey, u64>>,
}

/// The deeds for one object.
#[derive(Debug)]
struct Known<S> {
    uid: String,
    /// The step whose effect is not known.
    open: Option<Deed<S>>,
    /// Hashes of the steps that were told since `announced_at`.
    announced: Vec<u64>,
    announced_at: Timestamp,
}

/// A step, and the word under which it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Deed<S> {
    pub(in crate::engine) step: S,
    pub(in crate::engine) reason: Reason,
}

impl<S> Default for Deeds<S> {
    fn default() -> Self {
        Self { known: Mutex::default(), matched: Mutex::default() }
    }
}

impl<S: Clone + Debug + PartialEq> Deeds<S> {
    /// The answer to a step was lost.
    pub(in crate::engine) fn doubt(&self, key: &ObjectKey, uid: &str, deed: Deed<S>) {
        self.change(key, uid, |known| known.open = Some(deed));
    }

    /// The deed with the unknown effect, once `shown` says that AWS shows the effect.
    pub(in crate::engine) fn shown(
        &self,
        key: &ObjectKey,
        uid: &str,
        shown: impl FnOnce(&S) -> bool,
        now: Timestamp,
    ) -> Option<Deed<S>> {
        let mut known = self.lock();
        let known = known.get_mut(key).filter(|known| known.uid == uid)?;
        let deed = known.open.take_if(|deed| shown(&deed.step))?;
        known.announce(&deed.step, now);
        Some(deed)
    }

    /// Steps took effect: those of them that were not told yet, each with the word of an earlier attempt or with `reason`. `creates`:
    /// there was nothing in AWS before.
    pub(in crate::engine) fn took(
        &self,
        key: &ObjectKey,
        uid: &str,
        (steps, reason, creates): (&[S], Reason, bool),
        now: Timestamp,
    ) -> Vec<Deed<S>> {
        let mut fresh = Vec::new();
        if steps.is_empty() {
            return fresh;
        }
        self.change(key, uid, |known| {
            for step in steps {
                let open = known.open.take_if(|deed| deed.step == *step);
                // AWS creates nothing twice: no late answer has led to this.
                if known.announce(step, now) || creates {
                    fresh.push(open.unwrap_or_else(|| Deed { step: step.clone(), reason }));
                }
            }
        });
        fresh
    }

    /// The resource is as declared: an effect that AWS does not show by now has not happened. With `seen`, an answer of AWS showed the
    /// declared state before any step was taken, so that no later answer can be out of date.
    pub(in crate::engine) fn settled(&self, key: &ObjectKey, seen: bool) {
        if let Some(known) = self.lock().get_mut(key) {
            known.open = None;
            if seen {
                known.announced.clear();
            }
        }
    }

    /// AWS matches a desired state.
    pub(in crate::engine) fn matches(&self, key: &ObjectKey, desired: &impl Debug) {
        let mut matched = self.matched.lock().unwrap_or_else(PoisonError::into_inner);
        matched.insert(key.clone(), hash(desired));
    }

    /// Whether AWS has matched this desired state since the object last desired another one; `None` when that is not known, as
    /// after a restart.
    pub(in crate::engine) fn matched(&self, key: &ObjectKey, desired: &impl Debug) -> Option<bool> {
        let matched = self.matched.lock().unwrap_or_else(PoisonError::into_inner);
        matched.get(key).map(|matched| *matched == hash(desired))
    }

    /// The object is gone.
    pub(in crate::engine) fn forget(&self, key: &ObjectKey) {
        self.lock().remove(key);
        self.matched.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn change(&self, key: &ObjectKey, uid: &str, change: impl FnOnce(&mut Known<S>)) {
        let mut known = self.lock();
        if known.len() >= MOST && !known.contains_key(key) {
            known.retain(|_, known| known.open.is_some());
        }
        if known.len() >= MOST && !known.contains_key(key) {
            known.clear();
        }
        let fresh =
            || Known { uid: uid.into(), open: None, announced: Vec::new(), announced_at: Timestamp::MIN };
        let of_object = known.entry(key.clone()).or_insert_with(fresh);
        if of_object.uid != uid {
            *of_object = fresh();
        }
        change(of_object);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectKey, Known<S>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Debug> Known<S> {
    /// Takes note that a step is told. Returns `false` when the same step was told so lately that an answer which led to
    /// it again may have been out of date.
    fn announce(&mut self, step: &S, now: Timestamp) -> bool {
        let age = now.duration_since(self.announced_at);
        if age.is_negative() || age >= STALENESS {
            self.announced.clear();
            self.announced_at = now;
        }
        let hash = hash(step);
        let fresh = !self.announced.contains(&hash);
        if fresh && self.announced.len() < MOST_ANNOUNCED {
            self.announced.push(hash);
        }
        fresh
    }
}

fn hash(value: &impl Debug) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{value:?}").hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Reason::{Created, DriftCorrected, Updated};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn key() -> ObjectKey {
        ObjectKey::new("n", "a")
    }

    fn deed(step: u8, reason: Reason) -> Deed<u8> {
        Deed { step, reason }
    }

    #[test]
    fn a_lost_answer_is_told_once_when_aws_shows_the_effect() {
        let deeds = Deeds::default();
        assert_eq!(deeds.shown(&key(), "1", |_| true, at(0)), None, "nothing was done");
        deeds.doubt(&key(), "1", deed(7, Created));
        assert_eq!(deeds.shown(&key(), "1", |step| *step == 8, at(1)), None, "not shown yet");
        assert_eq!(deeds.shown(&key(), "2", |_| true, at(1)), None, "another object of that name");
        assert_eq!(deeds.shown(&key(), "1", |step| *step == 7, at(2)), Some(deed(7, Created)));
        assert_eq!(deeds.shown(&key(), "1", |_| true, at(3)), None, "told already");
        assert_eq!(
            deeds.took(&key(), "1", (&[7], Updated, false), at(4)),
            [],
            "done again because of a late answer"
        );
    }

    #[test]
    fn a_repeated_step_keeps_the_word_of_its_first_attempt() {
        let deeds = Deeds::default();
        deeds.doubt(&key(), "1", deed(7, DriftCorrected));
        let announced = deeds.took(&key(), "1", (&[6, 7, 8], Updated, false), at(1));
        assert_eq!(announced, [deed(6, Updated), deed(7, DriftCorrected), deed(8, Updated)]);
        assert_eq!(deeds.shown(&key(), "1", |_| true, at(2)), None);
    }

    #[test]
    fn the_same_step_is_told_again_when_no_answer_can_be_late_any_more() {
        let table = [(0, true), (29, false), (30, true), (59, false), (20, true)];
        let deeds = Deeds::default();
        for (second, announced) in table {
            let fresh = deeds.took(&key(), "1", (&[7], Updated, false), at(second));
            assert_eq!(!fresh.is_empty(), announced, "at {second} s");
        }
        deeds.settled(&key(), false);
        assert!(
            deeds.took(&key(), "1", (&[7], Updated, false), at(21)).is_empty(),
            "AWS has not shown it yet"
        );
        deeds.settled(&key(), true);
        assert!(
            !deeds.took(&key(), "1", (&[7], Updated, false), at(22)).is_empty(),
            "AWS had shown it: somebody undid it"
        );
    }

    #[test]
    fn another_desired_state_is_known_as_such_until_the_object_is_gone() {
        let deeds = Deeds::<u8>::default();
        assert_eq!(deeds.matched(&key(), &1), None);
        deeds.matches(&key(), &1);
        assert_eq!((deeds.matched(&key(), &1), deeds.matched(&key(), &2)), (Some(true), Some(false)));
        deeds.matches(&key(), &2);
        assert_eq!((deeds.matched(&key(), &1), deeds.matched(&key(), &2)), (Some(false), Some(true)));
        deeds.forget(&key());
        assert_eq!(deeds.matched(&key(), &2), None);
    }

    #[test]
    fn what_was_created_anew_is_told_anew() {
        let deeds = Deeds::default();
        for second in [0, 1] {
            assert_eq!(deeds.took(&key(), "1", (&[7], Created, true), at(second)), [deed(7, Created)]);
        }
    }

    #[test]
    fn what_was_settled_or_is_gone_is_forgotten() {
        let deeds = Deeds::default();
        deeds.doubt(&key(), "1", deed(7, Created));
        deeds.settled(&key(), false);
        assert_eq!(deeds.shown(&key(), "1", |_| true, at(0)), None);
        deeds.doubt(&key(), "1", deed(7, Created));
        deeds.forget(&key());
        assert_eq!(deeds.shown(&key(), "1", |_| true, at(0)), None);
        for number in 0..=MOST {
            let key = ObjectKey::new("n", number.to_string());
            deeds.doubt(&key, "1", deed(7, Created));
        }
        assert!(deeds.lock().len() <= MOST);
    }
}
