//! `codeartifact-operator run`: everything wired together.

mod list;
mod supervise;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::PartialObjectMeta;
use kube::core::{ClusterResourceScope, NamespaceResourceScope};
use kube::{Api, Resource};
use tokio::sync::watch::Sender;
use tokio::task::JoinSet;

use crate::api::{COMPONENT, KindName, MANAGED_BY, MANAGER, ObjectStatus, RegistryCredential};
use crate::aws_account::AccountReconciler;
use crate::credential::CredentialReconciler;
use crate::credential::record::{SecretRecord, SeenSecret};
use crate::domain::DomainKind;
use crate::engine::context::Context;
use crate::engine::controller::Controller;
use crate::engine::object::{Controlled, ObjectId, ObjectKey};
use crate::engine::pipeline::converge::Pipeline;
use crate::engine::pipeline::kind::Kind;
use crate::engine::reconciler::Reconciler;
use crate::engine::status::events::Events;
use crate::engine::status::publish::Publisher;
use crate::engine::status::summary;
use crate::engine::watching::cache::Cache;
use crate::engine::watching::seen::Seen;
use crate::engine::watching::watch::{Change, Incoming, ListState, Watch, config, run_watch};
use crate::ops::{Expiry, Gate, Health, Readiness};
use crate::package_policy::PackagePolicyKind;
use crate::reason::Reason;
use crate::repository::RepositoryKind;

use list::InitialList;
use supervise::Supervisor;

/// How long work in flight may take once the operator has been asked to stop.
const GRACE: Duration = Duration::from_secs(25);
/// How long events may then take that wait to be written. The chart gives the pod 40 s in all.
const GRACE_OF_EVENTS: Duration = Duration::from_secs(10);

/// Watches and workers of all kinds.
pub struct Operator {
    context: Context,
    events: Events,
    namespaces: Vec<String>,
    concurrency: usize,
    watches: JoinSet<()>,
    workers: JoinSet<()>,
    starts: Vec<Box<dyn FnOnce(&mut JoinSet<()>) + Send>>,
    lists: Vec<InitialList>,
    readiness: Readiness,
    working: Gate,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator").field("namespaces", &self.namespaces).finish_non_exhaustive()
    }
}

impl Operator {
    /// An operator for the whole cluster, or for some namespaces. `concurrency` is how many objects of one kind and one
    /// AwsAccount are worked on at once.
    pub fn new(context: Context, readiness: Readiness, namespaces: Vec<String>, concurrency: usize) -> Self {
        Self {
            events: Events::new(context.client.clone(), context.clock.clone(), context.stop.clone()),
            context,
            namespaces,
            concurrency,
            watches: JoinSet::new(),
            workers: JoinSet::new(),
            starts: Vec::new(),
            lists: Vec::new(),
            working: readiness.gate("controllers"),
            readiness,
        }
    }

    /// Works until the context is told to stop, then ends what is in flight.
    pub async fn run(mut self) {
        let context = self.context.clone();
        let caches = context.caches.clone();
        let references = context.references.clone();
        context.metrics.queues_from(move || references.depths());
        let credentials = caches.credentials.clone();
        context.metrics.expiries_from(move || expiries(&credentials));
        for kind in KindName::OURS.iter().chain([&KindName::Namespace]) {
            match kind {
                KindName::AwsAccount => self.control_accounts(),
                KindName::Domain => self.control_kind::<DomainKind>(&caches.domains),
                KindName::Repository => self.control_kind::<RepositoryKind>(&caches.repositories),
                KindName::PackagePolicy => self.control_kind::<PackagePolicyKind>(&caches.policies),
                KindName::RegistryCredential => {
                    self.control(CredentialReconciler::new(&context), &caches.credentials);
                }
                KindName::Namespace => self.watch_namespaces(),
            }
        }
        self.watch_secrets();

        let lists = std::mem::take(&mut self.lists);
        let first_lists = async {
            for list in lists {
                list.ready_or_refused().await;
            }
        };
        tokio::select! {
            () = first_lists => {}
            () = context.stop.cancelled() => return,
        }
        for start in std::mem::take(&mut self.starts) {
            start(&mut self.workers);
        }
        let events = self.events.clone().run(context);
        self.watches.spawn(self.supervisor().supervise("the lane of events".into(), events));
        self.working.open();
        self.until_stopped().await;
    }

