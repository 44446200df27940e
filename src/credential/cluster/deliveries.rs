//! Delivers the logins of ClusterRegistryCredentials: a queue of namespaces, so that a change in one of them is work in that one alone,
//! and one that fails or hangs does not hold up the others.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::mem::Discriminant;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use jiff::SignedDuration;
use kube::{Resource, ResourceExt};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::deeds::Deed;
use super::fleet::{Fleets, Mark, Place};
use super::selection::Selection;
use super::summary::Standing;
use super::visit::Visit;
use crate::api::{ClusterRegistryCredential, KindName, RECONCILE_AT, RENEW_AT};
use crate::credential::LONGEST_ONCE_EXPIRED;
use crate::credential::services::Services;
use crate::engine::context::Context;
use crate::engine::controller::counted;
use crate::engine::object::{Controlled, ObjectId, ObjectKey};
use crate::engine::queue::Queue;
use crate::engine::queue::urgency::Urgency;
use crate::engine::status::requeue;
use crate::error::{Error, Result};
use crate::reason::Outlook;

/// How long until a namespace is visited again whose spec or grants must change.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// The deliveries of all ClusterRegistryCredentials. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Deliveries {
    context: Context,
    services: Services,
    pub(super) fleets: Fleets,
    /// Its keys hold a namespace and the name of an object; without a namespace, all namespaces of the object are meant.
    queue: Queue,
    settled: Arc<Notify>,
}

impl Deliveries {
    /// Nothing is delivered yet. `share` is how many namespaces are visited at once for one AwsAccount.
    pub(super) fn new(context: &Context, services: Services, share: usize) -> Self {
        let queue = context.references.queue(KindName::Delivery);
        let caches = context.caches.clone();
        queue.share_out(share, move |key| {
            let object = caches.cluster_credentials.get(&ObjectKey::new("", key.name.as_str()))?;
            let account = object.spec.account_ref.name.clone();
            caches.accounts.get(&ObjectKey::new("", account.as_str())).is_some().then_some(account)
        });
        Self { context: context.clone(), services, fleets: Fleets::default(), queue, settled: Arc::default() }
    }

    /// Works until the operator stops, then waits for what is being worked on.
    pub async fn run(self) {
        let mut work = JoinSet::new();
        loop {
            let key = tokio::select! {
                biased;
                () = self.context.stop.cancelled() => break,
                key = self.queue.next() => key,
            };
            let this = self.clone();
            work.spawn(async move { this.work(Handed { queue: &this.queue, key: &key }).await });
            while work.try_join_next().is_some() {}
        }
        while work.join_next().await.is_some() {}
    }

    /// A namespace is new, has other labels, or is being deleted: every object may begin or cease to pick it.
    pub fn namespace_changed(&self, namespace: &str) {
        for object in self.context.caches.cluster_credentials.all() {
            self.queue.ask(ObjectKey::new(namespace, object.name_any()), Urgency::Changed);
        }
    }

    /// A Secret is gone: its name may have been the one that an object waited for, unless the object had it.
    pub fn secret_gone(&self, secret: &ObjectKey, had_it: &BTreeSet<ObjectId>) {
        for object in self.context.caches.cluster_credentials.all() {
            let key = ObjectKey::new(secret.namespace.as_str(), object.name_any());
            let delivery = ObjectId::new(KindName::Delivery, key);
            if super::secret_name(&object) == secret.name && !had_it.contains(&delivery) {
                self.queue.ask(delivery.key, Urgency::Changed);
            }
        }
    }

    /// A ServiceAccount has changed that may mint for the logins of its namespace.
    pub fn service_account_changed(&self, account: &ObjectKey) {
        for object in self.context.caches.cluster_credentials.all() {
            if object
                .spec
                .service_account_ref
                .as_ref()
                .is_some_and(|reference| reference.name == account.name)
            {
                let key = ObjectKey::new(account.namespace.as_str(), object.name_any());
                self.queue.push(key, Urgency::Changed);
            }
        }
    }

