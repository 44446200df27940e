//! Which of the planned steps may be taken. Pure.

use crate::api::{AdoptionPolicy, Mode, OWNER_TAG};
use crate::engine::pipeline::kind::{Kind, Ownership, Settings};
use crate::engine::pipeline::tags;
use crate::error::{Error, Result};
use crate::reason::Reason;

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
    Observe(Vec<S>),
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
        let have = have.map(|have| tags::claimed::<K>(have, &owner.tag));
        return Ok(Verdict::Observe(K::plan(Some(want), have.as_ref())));
    }
    let steps = K::plan(Some(want), have);
    match have.map(tags::owner::<K>) {
        None | Some(Ownership::Shared) => Ok(Verdict::Take(steps)),
        Some(Ownership::Tagged(tag)) if owner.is(tag) => Ok(Verdict::Take(steps)),
        Some(Ownership::Tagged(tag)) => Err(Error::stalled(Reason::OwnedByOther, owned(what, tag, owner))),
        Some(Ownership::Untagged) => {
            let differences = have
                .map(|have| K::plan(Some(want), Some(&tags::claimed::<K>(have, &owner.tag))))
                .unwrap_or_default();
            let fixed = have.and_then(|have| K::fixed_difference(want, have));
            adopt(settings.adoption, what, fixed, &differences, steps)
        }
    }
}

