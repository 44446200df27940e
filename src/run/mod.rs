//! `codeartifact-operator run`: everything wired together.

mod figures;
mod list;
mod status;
mod supervise;
mod watches;

use std::sync::Arc;
use std::time::Duration;

use kube::Resource;
use kube::core::NamespaceResourceScope;
use tokio::task::JoinSet;

use crate::api::KindName;
use crate::aws_account::AccountReconciler;
use crate::credential::CredentialReconciler;
use crate::credential::cluster::{ClusterCredentialReconciler, Deliveries};
use crate::domain::DomainKind;
use crate::engine::context::Context;
use crate::engine::controller::Controller;
use crate::engine::object::{Controlled, ObjectId, ObjectKey};
use crate::engine::pipeline::converge::Pipeline;
use crate::engine::pipeline::kind::Kind;
use crate::engine::reconciler::Reconciler;
use crate::engine::status::events::Events;
use crate::engine::status::publish::Publisher;
use crate::engine::watching::cache::Cache;
use crate::engine::watching::seen::Seen;
use crate::engine::watching::watch::{Change, config};
use crate::ops::{Gate, Readiness, StatusPage};
use crate::package_policy::PackagePolicyKind;
use crate::repository::RepositoryKind;

use figures::{expiries, health};
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
    /// The deliveries of ClusterRegistryCredentials; `None` in an operator of some namespaces.
    deliveries: Option<Deliveries>,
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
            deliveries: None,
        }
    }

    /// Lets the status page show what the operator knows.
    pub fn shown_on(&self, page: &StatusPage) {
        let context = self.context.clone();
        page.shows(move || status::shown(&context));
    }

    /// Works until the context is told to stop, then ends what is in flight.
    pub async fn run(mut self) {
        let context = self.context.clone();
        let caches = context.caches.clone();
        let references = context.references.clone();
        context.metrics.queues_from(move || references.depths());
        let logins = caches.clone();
        context.metrics.expiries_from(move || expiries(&logins));
        let credentials = CredentialReconciler::new(&context);
        let of_kubernetes = [KindName::Namespace, KindName::Secret, KindName::ServiceAccount];
        for kind in KindName::OURS.iter().chain(&of_kubernetes) {
            match kind {
                KindName::AwsAccount => self.control_accounts(),
                KindName::Domain => self.control_kind::<DomainKind>(&caches.domains),
                KindName::Repository => self.control_kind::<RepositoryKind>(&caches.repositories),
                KindName::PackagePolicy => self.control_kind::<PackagePolicyKind>(&caches.policies),
                KindName::RegistryCredential => {
                    self.control(credentials.clone(), &caches.credentials);
                }
                KindName::ClusterRegistryCredential => self.control_cluster_credentials(&credentials),
                KindName::Namespace => self.watch_namespaces(),
                KindName::Secret => self.watch_secrets(),
                KindName::ServiceAccount => self.watch_service_accounts(),
                // They have no watch.
                KindName::Delivery => {}
            }
        }

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

    /// ClusterRegistryCredentials: an operator of some namespaces has nothing to do with them.
    fn control_cluster_credentials(&mut self, credentials: &CredentialReconciler) {
        if !self.namespaces.is_empty() {
            return;
        }
        let cache = self.context.caches.cluster_credentials.clone();
        self.count_objects(&cache);
        let reconciler = ClusterCredentialReconciler::beside(credentials, &self.context, self.concurrency);
        let deliveries = reconciler.deliveries();
        self.deliveries = Some(deliveries.clone());
        let supervisor = self.supervisor();
        self.starts.push(Box::new(move |workers| {
            workers.spawn(supervisor.supervise("the deliveries of logins".into(), deliveries.run()));
        }));
        let controller = Controller::new(reconciler, self.tools(), cache.clone(), self.concurrency);
        self.start_later(Arc::clone(&controller));
        self.watch_cluster(&cache, move |change| controller.observe(change));
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

    fn supervisor(&self) -> Supervisor {
        Supervisor {
            stop: self.context.stop.clone(),
            metrics: self.context.metrics.clone(),
            readiness: self.readiness.clone(),
        }
    }
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