    /// Has all namespaces visited when something has changed that they have in common.
    pub(super) fn survey(&self, object: &ClusterRegistryCredential) -> Result<()> {
        let (name, uid) = (object.name_any(), object.uid().unwrap_or_default());
        let asked = [RECONCILE_AT, RENEW_AT].map(|key| object.annotations().get(key).cloned());
        let deleted = object.meta().deletion_timestamp.is_some();
        let mark = Mark { generation: object.meta().generation, deleted, asked };
        if !self.fleets.must_survey(&name, &uid, &mark) {
            return Ok(());
        }
        let all = ObjectId::new(KindName::Delivery, ObjectKey::new("", name.as_str()));
        self.context.references.relate(&all, object.references());
        let (namespaces, earlier) = self.concerned(object)?;
        let urgency = if super::is_settled(object) { Urgency::Routine } else { Urgency::Changed };
        for namespace in self.fleets.surveyed((&name, &uid), mark, namespaces, earlier) {
            self.queue.push(ObjectKey::new(namespace, name.as_str()), urgency);
        }
        Ok(())
    }

    /// The namespaces that are picked or hold a Secret of the object, and the Secrets with another name than the declared one.
    fn concerned(
        &self,
        object: &ClusterRegistryCredential,
    ) -> Result<(HashSet<String>, HashMap<String, Vec<String>>)> {
        let (uid, wanted) = (object.uid().unwrap_or_default(), super::secret_name(object));
        let mut namespaces: HashSet<_> = self.picked(object)?.into_iter().collect();
        let mut earlier: HashMap<String, Vec<String>> = HashMap::new();
        for secret in self.context.caches.secrets.all().iter().filter(|it| it.is_controlled_by(&uid)) {
            let ObjectKey { namespace, name } = &secret.key;
            namespaces.insert(namespace.clone());
            if *name != wanted {
                earlier.entry(namespace.clone()).or_default().push(name.clone());
            }
        }
        Ok((namespaces, earlier))
    }

