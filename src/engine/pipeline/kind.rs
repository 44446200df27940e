//! The one trait that a kind implements that is backed by AWS.

use std::fmt;
use std::future::Future;

use crate::api::{AdoptionPolicy, AwsAccount, DeletionPolicy, Identity, Management, Mode, Tags};
use crate::aws::Aws;
use crate::engine::context::Context;
use crate::engine::object::Controlled;
use crate::engine::pipeline::downstreams::Downstreams;
use crate::engine::pipeline::grants::{self, Access};
use crate::engine::pipeline::steps::Unfinished;
use crate::engine::watching::caches::Caches;
use crate::error::Result;
use jiff::SignedDuration;
use kube::core::object::HasStatus;

/// A kind that declares something in AWS.
///
/// `identify` and `declare` are pure; `plan` and `release` are pure, total and know no clock; `observe`,
/// `blockers` and `execute` are plain SDK calls.
pub trait Kind: Sized + Send + Sync + 'static {
    /// Whether a resource in AWS is this object's alone, so that it carries our tag and the object a finalizer.
    const OWNED: bool = true;
    /// Whether the steps are independent: a step that AWS refuses does not keep the other steps from being executed.
    const INDEPENDENT: bool = false;
    /// The custom resource.
    type Object: Controlled;
    /// The normal form of both sides: in sync is `==`.
    type State: Clone + fmt::Debug + PartialEq + Send + Sync;
    /// One AWS call, complete. Its `Display` is a sentence part such as `set tag team to a`.
    type Step: Clone + fmt::Debug + fmt::Display + PartialEq + Send + Sync;
    /// What AWS says beyond the state, for status.
    type Facts: Clone + fmt::Debug + Send + Sync;

    /// How the object is managed.
    fn settings(object: &Self::Object) -> Settings;

    /// The AWS names that the spec resolves to. A reference that does not resolve is an error that waits.
    fn identify(object: &Self::Object, scope: &Scope<'_>) -> Result<Identity>;

    /// The state that the spec declares, with the owner tag where the kind has tags.
    fn declare(object: &Self::Object, identity: &Identity, scope: &Scope<'_>) -> Result<Self::State>;

    /// What the object's namespace must be granted for the resource: checked before each reconcile and before a deletion.
    fn required_grants(identity: &Identity, mode: Mode) -> Vec<Access> {
        grants::on_resource(identity, mode)
    }

    /// What the namespace must be granted beyond [`Self::required_grants`] for what the state names: upstreams, external
    /// connections.
    fn grants_of_state(_identity: &Identity, _state: &Self::State) -> Vec<Access> {
        Vec::new()
    }

    /// The state in AWS, narrowed to what the object manages; `None` when it does not exist.
    fn observe(
        aws: &Aws,
        identity: &Identity,
        object: &Self::Object,
        want: Option<&Self::State>,
    ) -> impl Future<Output = Result<Option<Observed<Self>>>> + Send;

    /// The writes, in order, that turn `have` into `want`. `want` is `None` when the resource is to be deleted.
    fn plan(want: Option<&Self::State>, have: Option<&Self::State>) -> Vec<Self::Step>;

    /// The writes that let the resource go and leave it in AWS.
    fn release(have: &Self::State) -> Vec<Self::Step>;

    /// Whether nothing is left to delete of what AWS shows; `have` is `None` when nothing exists.
    fn is_deleted(_identity: &Identity, have: Option<&Self::State>) -> bool {
        have.is_none()
    }

    /// Whether AWS shows the effect of a step; `have` is `None` when nothing exists.
    fn shows(step: &Self::Step, have: Option<&Self::State>) -> bool;

    /// Carries out one step. Repeating a step that already took effect is a success. Returns facts when AWS answered with them.
    fn execute(
        aws: &Aws,
        identity: &Identity,
        step: &Self::Step,
    ) -> impl Future<Output = Result<Option<Self::Facts>>> + Send;

    /// What stands in AWS in the way of deletion.
    fn blockers(
        downstreams: &Downstreams,
        aws: &Aws,
        identity: &Identity,
        object: &Self::Object,
    ) -> impl Future<Output = Result<Vec<Blocker>>> + Send;

    /// Other AWS resources that decide whether the object can be as declared: the object is reconciled again when the operator
    /// writes one of them.
    fn depends_on(_object: &Self::Object, _identity: &Identity) -> Vec<Identity> {
        Vec::new()
    }

    /// Called before a step is executed.
    fn executing(_context: &Context, _identity: &Identity, _step: &Self::Step) {}

    /// Called after a step took effect, to record the effect and to wake dependents.
    fn executed(_context: &Context, _identity: &Identity, _step: &Self::Step) {}

    /// Puts into status what is now known. `facts` is `None` when nothing exists.
    fn fill_status(
        status: &mut <Self::Object as HasStatus>::Status,
        state: Option<&Self::State>,
        facts: Option<&Self::Facts>,
    );

    /// Puts into status that the spec of a generation was carried out from beginning to end.
    fn carried_out(_status: &mut <Self::Object as HasStatus>::Status, _generation: Option<i64>) {}

    /// Puts into status what a reconcile achieved that took only some steps; `facts` are those from before it. Returns what the user
    /// should know of the steps that failed.
    fn fill_status_unfinished(
        _status: &mut <Self::Object as HasStatus>::Status,
        _want: &Self::State,
        _facts: Option<&Self::Facts>,
        _unfinished: Unfinished<'_, Self::Step>,
    ) -> Option<String> {
        None
    }

    /// What differs and can never be changed in AWS, as part of a sentence.
    fn fixed_difference(_want: &Self::State, _have: &Self::State) -> Option<String> {
        None
    }

    /// A sentence that says why the resource in AWS could not be compared with the spec; `None` when it was compared.
    fn not_compared(_facts: Option<&Self::Facts>) -> Option<&'static str> {
        None
    }

    /// What the user should know beyond the state, in sentences; it follows the message of the Ready condition. `facts` are the
    /// newest.
    fn ready_note(_want: &Self::State, _facts: Option<&Self::Facts>) -> Option<String> {
        None
    }

    /// The tags of the resource; `None` where the kind has none.
    fn tags(_state: &Self::State) -> Option<&Tags> {
        None
    }

    /// The same state with other tags.
    fn with_tags(state: &Self::State, _tags: Tags) -> Self::State {
        state.clone()
    }
}

