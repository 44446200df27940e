//! What a kind does when one of its objects is due.

use std::future::Future;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::engine::context::Context;
use crate::engine::object::{Controlled, ObjectKey, Report, Success};
use kube::core::object::HasStatus;

/// Why an object with `spec.suspend: true` is left alone.
pub const OWN_SUSPENSION: &str = "spec.suspend is true";

/// Looks after one kind.
pub trait Reconciler: Send + Sync + 'static {
    /// The kind.
    type Object: Controlled;

    /// Brings the world to what the object says, and reports. Writes neither status nor events itself.
    fn reconcile(
        &self,
        object: Arc<Self::Object>,
        context: &Context,
    ) -> impl Future<Output = Report<<Self::Object as HasStatus>::Status>> + Send;

    /// What must be done for an object although it is suspended; as a rule, nothing.
    fn while_suspended(
        &self,
        object: &Self::Object,
        _context: &Context,
    ) -> impl Future<Output = Report<<Self::Object as HasStatus>::Status>> + Send {
        let status = object.status().cloned().unwrap_or_default();
        std::future::ready(Report {
            status,
            outcome: Ok(Success::suspended(OWN_SUSPENSION)),
            events: Vec::new(),
        })
    }

    /// The object is gone: nothing is remembered for it any more.
    fn forget(&self, _key: &ObjectKey) {}

    /// Whether the object must not go before `reconcile` has said that it is gone.
    fn needs_finalizer(&self, object: &Self::Object) -> bool;

    /// Whether a deleted object is still reconciled while only finalizers of other controllers keep it.
    fn reconciles_until_gone(&self) -> bool {
        false
    }

    /// How long an object rests whose spec must change.
    fn interval(&self, _object: &Self::Object) -> SignedDuration {
        SignedDuration::from_hours(1)
    }

    /// The longest wait before what may work the next time is tried again, where an object cannot wait for the usual five minutes.
    fn longest_backoff(&self, _object: &Self::Object, _now: Timestamp) -> SignedDuration {
        SignedDuration::MAX
    }
}