    /// The namespaces that an object picks, sorted. One that is being deleted is not picked.
    pub(super) fn picked(&self, object: &ClusterRegistryCredential) -> Result<Vec<String>> {
        let selection = Selection::of(&object.spec)?;
        let (all, none) = (self.context.caches.namespaces.all(), BTreeMap::new());
        let picked = all.iter().filter(|namespace| {
            let labels = namespace.metadata.labels.as_ref().unwrap_or(&none);
            namespace.metadata.deletion_timestamp.is_none() && selection.picks(&namespace.name_any(), labels)
        });
        let mut names: Vec<_> = picked.map(|namespace| namespace.name_any()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Returns when all namespaces of the last survey have been visited, and after that time at the latest.
    pub(super) async fn settled(&self, name: &str, uid: &str, patience: Duration) {
        let settled = async {
            loop {
                let mut visited = std::pin::pin!(self.settled.notified());
                visited.as_mut().enable();
                if !self.fleets.ask(name, uid, |fleet| fleet.is_under_way()) {
                    return;
                }
                visited.await;
            }
        };
        drop(tokio::time::timeout(patience, settled).await);
    }

    /// The object is gone: nothing is remembered for it any more.
    pub(super) fn forget(&self, name: &str) {
        self.services.tokens.release(|user| user.kind == KindName::Delivery && user.key.name == name);
        let all = ObjectId::new(KindName::Delivery, ObjectKey::new("", name));
        self.context.references.forget(&all);
        for namespace in self.fleets.forget(name) {
            let key = ObjectKey::new(namespace, name);
            self.services.unsaid.forget(&key);
            self.queue.forget(&key);
            self.context.references.forget(&ObjectId::new(KindName::Delivery, key));
        }
    }

    async fn work(&self, handed: Handed<'_>) {
        let key = handed.key;
        let Some(object) =
            self.context.caches.cluster_credentials.get(&ObjectKey::new("", key.name.as_str()))
        else {
            return;
        };
        if key.namespace.is_empty() {
            self.fleets.unmark(&key.name);
            return self.wake(&key.name);
        }
        let span = tracing::info_span!("deliver", object = key.name, namespace = key.namespace);
        self.visit(&object, key).instrument(span).await;
    }

    async fn visit(&self, object: &ClusterRegistryCredential, key: &ObjectKey) {
        let (begin, uid) = (Instant::now(), object.uid().unwrap_or_default());
        let known = self.fleets.place(&key.name, &uid, &key.namespace);
        let before = known.0.failures;
        self.follow_service_accounts(object, key, &known.0);
        let mut visit = Visit::new(&self.services, &self.context, object, &key.namespace, known);
        let outcome = AssertUnwindSafe(visit.run()).catch_unwind().await.unwrap_or_else(|_| {
            self.context.metrics.panicked();
            Err(Error::Internal("the delivery panicked".into()))
        });
        let expired = visit.first_end().is_some_and(|end| end <= self.context.clock.now());
        let longest = if expired { LONGEST_ONCE_EXPIRED } else { SignedDuration::MAX };
        let Visit { mut place, deeds, cleared, .. } = visit;
        place.failures = outcome.as_ref().err().map(|error| one_more(before, error));
        let (now, failures) = (self.context.clock.now(), place.failures.map_or(0, |(_, count)| count));
        let next = requeue::next(&outcome, failures, (LOOK_AGAIN, longest), now, fastrand::f64());
        self.context.metrics.reconciled(KindName::Delivery, counted(&outcome), begin.elapsed());
        if let Err(error) = outcome {
            tracing::debug!(%error, "the login could not be delivered");
            place.standing = Some(Standing::Failed(Arc::new(error)));
        }
        for deed in &deeds {
            tracing::info!(deed = ?deed, "login delivered");
        }
        self.queue.set_timer(key.clone(), next);
        self.visited(key, &uid, place, (&deeds, cleared));
    }

    /// Takes in what a visit found and did, and has it told.
    fn visited(&self, key: &ObjectKey, uid: &str, place: Place, (deeds, cleared): (&[Deed], bool)) {
        let (news, settled) = self.fleets.visited((&key.name, uid, &key.namespace), place, deeds, cleared);
        if settled {
            self.settled.notify_waiters();
        }
        if news {
            self.tell(&key.name);
        }
    }

    /// A change of the ServiceAccount that mints here, or that minted what the Secret holds, wakes the delivery.
    fn follow_service_accounts(&self, object: &ClusterRegistryCredential, key: &ObjectKey, place: &Place) {
        let named = object.spec.service_account_ref.as_ref().map(|reference| &*reference.name);
        let held = place.tokens.iter().flat_map(|tokens| tokens.iter());
        let minted = held.filter_map(|token| Some(&*token.service_account.as_ref()?.name));
        let of = |name: &str| {
            ObjectId::new(KindName::ServiceAccount, ObjectKey::new(key.namespace.as_str(), name))
        };
        let followed = named.into_iter().chain(minted).map(of).collect();
        self.context.references.relate(&ObjectId::new(KindName::Delivery, key.clone()), followed);
    }

    /// Has the status told: at once, or after a moment when that was done just now.
    fn tell(&self, name: &str) {
        let Some(wait) = self.fleets.begin_telling(name) else { return };
        let (this, name) = (self.clone(), name.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            this.fleets.tells(&name);
            this.wake(&name);
        });
    }

    fn wake(&self, name: &str) {
        let object = ObjectId::new(ClusterRegistryCredential::KIND, ObjectKey::new("", name));
        self.context.references.wake(&object);
    }
}

/// Failures of one sort in a row, with one more.
fn one_more(before: Option<(Discriminant<Outlook>, u32)>, error: &Error) -> (Discriminant<Outlook>, u32) {
    let sort = std::mem::discriminant(&error.outlook());
    (sort, before.filter(|(of, _)| *of == sort).map_or(0, |(_, count)| count).saturating_add(1))
}

/// A namespace that a worker has been given; however the worker ends, the queue is told.
struct Handed<'a> {
    queue: &'a Queue,
    key: &'a ObjectKey,
}

impl Drop for Handed<'_> {
    fn drop(&mut self) {
        self.queue.done(self.key);
    }
}