/// Something in AWS that stands in the way of a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    /// What it is, for the user.
    pub text: String,
    /// The repository of the same domain that it is, where it is one.
    pub repository: Option<String>,
}

impl Blocker {
    /// A repository that must change or go first.
    pub fn repository(name: &str, text: impl Into<String>) -> Self {
        Self { text: text.into(), repository: Some(name.into()) }
    }

    /// Something else.
    pub fn other(text: impl Into<String>) -> Self {
        Self { text: text.into(), repository: None }
    }
}

/// Whose a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership<'a> {
    /// The kind has no tags: several objects may speak of the same thing.
    Shared,
    /// Nobody's tag is on it.
    Untagged,
    /// The value of the owner tag.
    Tagged(&'a str),
}

/// How an object is managed.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Name of the AwsAccount.
    pub account: String,
    /// Whether AWS is written.
    pub mode: Mode,
    /// What to do with what exists untagged.
    pub adoption: AdoptionPolicy,
    /// What happens at deletion. `DeleteIfEmpty` is `Delete` with another blocker.
    pub deletion: DeletionPolicy,
    /// How often AWS is checked for drift.
    pub interval: SignedDuration,
}

impl Settings {
    /// What a spec says about management and deletion.
    pub fn new(management: &Management, deletion: DeletionPolicy) -> Self {
        Self {
            account: management.account_ref.name.clone(),
            mode: management.mode,
            adoption: management.adoption_policy,
            deletion,
            interval: interval(management.interval),
        }
    }
}

/// An interval as the engine reckons.
pub fn interval(interval: kube::core::Duration) -> SignedDuration {
    SignedDuration::try_from(std::time::Duration::from(interval)).unwrap_or(SignedDuration::MAX)
}

/// What AWS holds.
#[derive(Clone, Debug)]
pub struct Observed<K: Kind> {
    /// The normal form.
    pub state: K::State,
    /// The rest.
    pub facts: K::Facts,
}

/// What a spec is resolved against.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The AwsAccount.
    pub account: &'a AwsAccount,
    /// The objects that references may name.
    pub caches: &'a Caches,
    /// Value of our owner tag for this object.
    pub owner_tag: &'a str,
    /// The object's namespace.
    pub namespace: &'a str,
    /// The object's name.
    pub name: &'a str,
}

impl Scope<'_> {
    /// Refuses what no grant gives to the object's namespace.
    pub fn refuse_unless_granted(&self, claim: Access) -> Result<()> {
        self.caches.check_grants(self.account, self.namespace, &[claim])
    }

    /// All tags that the resource is to carry: the account's, then the object's, then ours.
    pub fn tags(&self, own: &Tags) -> Tags {
        let mut tags = self.account.spec.tags.clone();
        tags.extend(own.clone());
        tags.insert(crate::api::OWNER_TAG.into(), self.owner_tag.into());
        tags
    }
}