    /// Work ends first, then the events are written that it left.
    async fn until_stopped(&mut self) {
        let stop = self.context.stop.clone();
        stop.cancelled().await;
        let finish = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, finish).await.is_err() {
            tracing::warn!("work in flight did not end in time");
        }
        self.events.close(GRACE_OF_EVENTS).await;
        self.watches.abort_all();
    }

    /// A kind that is backed by AWS.
    fn control_kind<K: Kind + std::fmt::Debug>(&mut self, cache: &Cache<K::Object>)
    where
        K::Object: Resource<Scope = NamespaceResourceScope>,
    {
        let publisher =
            Publisher::new(self.context.client.clone(), self.context.references.clone(), cache.clone());
        self.control(Pipeline::<K>::new(publisher), cache);
    }

    /// A namespaced kind with its controller.
    fn control<R>(&mut self, reconciler: R, cache: &Cache<R::Object>)
    where
        R: Reconciler + std::fmt::Debug,
        R::Object: Resource<Scope = NamespaceResourceScope>,
    {
        self.count_objects(cache);
        let controller = Controller::new(reconciler, self.tools(), cache.clone(), self.concurrency);
        self.start_later(Arc::clone(&controller));
        self.watch_namespaced::<Seen<R::Object>>(&config(), cache, move |change| {
            controller.observe(change);
        });
    }

    /// AwsAccounts: looked after by the operator of the whole cluster, only read by one of some namespaces.
    fn control_accounts(&mut self) {
        let cache = self.context.caches.accounts.clone();
        if self.namespaces.is_empty() {
            self.count_objects(&cache);
            let controller =
                Controller::new(AccountReconciler, self.tools(), cache.clone(), self.concurrency);
            self.start_later(Arc::clone(&controller));
            self.watch_cluster(&cache, move |change| controller.observe(change));
        } else {
            let (references, accounts) = (self.context.references.clone(), self.context.accounts.clone());
            self.watch_cluster(&cache, move |change| {
                if let Change::Removed(key, _) = &change {
                    accounts.remove(&key.name);
                }
                if let Some(key) = changed_spec(&change) {
                    references.changed(&ObjectId::new(KindName::AwsAccount, key));
                }
            });
        }
    }

    fn tools(&self) -> (Context, Events) {
        (self.context.clone(), self.events.clone())
    }

    /// Lets a scrape count the objects of a kind.
    fn count_objects<K: Controlled>(&self, cache: &Cache<K>) {
        let cache = cache.clone();
        self.context.metrics.objects_from(K::KIND, move || health(&cache));
    }

    fn start_later<R: Reconciler + std::fmt::Debug>(&mut self, controller: Arc<Controller<R>>) {
        let (supervisor, task) =
            (self.supervisor(), format!("the controller of {}", R::Object::KIND.as_str()));
        self.starts.push(Box::new(move |workers| {
            workers.spawn(supervisor.supervise(task, controller.run()));
        }));
    }

    /// Grants may select namespaces by label, so that a label that changes wakes everything in the namespace.
    fn watch_namespaces(&mut self) {
        let (cache, references) = (self.context.caches.namespaces.clone(), self.context.references.clone());
        let on_change = move |change: Change<PartialObjectMeta<Namespace>>| {
            if let Change::Applied { before, now, .. } = change
                && before.is_none_or(|before| before.metadata.labels != now.metadata.labels)
            {
                references.changed(&ObjectId::new(KindName::Namespace, ObjectKey::of(now.as_ref())));
            }
        };
        let api = Api::<PartialObjectMeta<Namespace>>::all(self.context.client.0.clone());
        self.spawn(Watch { api, config: config(), namespace: None }, cache, on_change);
    }

    /// The Secrets that we wrote, by metadata only: their data never reaches this process.
    fn watch_secrets(&mut self) {
        let references = self.context.references.clone();
        let on_change = move |change: Change<SecretRecord>| {
            for owner in owners(&change) {
                references.restore(&owner);
            }
        };
        let config = config().labels(&format!("{MANAGED_BY}={MANAGER},!{COMPONENT}"));
        let cache = self.context.caches.secrets.clone();
        self.watch_namespaced::<SeenSecret>(&config, &cache, on_change);
    }

    fn watch_cluster<K>(&mut self, cache: &Cache<K>, on_change: impl Fn(Change<K>) + Send + 'static)
    where
        K: Controlled + Resource<Scope = ClusterResourceScope>,
    {
        let api = Api::<Seen<K>>::all(self.context.client.0.clone());
        self.spawn(Watch { api, config: config(), namespace: None }, cache.clone(), on_change);
    }

    fn watch_namespaced<T>(
        &mut self,
        config: &kube::runtime::watcher::Config,
        cache: &Cache<T::Kept>,
        on_change: impl Fn(Change<T::Kept>) + Send + Sync + 'static,
    ) where
        T: Incoming + Resource<Scope = NamespaceResourceScope>,
    {
        let client = self.context.client.0.clone();
        let on_change = Arc::new(on_change);
        let scopes: Vec<_> = match self.namespaces.as_slice() {
            [] => vec![(Api::<T>::all(client), None)],
            some => {
                some.iter().map(|name| (Api::namespaced(client.clone(), name), Some(name.clone()))).collect()
            }
        };
        for (api, namespace) in scopes {
            let on_change = Arc::clone(&on_change);
            let watch = Watch { api, config: config.clone(), namespace };
            self.spawn(watch, cache.clone(), move |change| on_change(change));
        }
    }

    fn spawn<T: Incoming>(
        &mut self,
        watch: Watch<T>,
        cache: Cache<T::Kept>,
        on_change: impl Fn(Change<T::Kept>) + Send + 'static,
    ) {
        let progress = Sender::new(ListState::Pending);
        let what = match &watch.namespace {
            Some(namespace) => format!("{} in {namespace}", T::plural(&())),
            None => T::plural(&()).into_owned(),
        };
        self.lists.push(InitialList {
            gate: self.readiness.gate(format!("list of {what}")),
            progress: progress.subscribe(),
            may_be_refused: watch.namespace.is_some(),
        });
        let watch = run_watch(watch, cache, progress, on_change);
        self.watches.spawn(self.supervisor().supervise(format!("the watch of {what}"), watch));
    }

    fn supervisor(&self) -> Supervisor {
        Supervisor {
            stop: self.context.stop.clone(),
            metrics: self.context.metrics.clone(),
            readiness: self.readiness.clone(),
        }
    }
}

