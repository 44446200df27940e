//! A reconcile of an object that stands for something in AWS: resolve, apply, report.

use std::marker::PhantomData;
use std::sync::Arc;

use jiff::SignedDuration;
use kube::{Resource, ResourceExt};

use crate::api::{AwsAccount, Identity, Mode, ObjectStatus as _};
use crate::aws::Aws;
use crate::engine::context::Context;
use crate::engine::object::{Controlled, EventRecord, ObjectId, ObjectKey, Report, Requeue, Success};
use crate::engine::pipeline::apply::{Subject, Witness, apply};
use crate::engine::pipeline::deeds::Deeds;
use crate::engine::pipeline::deletions::Deletions;
use crate::engine::pipeline::kind::{Kind, Scope, Settings};
use crate::engine::pipeline::pinned::{check_pinned, withdrawn};
use crate::engine::pipeline::screen::Owner;
use crate::engine::pipeline::teardown;
use crate::engine::reconciler::Reconciler;
use crate::engine::status::publish::Publisher;
use crate::engine::status::summary::{self, StatusInput};
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::sessions::Session;
use kube::core::object::HasStatus;

/// The reconciler of every kind that is backed by AWS.
#[derive(Debug)]
pub struct Pipeline<K: Kind> {
    publisher: Publisher<K::Object>,
    pub(in crate::engine) deletions: Deletions,
    pub(in crate::engine) deeds: Deeds<K::Step>,
    kind: PhantomData<K>,
}

impl<K: Kind> Pipeline<K> {
    /// The pipeline of a kind; the publisher pins identities before the first write.
    pub fn new(publisher: Publisher<K::Object>) -> Self {
        Self { publisher, deletions: Deletions::default(), deeds: Deeds::default(), kind: PhantomData }
    }
}

impl<K: Kind> Pipeline<K> {
    /// Lets go of what an object stands for, whatever its policies say, and takes our finalizer off it. The object and
    /// the resource in AWS stay.
    pub async fn release(&self, object: &Arc<K::Object>, context: &Context) -> Result<Vec<EventRecord>> {
        let mut reconcile = Reconcile::<K>::new(object, context, self);
        teardown::release(&mut reconcile).await?;
        self.publisher.remove_finalizer(object).await?;
        Ok(reconcile.events)
    }
}

/// The status of a kind's object.
pub(in crate::engine) type StatusOf<K> = <<K as Kind>::Object as HasStatus>::Status;

impl<K: Kind> Reconciler for Pipeline<K> {
    type Object = K::Object;

    async fn reconcile(&self, object: Arc<K::Object>, context: &Context) -> Report<StatusOf<K>> {
        let mut reconcile = Reconcile::<K>::new(&object, context, self);
        let deleting = object.meta().deletion_timestamp.is_some();
        let mut outcome = reconcile.attempt(deleting).await;
        if reconcile.lost_its_session(&outcome) {
            outcome = reconcile.attempt(deleting).await;
            reconcile.lost_its_session(&outcome);
        }
        if outcome.as_ref().is_ok_and(|done| done.gone) {
            K::fill_status(&mut reconcile.status, None, None);
        }
        let outcome = if deleting {
            outcome.map_err(|error| teardown::blocked_by::<K>(&object, error))
        } else {
            outcome
        };
        Report { status: reconcile.status, outcome, events: reconcile.events }
    }

    fn forget(&self, key: &ObjectKey) {
        self.deeds.forget(key);
    }

    fn needs_finalizer(&self, object: &K::Object) -> bool {
        K::OWNED && K::settings(object).mode == Mode::Enforce
    }

    fn interval(&self, object: &K::Object) -> SignedDuration {
        K::settings(object).interval
    }
}

/// One reconcile over one object.
pub(in crate::engine) struct Reconcile<'a, K: Kind> {
    pub(in crate::engine) object: &'a K::Object,
    pub(in crate::engine) context: &'a Context,
    pub(in crate::engine) pipeline: &'a Pipeline<K>,
    pub(in crate::engine) status: StatusOf<K>,
    pub(in crate::engine) events: Vec<EventRecord>,
    session: Option<Arc<Session>>,
}

impl<'a, K: Kind> Reconcile<'a, K> {
    fn new(object: &'a K::Object, context: &'a Context, pipeline: &'a Pipeline<K>) -> Self {
        let status = object.status().cloned().unwrap_or_default();
        Self { object, context, pipeline, status, events: Vec::new(), session: None }
    }

    async fn attempt(&mut self, deleting: bool) -> Result<Success> {
        if deleting { teardown::release_or_delete(self).await } else { self.converge().await }
    }

    fn lost_its_session(&mut self, outcome: &Result<Success>) -> bool {
        outcome.as_ref().err().is_some_and(|error| self.drop_refused_session(error))
    }

    /// Drops the session that was used if AWS refused the session itself, so that another attempt signs in anew. Returns whether it
    /// did: a session may end at any time, and that is no failure of the object.
    pub(in crate::engine) fn drop_refused_session(&mut self, error: &Error) -> bool {
        if error.reason() != Reason::SignInFailed {
            return false;
        }
        let session = self.session.take();
        session.inspect(|session| self.context.accounts.forget(session)).is_some()
    }

    /// Resolve, apply, report.
    async fn converge(&mut self) -> Result<Success> {
        let settings = K::settings(self.object);
        let Resolved { account, owner, identity, want, mark } = self.resolve(&settings)?;
        let aws = self.sign_in(&account).await?;
        let (object, stop) = (self.object, &self.context.stop);
        let subject = Subject { object, identity: &identity, settings: &settings, owner: &owner };
        let mut witness = Teller { reconcile: self, identity: &identity };
        let applied = apply::<K>(subject, &aws, &want, &mut witness, stop).await;
        if applied.as_ref().is_err_and(|error| REFUSALS.contains(&error.reason())) {
            self.wait_for_owner(&identity, mark);
        }
        self.report(identity, &want, &settings, applied?)
    }

