//! The watches: one for each kind and scope, and what a change of each means.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PartialObjectMeta;
use kube::core::{ClusterResourceScope, NamespaceResourceScope};
use kube::{Api, Resource};
use prometheus_client::metrics::counter::Counter;
use tokio::sync::watch::Sender;

use crate::api::{COMPONENT, KindName, MANAGED_BY, MANAGER};
use crate::credential::record::{SecretRecord, SeenSecret};
use crate::engine::object::{Controlled, ObjectId, ObjectKey};
use crate::engine::watching::cache::Cache;
use crate::engine::watching::seen::Seen;
use crate::engine::watching::service_accounts::role_arn;
use crate::engine::watching::watch::{Change, Incoming, ListState, Watch, config, run_watch};

use super::Operator;
use super::list::InitialList;

impl Operator {
    /// Grants may select namespaces by label, so that a label that changes wakes everything in the namespace.
    pub(super) fn watch_namespaces(&mut self) {
        let (cache, references) = (self.context.caches.namespaces.clone(), self.context.references.clone());
        let deliveries = self.deliveries.clone();
        let on_change = move |change: Change<PartialObjectMeta<Namespace>>| {
            if let Some(deliveries) = &deliveries
                && let Some(namespace) = namespace_to_visit(&change)
            {
                deliveries.namespace_changed(&namespace);
            }
            if let Change::Applied { before, now, .. } = change
                && before.is_none_or(|before| before.metadata.labels != now.metadata.labels)
            {
                references.changed(&ObjectId::new(KindName::Namespace, ObjectKey::of(now.as_ref())));
            }
        };
        let api = Api::<PartialObjectMeta<Namespace>>::all(self.context.client.0.clone());
        let errors = self.errors_of(&api);
        self.spawn(Watch { api, config: config(), namespace: None, errors }, cache, on_change);
    }

    /// The Secrets that we wrote, by metadata only: their data never reaches this process.
    pub(super) fn watch_secrets(&mut self) {
        let references = self.context.references.clone();
        let own_writes = self.context.own_writes.clone();
        let deliveries = self.deliveries.clone();
        let on_change = move |change: Change<SecretRecord>| {
            let owners = owners(&change);
            for owner in &owners {
                if !own_writes.keep(owner, version(&change)) {
                    references.restore(owner);
                }
            }
            if let Change::Removed(key, _) = change {
                if let Some(deliveries) = &deliveries {
                    deliveries.secret_gone(&key, &owners);
                }
                references.freed(&ObjectId::new(KindName::Secret, key), &owners);
            }
        };
        let config = config().labels(&format!("{MANAGED_BY}={MANAGER},!{COMPONENT}"));
        let cache = self.context.caches.secrets.clone();
        self.watch_namespaced::<SeenSecret>(&config, &cache, on_change);
    }

    /// Each listed ServiceAccount by its name, so that the right to it alone is enough. Logins look at its uid and its role.
    pub(super) fn watch_service_accounts(&mut self) {
        let accounts = self.context.caches.service_accounts.clone();
        let deliveries = self.deliveries.clone();
        for (key, followed) in accounts.all() {
            let (references, id) =
                (self.context.references.clone(), ObjectId::new(KindName::ServiceAccount, key.clone()));
            let deliveries = deliveries.clone();
            let on_change = move |change: Change<PartialObjectMeta<ServiceAccount>>| {
                let seen = |account: &PartialObjectMeta<ServiceAccount>| {
                    (account.metadata.uid.clone(), role_arn(account).map(str::to_owned))
                };
                if let Change::Applied { before: Some(before), now, .. } = &change
                    && seen(before) == seen(now)
                {
                    return;
                }
                references.changed(&id);
                if let Some(deliveries) = &deliveries {
                    deliveries.service_account_changed(&id.key);
                }
            };
            let client = self.context.client.0.clone();
            let api = Api::<PartialObjectMeta<ServiceAccount>>::namespaced(client, &key.namespace);
            let errors = self.errors_of(&api);
            let config = config().fields(&format!("metadata.name={}", key.name));
            let watch = Watch { api, config, namespace: Some(key.namespace.clone()), errors };
            self.spawn_with(watch, followed.cache.clone(), followed.progress.clone(), on_change);
        }
    }

    pub(super) fn watch_cluster<K>(
        &mut self,
        cache: &Cache<K>,
        on_change: impl Fn(Change<K>) + Send + 'static,
    ) where
        K: Controlled + Resource<Scope = ClusterResourceScope>,
    {
        let api = Api::<Seen<K>>::all(self.context.client.0.clone());
        let errors = self.errors_of(&api);
        self.spawn(Watch { api, config: config(), namespace: None, errors }, cache.clone(), on_change);
    }

    pub(super) fn watch_namespaced<T>(
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
            let errors = self.errors_of(&api);
            let watch = Watch { api, config: config.clone(), namespace, errors };
            self.spawn(watch, cache.clone(), move |change| on_change(change));
        }
    }

    /// Counts the failures of the watches of a kind.
    fn errors_of<T: Incoming>(&self, _of: &Api<T>) -> Counter {
        self.context.metrics.watch_errors(&T::kind(&()))
    }

    fn spawn<T: Incoming>(
        &mut self,
        watch: Watch<T>,
        cache: Cache<T::Kept>,
        on_change: impl Fn(Change<T::Kept>) + Send + 'static,
    ) {
        self.spawn_with(watch, cache, Sender::new(ListState::Pending), on_change);
    }

    /// `progress` says how far the first list is.
    fn spawn_with<T: Incoming>(
        &mut self,
        watch: Watch<T>,
        cache: Cache<T::Kept>,
        progress: Sender<ListState>,
        on_change: impl Fn(Change<T::Kept>) + Send + 'static,
    ) {
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
}

/// The namespace in which a login may have to be delivered or removed, if a change says so. The first list needs no visits: the first look
/// at each object visits all of its namespaces.
fn namespace_to_visit(change: &Change<PartialObjectMeta<Namespace>>) -> Option<String> {
    let key = match change {
        Change::Applied { before, now, initial: false } => {
            let seen = |meta: &ObjectMeta| {
                (meta.uid.clone(), meta.labels.clone(), meta.deletion_timestamp.is_some())
            };
            let same = before.as_ref().is_some_and(|before| seen(&before.metadata) == seen(&now.metadata));
            (!same).then(|| ObjectKey::of(now.as_ref()))
        }
        Change::Removed(key, _) => Some(key.clone()),
        Change::Applied { initial: true, .. } | Change::Malformed(..) => None,
    };
    key.map(|key| key.name)
}

/// Each RegistryCredential, or delivery of a ClusterRegistryCredential, that a change of a Secret concerns: whose the Secret was, and whose it is.
fn owners(change: &Change<SecretRecord>) -> BTreeSet<ObjectId> {
    let (before, now) = match change {
        Change::Applied { before, now, initial: false } => (before.as_ref(), Some(now)),
        Change::Removed(_, known) => (known.as_ref(), None),
        Change::Applied { initial: true, .. } | Change::Malformed(..) => (None, None),
    };
    before.into_iter().chain(now).filter_map(|secret| secret.user()).collect()
}

/// The resourceVersion of a Secret that is there.
fn version(change: &Change<SecretRecord>) -> Option<&str> {
    match change {
        Change::Applied { now, .. } => Some(&now.version),
        Change::Removed(..) | Change::Malformed(..) => None,
    }
}
