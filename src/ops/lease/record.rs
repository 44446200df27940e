//! What stands in the Lease.

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::ObjectMeta;

use super::DURATION;
use crate::clock::Clock;

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
