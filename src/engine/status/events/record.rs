//! What an event says and what it is called: each text of each object is an event of its own. Pure.

use std::borrow::Cow;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::ObjectMeta;
use sha2::{Digest, Sha256};

use crate::api::MANAGER;
use crate::engine::object::{Controlled, EventRecord};
use crate::visible::visible;

/// The API's limit for the note of an event, in bytes.
const NOTE_BYTES: usize = 1024;
/// The API's limit for the name of an object.
const NAME_BYTES: usize = 253;
/// Hexadecimal digits of the hash in the name of an event.
const HASH_DIGITS: usize = 16;
/// Events of cluster-scoped objects are kept here, as the API demands.
pub(in crate::engine) const CLUSTER_SCOPED: &str = "default";

/// The object that an event is about, without its namespace: small, because thousands of events may wait.
#[derive(Clone, Debug)]
pub(in crate::engine) struct About {
    api_version: Cow<'static, str>,
    kind: &'static str,
    name: Box<str>,
    uid: Box<str>,
}

impl About {
    pub(in crate::engine) fn of<K: Controlled>(object: &K) -> Self {
        let meta = object.meta();
        Self {
            api_version: K::api_version(&()),
            kind: K::KIND.as_str(),
            name: meta.name.clone().unwrap_or_default().into(),
            uid: meta.uid.clone().unwrap_or_default().into(),
        }
    }

    /// How an event refers to the object. The namespace is empty for cluster-scoped objects.
    pub(in crate::engine) fn reference(&self, namespace: &str) -> ObjectReference {
        ObjectReference {
            api_version: Some(self.api_version.clone().into()),
            kind: Some(self.kind.into()),
            name: Some(self.name.clone().into()),
            namespace: Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty()),
            uid: Some(self.uid.clone().into()),
            ..ObjectReference::default()
        }
    }
}

/// The event that tells about an object.
pub(in crate::engine) fn event(regarding: ObjectReference, note: &EventRecord, now: Timestamp) -> Event {
    let kind = if note.warning { "Warning" } else { "Normal" };
    let text = visible(&note.message);
    let text = cut(&text, NOTE_BYTES);
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
    let hash: String = hex::encode(hash.finalize()).chars().take(HASH_DIGITS).collect();
    let object = cut(object, NAME_BYTES - hash.len() - 1).trim_end_matches(['.', '-']);
    format!("{object}.{hash}")
}

/// The beginning of a text, at most that many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;

    fn told(name: &str, note: &EventRecord) -> Event {
        let regarding = ObjectReference {
            name: Some(name.into()),
            namespace: Some("team".into()),
            uid: Some("u-1".into()),
            ..ObjectReference::default()
        };
        event(regarding, note, Timestamp::UNIX_EPOCH)
    }

    fn name_of(name: &str, note: &EventRecord) -> String {
        told(name, note).metadata.name.unwrap()
    }

    #[test]
    fn different_texts_are_different_events_and_the_same_text_is_the_same() {
        let first = EventRecord::normal(Reason::Updated, "domain acme: set tag team to a");
        let other = EventRecord::normal(Reason::Updated, "domain acme: set tag team to b");
        let reason = EventRecord::normal(Reason::DriftCorrected, first.message.clone());
        let warning = EventRecord { warning: true, ..first.clone() };
        for different in [&other, &reason, &warning] {
            assert_ne!(name_of("acme", &first), name_of("acme", different), "{different:?}");
        }
        assert_eq!(name_of("acme", &first), name_of("acme", &first.clone()));
        assert_eq!(told("acme", &other).note.as_deref(), Some("domain acme: set tag team to b"));
    }

    #[test]
    fn the_longest_object_name_makes_an_event_name_that_fits() {
        let note = EventRecord::normal(Reason::Created, "x");
        let dotted = format!("{}.{}", "a".repeat(235), "b".repeat(17));
        for object in ["a".repeat(253), dotted] {
            let name = name_of(&object, &note);
            assert!((252..=253).contains(&name.len()), "{} bytes", name.len());
            assert!(!name.contains(".."), "{name}");
        }
    }

    #[test]
    fn a_long_note_is_cut_between_characters() {
        let note = EventRecord::normal(Reason::Created, "ä".repeat(600));
        assert_eq!(told("a", &note).note.unwrap().len(), 1024);
        let odd = EventRecord::normal(Reason::Created, format!("x{}", "ä".repeat(600)));
        assert_eq!(told("a", &odd).note.unwrap().len(), 1023);
    }

    #[test]
    fn an_event_refers_to_its_object() {
        let about = About {
            api_version: "codeartifact-operator.dev/v1alpha1".into(),
            kind: "Domain",
            name: "acme".into(),
            uid: "u-1".into(),
        };
        let expected = |namespace: Option<&str>| ObjectReference {
            api_version: Some("codeartifact-operator.dev/v1alpha1".into()),
            kind: Some("Domain".into()),
            name: Some("acme".into()),
            namespace: namespace.map(Into::into),
            uid: Some("u-1".into()),
            ..ObjectReference::default()
        };
        assert_eq!(about.reference("team"), expected(Some("team")));
        assert_eq!(about.reference(""), expected(None));
    }

    #[test]
    fn an_event_says_what_happened_to_whom_and_who_reports_it() {
        let regarding = ObjectReference { name: Some("acme".into()), ..ObjectReference::default() };
        let at = Timestamp::UNIX_EPOCH;
        let note = EventRecord::warning(Reason::Throttled, "slow down");
        let expected = |namespace: &str, regarding: ObjectReference| Event {
            metadata: ObjectMeta {
                name: Some(name("acme", &["", "Warning", "Throttled", "slow down"])),
                namespace: Some(namespace.into()),
                ..ObjectMeta::default()
            },
            action: Some("Reconcile".into()),
            event_time: Some(MicroTime(at)),
            note: Some("slow down".into()),
            reason: Some("Throttled".into()),
            regarding: Some(regarding),
            reporting_controller: Some(MANAGER.into()),
            reporting_instance: Some(MANAGER.into()),
            type_: Some("Warning".into()),
            ..Event::default()
        };
        assert_eq!(event(regarding.clone(), &note, at), expected("default", regarding.clone()));
        let regarding = ObjectReference { namespace: Some("team".into()), ..regarding };
        assert_eq!(event(regarding.clone(), &note, at), expected("team", regarding));
    }
}
