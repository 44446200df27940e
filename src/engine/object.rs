//! What the engine needs to know about an object, and what a reconcile gives back.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::object::HasStatus;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::{Identity, KindName, ObjectStatus};
use crate::error::Error;
use crate::reason::Reason;

/// Namespace and name; the namespace is empty for cluster-scoped objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// Namespace, or empty.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectKey {
    /// The key of an object in a namespace.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The key of an object.
    pub fn of<K: Resource>(object: &K) -> Self {
        Self::of_meta(object.meta())
    }

    /// The key of the object with that metadata.
    pub fn of_meta(meta: &ObjectMeta) -> Self {
        Self::new(meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

/// Kind and key of an object, or of something in AWS that objects refer to. Changes of it wake the objects that refer to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// Kind of the object referred to.
    pub kind: KindName,
    /// Which one.
    pub key: ObjectKey,
}

impl ObjectId {
    /// What objects of a kind stand for in AWS, whichever account they sign in to.
    pub fn aws(kind: KindName, identity: &Identity) -> Self {
        Self { kind, key: ObjectKey::new("", identity.canonical_name()) }
    }

    /// A reference to an AwsAccount.
    pub fn account(name: &str) -> Self {
        Self { kind: KindName::AwsAccount, key: ObjectKey::new("", name) }
    }
}

/// An object that a controller of ours looks after.
pub trait Controlled:
    Resource<DynamicType = ()>
    + HasStatus<Status: ObjectStatus + Clone + Default + fmt::Debug + PartialEq + Serialize + Send + Sync>
    + Clone
    + fmt::Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Which kind it is.
    const KIND: KindName;

    /// Everything that this object refers to, the AwsAccount included. Its own namespace is added by the engine.
    fn references(&self) -> Vec<ObjectId>;
    /// The part of the status that dependents and siblings read: only a change of that part wakes them.
    fn read_by_users(&self) -> ReadByUsers<'_>;
    /// What it shares with other objects, which must look again when this one changes or goes.
    fn sibling_key(&self) -> Option<ObjectId> {
        None
    }
    /// Whether the user asked to leave it alone.
    fn suspended(&self) -> bool;
    /// When a login that users depend on became due; the earliest goes first at the start of the operator. `None` for what can wait.
    fn at_stake_since(&self, _now: Timestamp) -> Option<Timestamp> {
        None
    }
}

/// What others read of an object's status.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadByUsers<'a> {
    /// What AWS calls it.
    pub identity: Option<&'a Identity>,
    /// Whether it exists in AWS.
    pub exists: bool,
    /// When AWS created the resource. A new time means that the resource was deleted and made again.
    pub created: Option<Timestamp>,
    /// Its addresses.
    pub endpoints: Option<&'a BTreeMap<String, String>>,
    /// Whether it is ready, of an object whose users need it to be.
    pub ready: bool,
}

/// What one reconcile found and did.
#[derive(Debug)]
pub struct Report<S> {
    /// The status with the kind's own fields; the engine fills in the common part.
    pub status: S,
    /// How it ended.
    pub outcome: Result<Success, Error>,
    /// What was done or refused, for events.
    pub events: Vec<EventRecord>,
}

/// A reconcile that ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success {
    /// Reason of the Ready condition.
    pub reason: Reason,
    /// Message of the Ready condition.
    pub message: String,
    /// When to look again.
    pub again: Requeue,
    /// What Enforce would do, in Observe mode; `None` where the condition does not apply.
    pub drift: Option<Vec<String>>,
    /// The object is being deleted and nothing keeps it any more.
    pub gone: bool,
}

impl Success {
    /// In sync; looked at again after the interval.
    pub fn synced(message: impl Into<String>, interval: SignedDuration) -> Self {
        Self::ready(Reason::Synced, message, Requeue::Every(interval))
    }

    /// Ready, perhaps in trouble: the reason says which of the two.
    pub fn ready(reason: Reason, message: impl Into<String>, again: Requeue) -> Self {
        Self { reason, message: message.into(), again, drift: None, gone: false }
    }

    /// Nothing keeps the deleted object any more.
    pub fn gone() -> Self {
        Self { gone: true, ..Self::ready(Reason::Deleted, "", Requeue::Never) }
    }
}

/// When to look at an object again without an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
    /// After this long, plus or minus up to 10 %.
    Every(SignedDuration),
    /// At this time, not later, and before all other work: a login in use is at stake.
    At(Timestamp),
    /// At this time, as routine work.
    Check(Timestamp),
    /// Only on an event.
    Never,
}

/// Something to tell the user as an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// Whether it is a warning.
    pub warning: bool,
    /// The word for it.
    pub reason: Reason,
    /// One sentence. Never a token, never a policy body.
    pub message: String,
}

impl EventRecord {
    /// Something that was done.
    pub fn normal(reason: Reason, message: impl Into<String>) -> Self {
        Self { warning: false, reason, message: message.into() }
    }

    /// Something that was refused or failed.
    pub fn warning(reason: Reason, message: impl Into<String>) -> Self {
        Self { warning: true, reason, message: message.into() }
    }
}
