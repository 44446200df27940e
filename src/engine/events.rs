//! Events: users learn what was done and refused. Each text of each object is an event of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::{ObjectMeta, Patch, PatchParams, PostParams};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::context::{KubeClient, kube_call};
use super::object::{Controlled, Note};
use crate::api::MANAGER;
use crate::clock::Clock;
use crate::error::{Error, Result};

/// The API's limit for the note of an event, in bytes.
const NOTE_BYTES: usize = 1024;
/// The API's limit for the name of an object.
const NAME_BYTES: usize = 253;
/// Events of cluster-scoped objects are kept here, as the API demands.
const CLUSTER_SCOPED: &str = "default";
/// How many events' counts are remembered; beyond that they start anew.
const REMEMBERED: usize = 4096;
/// How many events may wait for a retry at once; further events are only logged.
const WAITING: usize = 256;
/// The wait before the first retry of an event; each further retry waits twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How often an event is tried again.
const RETRIES: u32 = 7;

/// Tells users what was done and refused. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Events {
    client: KubeClient,
    clock: Clock,
    counts: Arc<Mutex<Counts>>,
    waiting: Arc<Semaphore>,
}

/// How often each event was told, by its name.
#[derive(Debug, Default)]
struct Counts(HashMap<String, i32>);

impl Events {
    /// Events that name the operator as their source.
    pub fn new(client: KubeClient, clock: Clock) -> Self {
        Self { client, clock, counts: Arc::default(), waiting: Arc::new(Semaphore::new(WAITING)) }
    }

    /// Publishes one event. The reconcile does not fail when its event cannot be written: a background task retries the event
    /// up to `RETRIES` times.
    pub async fn tell<K: Controlled>(&self, object: &K, note: &Note) {
        let event = event(object.object_ref(&()), note, self.clock.now());
        let Err(error) = self.publish(&event, false).await else { return };
        let permit = Arc::clone(&self.waiting).try_acquire_owned();
        let (true, Ok(permit)) = (may_pass(&error), permit) else { return unpublished(&event, &error) };
        let this = self.clone();
        tokio::spawn(async move {
            let _permit = permit;
            this.try_again(&event, error).await;
        });
    }

    async fn try_again(&self, event: &Event, mut error: Error) {
        for attempt in 0..RETRIES {
            tokio::time::sleep(FIRST_WAIT * 2_u32.pow(attempt)).await;
            match self.publish(event, true).await {
                Ok(()) => return,
                Err(again) => error = again,
            }
            if !may_pass(&error) {
                break;
            }
        }
        unpublished(event, &error);
    }

    /// Creates the event, or counts it once more when it was told before. `again` says that an earlier attempt may have
    /// created it without our knowledge.
    async fn publish(&self, event: &Event, again: bool) -> Result<()> {
        let name = event.metadata.name.clone().unwrap_or_default();
        let namespace = event.metadata.namespace.as_deref().unwrap_or(CLUSTER_SCOPED);
        let events = Api::<Event>::namespaced(self.client.0.clone(), namespace);
        let told = self.counts().of(&name);
        let count = told.map_or(2, |count| count.saturating_add(1));
        if told.is_some() && self.count_up(&events, &name, count).await? {
            self.counts().keep(name, count);
            return Ok(());
        }
        let count = match kube_call(events.create(&PostParams::default(), event)).await {
            Ok(_) => 1,
            Err(error) if !exists(&error) => return Err(error),
            Err(_) if again => 1,
            Err(_) => self.count_up(&events, &name, count).await.map(|_| count)?,
        };
        self.counts().keep(name, count);
        Ok(())
    }

