//! Which of the planned steps may be taken. Pure.

use super::kind::{Kind, Ownership, Settings};
use crate::api::{AdoptionPolicy, Mode};
use crate::error::{Error, Reason, Result};

/// Whose tags count as this object's.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Value of this object's owner tag: `<cluster>/<namespace>/<name>`.
    pub tag: String,
    /// The same of former clusters.
    pub former: Vec<String>,
}

impl Owner {
    /// The owner tags of an object of this cluster and of former ones.
    pub fn new(cluster: &str, former_clusters: &[String], namespace: &str, name: &str) -> Self {
        let tag = |cluster: &str| format!("{cluster}/{namespace}/{name}");
        Self { tag: tag(cluster), former: former_clusters.iter().map(|cluster| tag(cluster)).collect() }
    }

    /// Whether the tag's value is this object's.
    pub fn is(&self, tag: &str) -> bool {
        self.tag == tag || self.former.iter().any(|former| former == tag)
    }
}

/// What comes of a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<S> {
    /// The steps are taken, in this order.
    Take(Vec<S>),
    /// The steps are shown and not taken.
    Hold(Vec<S>),
}

/// Decides by mode, ownership and adoption policy; what may not be done at all is an error that stalls. `what` names the resource
/// in that error.
pub fn screen<K: Kind>(
    settings: &Settings,
    owner: &Owner,
    what: &str,
    want: &K::State,
    have: Option<&K::State>,
) -> Result<Verdict<K::Step>> {
    if settings.mode == Mode::Observe {
        // Observe ignores ownership: with our owner tag assumed, only real differences are reported.
        let have = have.map(|have| K::claimed(have, &owner.tag));
        return Ok(Verdict::Hold(K::plan(Some(want), have.as_ref())));
    }
    let steps = K::plan(Some(want), have);
    match have.map(K::owner) {
        None | Some(Ownership::Shared) => Ok(Verdict::Take(steps)),
        Some(Ownership::Tagged(tag)) if owner.is(tag) => Ok(Verdict::Take(steps)),
        Some(Ownership::Tagged(tag)) => Err(Error::stalled(
            Reason::OwnedByOther,
            format!(
                "{what} exists in AWS and its tag {} says that {tag} owns it; delete or release the object that owns it, or list the cluster \
                 of that object in the AwsAccount's spec.formerClusters",
                crate::api::OWNER_TAG
            ),
        )),
        Some(Ownership::Untagged) => {
            let differences =
                have.map(|have| K::plan(Some(want), Some(&K::claimed(have, &owner.tag)))).unwrap_or_default();
            let fixed = have.and_then(|have| K::fixed_difference(want, have));
            adopt(settings.adoption, what, fixed, &differences, steps)
        }
    }
}

/// What becomes of a resource that nobody owns. `fixed` is a difference that no step can remove.
fn adopt<S: std::fmt::Display>(
    policy: AdoptionPolicy,
    what: &str,
    fixed: Option<String>,
    differences: &[S],
    steps: Vec<S>,
) -> Result<Verdict<S>> {
    match policy {
        AdoptionPolicy::Overwrite => Ok(Verdict::Take(steps)),
        AdoptionPolicy::IfIdentical if fixed.is_some() => Err(Error::stalled(
            Reason::AdoptionRefused,
            format!(
                "{what} exists in AWS and differs, so adoptionPolicy IfIdentical leaves it alone: {}; make an object that declares what is \
                 there, or set spec.adoptionPolicy to Overwrite to take it over as it is",
                fixed.unwrap_or_default()
            ),
        )),
        AdoptionPolicy::IfIdentical if differences.is_empty() => Ok(Verdict::Take(steps)),
        AdoptionPolicy::IfIdentical => Err(Error::stalled(
            Reason::AdoptionRefused,
            format!(
                "{what} exists in AWS and differs, so adoptionPolicy IfIdentical leaves it alone; Overwrite would: {}",
                sentence(differences)
            ),
        )),
        AdoptionPolicy::Never => Err(Error::stalled(
            Reason::AdoptionRefused,
            format!(
                "{what} exists in AWS and this object does not own it; set spec.adoptionPolicy to IfIdentical or Overwrite to take it over, \
                 or spec.mode to Observe to watch it"
            ),
        )),
    }
}

/// Steps as part of a sentence.
pub fn sentence<S: std::fmt::Display>(steps: &[S]) -> String {
    steps.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
