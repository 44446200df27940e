//! From the spec to AWS: declare, observe, plan, screen, execute.

use std::marker::PhantomData;
use std::sync::Arc;

use jiff::SignedDuration;
use kube::{Resource, ResourceExt};

use crate::api::{AwsAccount, Identity, Mode};
use crate::aws::{Aws, AwsErrorKind};
use crate::engine::context::Context;
use crate::engine::object::{Again, Controlled, Done, Note, ObjectKey, Report, Target};
use crate::engine::pipeline::deeds::Deeds;
use crate::engine::pipeline::deletions::Deletions;
use crate::engine::pipeline::kind::{Kind, Scope};
use crate::engine::pipeline::screen::{Owner, Verdict, screen};
use crate::engine::pipeline::steps::{self, Taken};
use crate::engine::pipeline::teardown;
use crate::engine::reconciler::Reconciler;
use crate::engine::status::publish::Publisher;
use crate::engine::status::summary::{self, Circumstances};
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::sessions::Session;

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
    pub async fn release(&self, object: &Arc<K::Object>, context: &Context) -> Result<Vec<Note>> {
        let mut pass = Pass::<K>::new(object, context, self);
        teardown::release(&mut pass).await?;
        self.publisher.remove_finalizer(object).await?;
        Ok(pass.notes)
    }
}

/// The status of a kind's object.
pub(in crate::engine) type StatusOf<K> = <<K as Kind>::Object as Controlled>::Status;

impl<K: Kind> Reconciler for Pipeline<K> {
    type Object = K::Object;

    async fn reconcile(&self, object: Arc<K::Object>, context: &Context) -> Report<StatusOf<K>> {
        let mut pass = Pass::<K>::new(&object, context, self);
        let deleting = object.meta().deletion_timestamp.is_some();
        let outcome =
            if deleting { teardown::release_or_delete(&mut pass).await } else { pass.converge().await };
        if let (Some(session), Err(Error::Aws(error))) = (&pass.session, &outcome)
            && error.kind == AwsErrorKind::SignIn
        {
            context.accounts.forget(session);
        }
        if outcome.as_ref().is_ok_and(|done| done.gone) {
            K::tell(&mut pass.status, None, None);
        }
        let outcome = if deleting {
            outcome.map_err(|error| teardown::blocked_by::<K>(&object, error))
        } else {
            outcome
        };
        Report { status: pass.status, outcome, notes: pass.notes }
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

/// One pass over one object.
pub(in crate::engine) struct Pass<'a, K: Kind> {
    pub(in crate::engine) object: &'a K::Object,
    pub(in crate::engine) context: &'a Context,
    pub(in crate::engine) pipeline: &'a Pipeline<K>,
    pub(in crate::engine) status: StatusOf<K>,
    pub(in crate::engine) notes: Vec<Note>,
    session: Option<Arc<Session>>,
}

impl<'a, K: Kind> Pass<'a, K> {
    fn new(object: &'a K::Object, context: &'a Context, pipeline: &'a Pipeline<K>) -> Self {
        let status = object.status().cloned().unwrap_or_default();
        Self { object, context, pipeline, status, notes: Vec::new(), session: None }
    }

    async fn converge(&mut self) -> Result<Done> {
        let settings = K::settings(self.object);
        let account = self.context.caches.account(&settings.account)?;
        let owner = self.owner(&account);
        let namespace = self.object.namespace().unwrap_or_default();
        let name = self.object.name_any();
        let caches = &self.context.caches;
        let scope =
            Scope { account: &account, caches, owner_tag: &owner.tag, namespace: &namespace, name: &name };

        let identity = K::identify(self.object, &scope)?;
        check_pinned(K::pinned(&self.status), &identity)?;
        let hub = &self.context.hub;
        let mark = hub.writes();
        hub.depends_on_aws(&self.target(), &K::depends_on(self.object, &identity), mark);
        // Grants are checked first: a namespace without a grant must cause no look-up and learn nothing about other objects.
        caches.check_grants(&account, &namespace, &K::required_grants(&identity, settings.mode))?;
        let want = K::declare(self.object, &identity, &scope)?;
        if settings.mode == Mode::Enforce {
            caches.check_grants(&account, &namespace, &K::grants_of_state(&identity, &want))?;
        }
        let aws = &self.sign_in(&account).await?;
        let have = K::observe(aws, &identity, self.object, Some(&want)).await?;
        let (state, facts) = have.map(|have| (have.state, have.facts)).unzip();
        let verdict = screen::<K>(&settings, &owner, &identity.with_kind(), &want, state.as_ref())
            .inspect_err(|_| self.wait_for_owner(&identity, mark))?;
        let message = match verdict {
            Verdict::Hold(steps) => {
                let drift = Some(steps.iter().map(ToString::to_string).collect());
                let message = self.hold(identity, &want, (state.is_some(), facts.as_ref()))?;
                return Ok(Done {
                    reason: Reason::Observed,
                    drift,
                    ..Done::synced(message, settings.interval)
                });
            }
            Verdict::Take(steps) => {
                self.note_shown(&identity, state.as_ref(), &steps);
                let taken = self.take(aws, &identity, &steps, (&want, state.as_ref())).await?;
                self.finish(&identity, &want, facts, taken)?
            }
        };
        Ok(Done::synced(message, settings.interval))
    }

    /// Has the object woken when another object of ours lets the resource go.
    fn wait_for_owner(&self, identity: &Identity, mark: u64) {
        let mut awaited = K::depends_on(self.object, identity);
        awaited.push(identity.clone());
        self.context.hub.depends_on_aws(&self.target(), &awaited, mark);
    }