    /// What the object stands for and what it declares, from caches alone.
    fn resolve(&self, settings: &Settings) -> Result<Resolved<K>> {
        let (caches, references) = (&self.context.caches, &self.context.references);
        let account = caches.account(&settings.account)?;
        let owner = self.owner(&account);
        let namespace = self.object.namespace().unwrap_or_default();
        let name = self.object.name_any();
        let scope =
            Scope { account: &account, caches, owner_tag: &owner.tag, namespace: &namespace, name: &name };

        let pinned = self.status.identity();
        let identity = K::identify(self.object, &scope)
            .map_err(|error| withdrawn::<K>(error, pinned, &scope, settings))?;
        check_pinned(pinned, &identity)?;
        let mark = references.writes();
        references.depends_on_aws(&self.target(), &K::depends_on(self.object, &identity), mark);
        // Grants are checked first: a namespace without a grant must cause no look-up and learn nothing about other objects.
        caches.check_grants(&account, &namespace, &K::required_grants(&identity, settings.mode))?;
        let want = K::declare(self.object, &identity, &scope)?;
        if settings.mode == Mode::Enforce {
            caches.check_grants(&account, &namespace, &K::grants_of_state(&identity, &want))?;
        }
        Ok(Resolved { account, owner, identity, want, mark })
    }

    /// Has the object woken when another object of ours lets the resource go.
    fn wait_for_owner(&self, identity: &Identity, mark: u64) {
        let mut awaited = K::depends_on(self.object, identity);
        awaited.push(identity.clone());
        self.context.references.depends_on_aws(&self.target(), &awaited, mark);
    }

    /// Carries out one step, and tells whom it concerns.
    pub(in crate::engine) async fn execute(
        &self,
        aws: &Aws,
        identity: &Identity,
        step: &K::Step,
    ) -> Result<Option<K::Facts>> {
        K::executing(self.context, identity, step);
        let facts = K::execute(aws, identity, step).await?;
        K::executed(self.context, identity, step);
        Ok(facts)
    }

    /// Writes the identity into status, so that a deletion finds the resource whatever becomes of the spec. `first` is the step that
    /// follows; without one nothing is written now.
    async fn pin(&mut self, identity: Identity, first: Option<String>) -> Result<()> {
        self.status.pin(identity);
        let Some(message) = first else { return Ok(()) };
        let of = StatusInput { generation: self.object.meta().generation, ..StatusInput::default() };
        let before = self.status.common().clone();
        let mut status = self.status.clone();
        *status.common_mut() = summary::starting(&before, &of, &message, self.context.clock.now());
        let _urgent = self.context.urgent_writes.begin();
        if self.pipeline.publisher.status(self.object, &status).await? {
            return Ok(());
        }
        Err(Error::waiting(Reason::Progressing, "the object is gone, so that nothing is made for it"))
    }

    pub(in crate::engine) fn target(&self) -> ObjectId {
        ObjectId::new(K::Object::KIND, ObjectKey::of(self.object))
    }

    pub(in crate::engine) fn owner(&self, account: &AwsAccount) -> Owner {
        let namespace = self.object.namespace().unwrap_or_default();
        Owner::new(&self.context.cluster, &account.spec.former_clusters, &namespace, &self.object.name_any())
    }

    pub(in crate::engine) async fn sign_in(&mut self, account: &AwsAccount) -> Result<Aws> {
        let session = self
            .context
            .accounts
            .session(account)
            .await
            .map_err(|error| error.of_account(&account.name_any()))?;
        let aws = session.aws.clone();
        self.session = Some(session);
        Ok(aws)
    }
}

/// What an object stands for and what it declares.
struct Resolved<K: Kind> {
    account: Arc<AwsAccount>,
    owner: Owner,
    identity: Identity,
    want: K::State,
    /// How many writes of ours to AWS were made before the look.
    mark: u64,
}

/// Why a resource may not be touched that exists in AWS. The object is woken when another object of ours lets the resource go.
const REFUSALS: [Reason; 2] = [Reason::OwnedByOther, Reason::AdoptionRefused];

/// Pins the identity before the first step, and tells others of each step.
struct Teller<'p, 'a, K: Kind> {
    reconcile: &'p mut Reconcile<'a, K>,
    identity: &'p Identity,
}

impl<K: Kind> Witness<K> for Teller<'_, '_, K> {
    async fn planned(&mut self, have: Option<&K::State>, steps: &[K::Step]) -> Result<()> {
        self.reconcile.report_shown(self.identity, have, steps);
        if self.reconcile.status.identity() == Some(self.identity) {
            return Ok(());
        }
        let first = steps.first().map(|step| format!("{}: {step}", self.identity.with_kind()));
        self.reconcile.pin(self.identity.clone(), first).await
    }

    fn executing(&self, step: &K::Step) {
        K::executing(self.reconcile.context, self.identity, step);
    }

    fn executed(&self, step: &K::Step) {
        K::executed(self.reconcile.context, self.identity, step);
    }
}

impl Success {
    /// Nothing was looked at, and nothing is due: somebody asked for that. `why` says who.
    pub fn suspended(why: impl Into<String>) -> Self {
        Self::ready(Reason::Suspended, why, Requeue::Never)
    }
}