fn health<K: Controlled>(cache: &Cache<K>) -> Health {
    let mut health = Health::default();
    for object in cache.all() {
        match object.status().map(ObjectStatus::common).and_then(summary::ready) {
            Some(ready) if ready.status == "True" => {
                let degraded = Reason::named(&ready.reason).is_some_and(Reason::is_degraded);
                *(if degraded { &mut health.degraded } else { &mut health.ready }) += 1;
            }
            Some(_) => health.unready += 1,
            None => health.unknown += 1,
        }
    }
    health
}

/// When each login that was given out stops to work. A login that could not be renewed in time stays among them.
fn expiries(cache: &Cache<RegistryCredential>) -> Vec<Expiry> {
    let expiry = |object: Arc<RegistryCredential>| {
        let tokens = &object.status.as_ref()?.tokens;
        let expires = tokens.iter().map(|token| token.expires_at).min()?;
        Some(Expiry { key: ObjectKey::of(object.as_ref()), expires })
    };
    cache.all().into_iter().filter_map(expiry).collect()
}

/// The key of an object whose spec is new, or that is gone.
fn changed_spec<K: Controlled>(change: &Change<K>) -> Option<ObjectKey> {
    match change {
        Change::Applied { before, now, .. } => {
            let same =
                before.as_ref().is_some_and(|before| before.meta().generation == now.meta().generation);
            (!same).then(|| ObjectKey::of(now.as_ref()))
        }
        Change::Removed(key, _) => Some(key.clone()),
        Change::Malformed(..) => None,
    }
}

/// Each RegistryCredential that a change of a Secret concerns: whose the Secret was, and whose it is.
fn owners(change: &Change<SecretRecord>) -> BTreeSet<ObjectId> {
    let (before, now) = match change {
        Change::Applied { before, now, initial: false } => (before.as_ref(), Some(now)),
        Change::Removed(_, known) => (known.as_ref(), None),
        Change::Applied { initial: true, .. } | Change::Malformed(..) => (None, None),
    };
    before.into_iter().chain(now).filter_map(|secret| secret.credential()).collect()
}