/// Whose the resource is, and the way out that fits.
fn owned(what: &str, tag: &str, owner: &Owner) -> String {
    let parts =
        |tag: &str| tag.split_once('/').map(|(cluster, object)| (cluster.to_owned(), object.to_owned()));
    let (Some((cluster, object)), Some((own_cluster, own_object))) = (parts(tag), parts(&owner.tag)) else {
        return format!(
            "{what} exists in AWS and its tag {OWNER_TAG} says that {tag} owns it; remove the tag if that is not so"
        );
    };
    if cluster == own_cluster {
        return format!(
            "{what} exists in AWS and is owned by the object {object} of this cluster; delete that object, which leaves the resource in AWS \
             under deletionPolicy Retain, or make a new object with another spec.name"
        );
    }
    let former = if object == own_object {
        format!(
            "if this cluster had that name earlier, or has replaced that cluster, list {cluster} in spec.formerClusters of the AwsAccount; \
             otherwise "
        )
    } else {
        String::new()
    };
    format!(
        "{what} exists in AWS and is owned by the object {object} of cluster {cluster} (tag {OWNER_TAG}); {former}delete that object \
         there under deletionPolicy Retain, which leaves the resource in AWS"
    )
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{DeletionPolicy, DomainSpec, Management};
    use crate::domain::DomainKind;
    use crate::domain::state::DomainState;

    #[test]
    fn the_owner_is_told_with_the_way_out_that_fits() {
        let owner = Owner::new("blue", &[], "team", "store");
        let table = [
            (
                "blue/other/mine",
                "is owned by the object other/mine of this cluster; delete that object, which leaves the resource in AWS under \
                 deletionPolicy Retain, or make a new object with another spec.name",
            ),
            (
                "green/team/store",
                "if this cluster had that name earlier, or has replaced that cluster, list green in spec.formerClusters of the AwsAccount; \
                 otherwise delete that object there under deletionPolicy Retain, which leaves the resource in AWS",
            ),
            (
                "green/team/other",
                "is owned by the object team/other of cluster green (tag codeartifact-operator.dev/owner); delete that \
                 object there under deletionPolicy Retain, which leaves the resource in AWS",
            ),
            ("nonsense", "says that nonsense owns it; remove the tag if that is not so"),
        ];
        for (tag, expected) in table {
            let text = owned("Repository acme/store", tag, &owner);
            assert!(
                text.starts_with("Repository acme/store exists in AWS and ") && text.ends_with(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn an_object_is_the_owner_under_the_name_of_its_cluster_and_of_former_ones() {
        let owner = Owner::new("blue", &["green".into()], "team", "store");
        for (tag, expected) in [
            ("blue/team/store", true),
            ("green/team/store", true),
            ("red/team/store", false),
            ("blue/team/other", false),
            ("", false),
        ] {
            assert_eq!(owner.is(tag), expected, "{tag}");
        }
    }

    /// A domain in AWS: its owner tag, and the value of its tag `team`.
    fn domain(owner: Option<&str>, team: &str) -> DomainState {
        let owner = owner.map(|owner| (OWNER_TAG.to_owned(), owner.to_owned()));
        let tags = owner.into_iter().chain([("team".to_owned(), team.to_owned())]).collect();
        DomainState::declared(&DomainSpec::default(), tags)
    }

    #[test]
    fn mode_owner_and_adoption_policy_decide_what_becomes_of_a_plan() {
        use AdoptionPolicy::{IfIdentical, Never, Overwrite};
        let refused = Err(Reason::AdoptionRefused);
        let (ours, theirs) = (Some("blue/team/acme"), Some("blue/other/acme"));
        let table = [
            ("nothing exists", Mode::Enforce, Never, None, Ok("take create the domain")),
            ("ours", Mode::Enforce, Never, Some(domain(ours, "a")), Ok("take ")),
            (
                "ours, and differs",
                Mode::Enforce,
                Never,
                Some(domain(ours, "b")),
                Ok("take set tag team to \"a\""),
            ),
            ("another's", Mode::Enforce, Overwrite, Some(domain(theirs, "a")), Err(Reason::OwnedByOther)),
            ("nobody's", Mode::Enforce, Never, Some(domain(None, "a")), refused),
            (
                "nobody's, identical",
                Mode::Enforce,
                IfIdentical,
                Some(domain(None, "a")),
                Ok("take set tag codeartifact-operator.dev/owner to \"blue/team/acme\""),
            ),
            ("nobody's, differs", Mode::Enforce, IfIdentical, Some(domain(None, "b")), refused),
            (
                "nobody's, overwritten",
                Mode::Enforce,
                Overwrite,
                Some(domain(None, "b")),
                Ok("take set tags codeartifact-operator.dev/owner to \"blue/team/acme\", team to \"a\""),
            ),
            (
                "another's, observed",
                Mode::Observe,
                Never,
                Some(domain(theirs, "b")),
                Ok("hold set tag team to \"a\""),
            ),
            ("nobody's, observed", Mode::Observe, Never, Some(domain(None, "a")), Ok("hold ")),
        ];
        let owner = Owner::new("blue", &[], "team", "acme");
        let want = domain(ours, "a");
        for (what, mode, adoption, have, expected) in table {
            let management = Management { mode, adoption_policy: adoption, ..Management::default() };
            let settings = Settings::new(&management, DeletionPolicy::Retain);
            let verdict = screen::<DomainKind>(&settings, &owner, "domain acme", &want, have.as_ref());
            let verdict = verdict.map_err(|error| error.reason()).map(|verdict| match verdict {
                Verdict::Take(steps) => format!("take {}", sentence(&steps)),
                Verdict::Observe(steps) => format!("hold {}", sentence(&steps)),
            });
            assert_eq!(verdict, expected.map(str::to_owned), "{what}");
        }
    }

    #[test]
    fn what_overwrite_would_do_is_named() {
        let management = Management { adoption_policy: AdoptionPolicy::IfIdentical, ..Management::default() };
        let settings = Settings::new(&management, DeletionPolicy::Retain);
        let owner = Owner::new("blue", &[], "team", "acme");
        let (want, have) = (domain(Some("blue/team/acme"), "a"), domain(None, "b"));
        let error = screen::<DomainKind>(&settings, &owner, "domain acme", &want, Some(&have)).unwrap_err();
        assert!(error.to_string().ends_with("Overwrite would: set tag team to \"a\""), "{error}");
    }
}