    /// Reports what AWS shows, and writes nothing to AWS.
    fn hold(
        &mut self,
        identity: Identity,
        want: &K::State,
        (exists, facts): (bool, Option<&K::Facts>),
    ) -> Result<String> {
        K::tell(&mut self.status, None, facts);
        if !exists && K::OWNED {
            let message = format!("{} does not exist in AWS", identity.with_kind());
            return Err(Error::waiting(Reason::NotFound, message));
        }
        // Objects that refer to this one need the identity also in the mode Observe.
        let exists = format!(
            "{} exists in AWS; spec.mode is Observe, so that nothing is written",
            identity.with_kind()
        );
        K::pin(&mut self.status, identity);
        Ok(with_remark::<K>(&exists, want, facts))
    }

    /// Reports the outcome of the steps. `facts` are the facts from before the steps.
    fn finish(
        &mut self,
        identity: &Identity,
        want: &K::State,
        facts: Option<K::Facts>,
        taken: Taken<K::Step, K::Facts>,
    ) -> Result<String> {
        if let Some(error) = taken.error {
            // Some steps may have taken effect: what was to be set must still be known as ours later.
            K::intend(&mut self.status, want);
            let steps = (taken.done.as_slice(), taken.failed.as_slice());
            let note = K::tell_unfinished(&mut self.status, want, facts.as_ref(), steps);
            return Err(note.into_iter().fold(error, |error, note| error.after(&note)));
        }
        let key = ObjectKey::of(self.object);
        self.pipeline.deeds.settled(&key, taken.done.is_empty());
        self.pipeline.deeds.matches(&key, want);
        let facts = taken.facts.or(facts);
        K::tell(&mut self.status, Some(want), facts.as_ref());
        K::carried_out(&mut self.status, self.object.meta().generation);
        if K::OWNED && !summary::is_ready(K::Object::common(&self.status)) {
            // Objects that waited for this resource are woken, whether or not something was written.
            self.context.hub.written(identity);
        }
        let message = K::not_compared(facts.as_ref()).unwrap_or("in sync with AWS");
        Ok(with_remark::<K>(message, want, facts.as_ref()))
    }

    /// Executes the steps, with the identity pinned before the first of them.
    async fn take(
        &mut self,
        aws: &Aws,
        identity: &Identity,
        steps: &[K::Step],
        states: (&K::State, Option<&K::State>),
    ) -> Result<Taken<K::Step, K::Facts>> {
        if K::pinned(&self.status) != Some(identity) {
            let first = steps.first().map(|step| format!("{}: {step}", identity.with_kind()));
            self.pin(identity.clone(), first).await?;
        }
        let this = &*self;
        let execute = |step: K::Step| async move { this.execute(aws, identity, &step).await };
        let taken = steps::take(steps, K::INDEPENDENT, &self.context.stop, execute).await;
        self.note_steps(identity, &taken, states);
        Ok(taken)
    }

    /// Carries out one step, and tells whom it concerns.
    pub(in crate::engine) async fn execute(
        &self,
        aws: &Aws,
        identity: &Identity,
        step: &K::Step,
    ) -> Result<Option<K::Facts>> {
        K::executing(self.context, identity, step);
        let told = K::execute(aws, identity, step).await?;
        K::executed(self.context, identity, step);
        Ok(told)
    }

    /// Writes the identity into status, so that a deletion finds the resource whatever becomes of the spec. `first` is the step that
    /// follows; without one nothing is written now.
    async fn pin(&mut self, identity: Identity, first: Option<String>) -> Result<()> {
        K::pin(&mut self.status, identity);
        let Some(message) = first else { return Ok(()) };
        let of = Circumstances { generation: self.object.meta().generation, ..Circumstances::default() };
        let before = K::Object::common(&self.status).clone();
        let mut status = self.status.clone();
        *K::Object::common_mut(&mut status) =
            summary::starting(&before, &of, &message, self.context.clock.now());
        let _first = self.context.first_writes.begin();
        if self.pipeline.publisher.status(self.object, &status).await? {
            return Ok(());
        }
        Err(Error::waiting(Reason::Progressing, "the object is gone, so that nothing is made for it"))
    }

    pub(in crate::engine) fn target(&self) -> Target {
        Target::new(K::Object::KIND, ObjectKey::of(self.object))
    }

    pub(in crate::engine) fn owner(&self, account: &AwsAccount) -> Owner {
        let namespace = self.object.namespace().unwrap_or_default();
        Owner::new(&self.context.cluster, &account.spec.former_clusters, &namespace, &self.object.name_any())
    }

    pub(in crate::engine) async fn sign_in(&mut self, account: &AwsAccount) -> Result<Aws> {
        let session = self.context.accounts.session(account).await.map_err(Error::of_account)?;
        let aws = session.aws.clone();
        self.session = Some(session);
        Ok(aws)
    }
}

fn with_remark<K: Kind>(message: &str, want: &K::State, facts: Option<&K::Facts>) -> String {
    K::remark(want, facts).map_or_else(|| message.into(), |remark| format!("{message}. {remark}"))
}

/// The pinned identity must still be the one that the spec names.
fn check_pinned(pinned: Option<&Identity>, named: &Identity) -> Result<()> {
    match pinned {
        Some(pinned) if pinned != named => Err(Error::stalled(
            Reason::IdentityChanged,
            format!(
                "the spec now names {} of account {} in {}, but this object manages {} of account {} in {}; put the spec back, or \
                 make a new object",
                named, named.account, named.region, pinned, pinned.account, pinned.region
            ),
        )),
        _ => Ok(()),
    }
}

impl Done {
    /// Nothing was looked at, and nothing is due: somebody asked for that. `why` says who.
    pub fn suspended(why: impl Into<String>) -> Self {
        Self::ready(Reason::Suspended, why, Again::Never)
    }
}
