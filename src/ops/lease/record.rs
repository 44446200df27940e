//! What stands in the Lease.

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::ResourceExt;
use kube::api::ObjectMeta;

use super::DURATION;
use crate::clock::Clock;

/// Annotation of the Lease from the start of a release: the uids of the installations that rest, separated by commas. When
/// there are none, every installation rests.
pub const RELEASED: &str = "codeartifact-operator.dev/released";
/// Annotation: how far the release came.
const PROGRESS: &str = "codeartifact-operator.dev/release-progress";
/// Annotation: the uid of the installation that led last, so that a release knows which one it lets rest.
const INSTALLATION: &str = "codeartifact-operator.dev/installation";
/// Annotation: the cluster name that the last leader writes into owner tags. A release under another cluster name is refused.
const CLUSTER: &str = "codeartifact-operator.dev/cluster-name";

/// How far a release came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It works, or it was cut off.
    Working,
    /// It ended before everything was let go.
    Stopped,
    /// Everything was let go.
    Done,
}

impl Progress {
    const ALL: [Self; 3] = [Self::Working, Self::Stopped, Self::Done];

    fn as_str(self) -> &'static str {
        match self {
            Self::Working => "Working",
            Self::Stopped => "Stopped",
            Self::Done => "Done",
        }
    }

    /// What happened, for a reader.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Working => "a release is under way, or was cut off",
            Self::Stopped => "a release ended before everything was released",
            Self::Done => "everything was released",
        }
    }
}

/// What a release writes into the Lease, to be put back when the release did nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks([Option<String>; 2]);

impl Marks {
    pub(super) fn of(lease: &Lease) -> Self {
        Self([RELEASED, PROGRESS].map(|key| lease.annotations().get(key).cloned()))
    }

    pub(super) fn put(self, lease: Lease) -> Lease {
        let [released, progress] = self.0;
        annotated(annotated(lease, RELEASED, released), PROGRESS, progress)
    }
}

/// How far the release came that makes this installation rest. Who does not know its installation rests after any release.
pub(super) fn rests(lease: &Lease, installation: &str) -> Option<Progress> {
    let released = lease.annotations().get(RELEASED)?;
    let mut all = released.split(',').map(str::trim).filter(|uid| !uid.is_empty()).peekable();
    let every = installation.is_empty() || all.peek().is_none();
    if !every && !all.any(|uid| uid == installation) {
        return None;
    }
    // An administrator who writes the annotation by hand says that much and no more.
    let progress = lease.annotations().get(PROGRESS).map(String::as_str);
    Some(Progress::ALL.into_iter().find(|known| progress == Some(known.as_str())).unwrap_or(Progress::Done))
}

/// The Lease of an installation that works under a cluster name: nothing is released.
pub(super) fn works(lease: Lease, installation: &str, cluster: &str) -> Lease {
    let lease = annotated(Marks::default().put(lease), CLUSTER, Some(cluster.to_owned()));
    annotated(lease, INSTALLATION, (!installation.is_empty()).then(|| installation.to_owned()))
}

/// The cluster name of the last leader.
pub(super) fn cluster(lease: &Lease) -> Option<&str> {
    lease.annotations().get(CLUSTER).map(String::as_str)
}

/// The Lease while a release works: the installation that led last rests, and so does the one that the release belongs to.
pub(super) fn releases(lease: Lease, own: &str) -> Lease {
    let led = lease.annotations().get(INSTALLATION).cloned().unwrap_or_default();
    let mut resting = vec![led.as_str(), own];
    resting.retain(|uid| !uid.is_empty());
    resting.dedup();
    let resting = resting.join(",");
    progressed(annotated(lease, RELEASED, Some(resting)), Progress::Working)
}

pub(super) fn progressed(lease: Lease, progress: Progress) -> Lease {
    annotated(lease, PROGRESS, Some(progress.as_str().to_owned()))
}

fn annotated(mut lease: Lease, key: &str, value: Option<String>) -> Lease {
    let mut annotations = lease.metadata.annotations.take().unwrap_or_default();
    match value {
        Some(value) => annotations.insert(key.to_owned(), value),
        None => annotations.remove(key),
    };
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

pub(super) fn freed(mut lease: Lease) -> Lease {
    lease.spec.get_or_insert_default().holder_identity = Some(String::new());
    lease
}

/// The host's time, also when a test moves the operator's clock: other processes show it to people.
fn host_time() -> MicroTime {
    MicroTime(Clock::default().now())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Lease after this installation led and that one released; an installation without a uid is "".
    fn after(led: &str, own: &str) -> Lease {
        releases(works(fresh("leader", "x"), led, "blue"), own)
    }

    #[test]
    fn a_release_lets_the_installation_rest_that_led_and_not_the_user_who_released() {
        for (what, led, own, asks, rest) in [
            ("the hook, with the ServiceAccount of the operator", "one", "one", "one", true),
            ("an administrator", "one", "", "one", true),
            ("the hook of an installation that never led", "one", "two", "two", true),
            ("the hook, and who led before", "one", "two", "one", true),
            ("a new installation after the hook", "one", "one", "two", false),
            ("a new installation after an administrator", "one", "", "two", false),
            ("nobody knows who led", "", "", "one", true),
            ("nobody knows who led, but the hook knows itself", "", "one", "one", true),
            ("nobody knows who led, and another installation asks", "", "one", "two", false),
            ("who asks does not know itself", "one", "", "", true),
        ] {
            assert_eq!(rests(&after(led, own), asks).is_some(), rest, "{what}");
        }
        assert_eq!(rests(&works(after("one", ""), "two", "blue"), "one"), None, "a new installation works");
        assert_eq!(rests(&fresh("leader", "x"), ""), None, "nothing was released");
    }

    #[test]
    fn a_lease_says_how_far_the_release_came() {
        let lease = after("one", "");
        assert_eq!(rests(&lease, "one"), Some(Progress::Working));
        for progress in Progress::ALL {
            assert_eq!(rests(&progressed(lease.clone(), progress), "one"), Some(progress));
        }
        let by_hand = annotated(fresh("leader", "x"), RELEASED, Some("one, two".into()));
        assert_eq!(rests(&by_hand, "two"), Some(Progress::Done));
    }

    #[test]
    fn marks_are_put_back_as_they_were() {
        for before in
            [works(fresh("leader", "x"), "one", "blue"), progressed(after("one", ""), Progress::Done)]
        {
            let again = Marks::of(&before).put(releases(before.clone(), "two"));
            assert_eq!(again.metadata.annotations, before.metadata.annotations);
        }
    }
}
