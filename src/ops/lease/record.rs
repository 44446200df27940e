//! What stands in the Lease.

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::ObjectMeta;

use super::DURATION;
use crate::clock::Clock;

/// Annotation of the Lease once everything was let go: the uid of the user that did it, empty when it has none.
pub const RELEASED: &str = "codeartifact-operator.dev/released";

/// Whether everything was let go by this user, so that nothing may be taken up again. A ServiceAccount made anew, as by
/// another installation, is another user.
pub(super) fn released(lease: &Lease, user: &str) -> bool {
    let by = lease.metadata.annotations.as_ref().and_then(|annotations| annotations.get(RELEASED));
    by.is_some_and(|by| by.is_empty() || user.is_empty() || by == user)
}

/// The Lease with or without the mark that everything is let go.
pub(super) fn marked(mut lease: Lease, releases: bool, user: &str) -> Lease {
    let mut annotations = lease.metadata.annotations.take().unwrap_or_default();
    annotations.remove(RELEASED);
    if releases {
        annotations.insert(RELEASED.into(), user.into());
    }
    lease.metadata.annotations = (!annotations.is_empty()).then_some(annotations);
    lease
}

/// A Lease that is not there yet.
pub(super) fn fresh(name: &str, holder: &str) -> Lease {
    let lease = Lease {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        spec: Some(LeaseSpec::default()),
    };
    taken_over(lease, holder)
}

pub(super) fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref()
}

pub(super) fn taken_over(mut lease: Lease, by: &str) -> Lease {
    let changes = holder(&lease) != Some(by);
    let spec = lease.spec.get_or_insert_default();
    if changes {
        spec.lease_transitions = Some(spec.lease_transitions.map_or(0, |transitions| transitions + 1));
        spec.acquire_time = Some(host_time());
    }
    spec.holder_identity = Some(by.to_owned());
    spec.lease_duration_seconds = i32::try_from(DURATION.as_secs()).ok();
    renewed(lease)
}

pub(super) fn renewed(mut lease: Lease) -> Lease {
    lease.spec.get_or_insert_default().renew_time = Some(host_time());
    lease
}

/// The host's time, also when a test moves the operator's clock: other processes show it to people.
fn host_time() -> MicroTime {
    MicroTime(Clock::default().now())
}