    /// Says that an event was told once more; `false` when the API server has forgotten it.
    async fn count_up(&self, events: &Api<Event>, name: &str, count: i32) -> Result<bool> {
        let series = json!({"series": {"count": count, "lastObservedTime": MicroTime(self.clock.now())}});
        match kube_call(events.patch(name, &PatchParams::default(), &Patch::Merge(&series))).await {
            Ok(_) => Ok(true),
            Err(error) if super::publish::is_gone(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn of(&self, name: &str) -> Option<i32> {
        self.0.get(name).copied()
    }

    fn keep(&mut self, name: String, count: i32) {
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(name, count);
    }
}

fn event(regarding: ObjectReference, note: &Note, now: Timestamp) -> Event {
    let kind = if note.warning { "Warning" } else { "Normal" };
    let text = cut(&note.message, NOTE_BYTES);
    let about = regarding.name.clone().unwrap_or_default();
    let uid = regarding.uid.clone().unwrap_or_default();
    let namespace = regarding.namespace.clone().unwrap_or_else(|| CLUSTER_SCOPED.into());
    Event {
        metadata: ObjectMeta {
            name: Some(name(&about, &[&uid, kind, note.reason.as_str(), text])),
            namespace: Some(namespace),
            ..ObjectMeta::default()
        },
        action: Some("Reconcile".into()),
        event_time: Some(MicroTime(now)),
        note: Some(text.into()),
        reason: Some(note.reason.as_str().into()),
        regarding: Some(regarding),
        reporting_controller: Some(MANAGER.into()),
        reporting_instance: Some(MANAGER.into()),
        type_: Some(kind.into()),
        ..Event::default()
    }
}

/// The name of an event: that of its object, as far as it fits, and a hash of what makes the event different from
/// others.
fn name(object: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(Sha256::digest(part));
    }
    let hash = hash.finalize().iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    let hash = format!("{hash:016x}");
    let object = cut(object, NAME_BYTES - hash.len() - 1).trim_end_matches(['.', '-']);
    format!("{object}.{hash}")
}

/// The beginning of a text, at most that many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Whether the API server had said that an object of that name exists.
fn exists(error: &Error) -> bool {
    matches!(error, Error::Kube(error) if matches!(error.as_ref(), kube::Error::Api(status) if status.code == 409))
}

/// Whether the same write may succeed later.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Kube(error) => match error.as_ref() {
            kube::Error::Api(status) => status.code == 429 || status.code >= 500,
            _ => true,
        },
        Error::KubeTimeout(_) => true,
        _ => false,
    }
}

fn unpublished(event: &Event, error: &Error) {
    let (reason, note) = (event.reason.as_deref(), event.note.as_deref());
    tracing::warn!(%error, reason, note, "could not publish an event");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn told(name: &str, note: &Note) -> Event {
        let regarding = ObjectReference {
            name: Some(name.into()),
            namespace: Some("team".into()),
            uid: Some("u-1".into()),
            ..ObjectReference::default()
        };
        event(regarding, note, Timestamp::UNIX_EPOCH)
    }

    fn name_of(name: &str, note: &Note) -> String {
        told(name, note).metadata.name.unwrap()
    }

    #[test]
    fn different_texts_are_different_events_and_the_same_text_is_the_same() {
        let first = Note::normal(Reason::Updated, "domain acme: set tag team to a");
        let other = Note::normal(Reason::Updated, "domain acme: set tag team to b");
        let reason = Note::normal(Reason::DriftCorrected, first.message.clone());
        let warning = Note { warning: true, ..first.clone() };
        for different in [&other, &reason, &warning] {
            assert_ne!(name_of("acme", &first), name_of("acme", different), "{different:?}");
        }
        assert_eq!(name_of("acme", &first), name_of("acme", &first.clone()));
        assert_eq!(told("acme", &other).note.as_deref(), Some("domain acme: set tag team to b"));
    }

    #[test]
    fn the_longest_object_name_makes_an_event_name_that_fits() {
        let note = Note::normal(Reason::Created, "x");
        let dotted = format!("{}.{}", "a".repeat(235), "b".repeat(17));
        for object in ["a".repeat(253), dotted] {
            let name = name_of(&object, &note);
            assert!(name.len() <= 253, "{} bytes", name.len());
            assert!(!name.contains(".."), "{name}");
        }
    }

    #[test]
    fn a_long_note_is_cut_between_characters() {
        let note = Note::normal(Reason::Created, "ä".repeat(600));
        assert_eq!(told("a", &note).note.unwrap().len(), 1024);
        let odd = Note::normal(Reason::Created, format!("x{}", "ä".repeat(600)));
        assert_eq!(told("a", &odd).note.unwrap().len(), 1023);
    }

    #[test]
    fn counts_are_bounded() {
        let mut counts = Counts::default();
        for number in 0..=REMEMBERED {
            counts.keep(number.to_string(), 1);
        }
        assert!(counts.0.len() <= REMEMBERED);
        assert_eq!(counts.of(&REMEMBERED.to_string()), Some(1));
    }
}
