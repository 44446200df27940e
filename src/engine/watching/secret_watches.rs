//! Watches of the Secrets of whole namespaces. The operator watches a namespace in this way only while some object waits for a change
//! of a Secret there that does not carry the operator's label.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::PartialObjectMeta;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{Event, watcher};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::engine::object::{ObjectId, ObjectKey};
use crate::engine::watching::references::References;
use crate::kubernetes::{KubeClient, kube_call};

/// How long an object waits without asking again. Each reconcile of a waiting object asks again, every five minutes or more often.
const LASTS: Duration = Duration::from_mins(15);

/// In how many namespaces Secrets are watched at once. Secrets of the others are looked at again every five minutes.
const MOST: usize = 64;

/// One watch for each namespace in which an object waits for a Secret. A watch reads the metadata of Secrets only. An object waits
/// for one Secret at a time, and stops to wait at the first change of that Secret. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SecretWatches {
    client: KubeClient,
    references: References,
    stop: CancellationToken,
    waits: Arc<Mutex<Waits>>,
}

impl SecretWatches {
    /// Nothing is watched until an object waits. The watches end with `stop`.
    pub fn new(client: KubeClient, references: References, stop: CancellationToken) -> Self {
        Self { client, references, stop, waits: Arc::default() }
    }

    /// Wakes the object once, as soon as the Secret has another resourceVersion than `known`, or is gone, or appears where `known` is
    /// `None`. Beyond the limit nothing is watched.
    pub fn wake_on_change(&self, secret: &ObjectKey, known: Option<String>, object: ObjectId) {
        let added = self.waits().add(secret, known, object, Instant::now());
        let (this, secret) = (self.clone(), secret.clone());
        match added {
            Added::Begun => self.spawn(async move { this.follow(&secret.namespace).await }),
            Added::Joined => self.spawn(async move { this.compare(&secret).await }),
            Added::Known | Added::Refused => {}
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        tokio::spawn(async move { stop.run_until_cancelled(work).await });
    }

    /// Reads a Secret once, in a namespace that is watched already: the watch may have shown the change before the object waited.
    async fn compare(&self, secret: &ObjectKey) {
        let api = Api::<Secret>::namespaced(self.client.0.clone(), &secret.namespace);
        match kube_call(api.get_metadata_opt(&secret.name)).await {
            Ok(seen) => {
                let seen = seen.and_then(|seen| seen.metadata.resource_version);
                self.shown(&secret.namespace, &secret.name, seen.as_deref());
            }
            Err(error) => tracing::debug!(%secret, %error, "look at a Secret failed"),
        }
    }

    /// Follows the Secrets of a namespace until nobody waits for any of them.
    async fn follow(&self, namespace: &str) {
        let api = Api::<PartialObjectMeta<Secret>>::namespaced(self.client.0.clone(), namespace);
        let events = watcher(api, super::watch::config()).default_backoff();
        tokio::pin!(events);
        let mut listed = BTreeSet::new();
        while let Some(until) = self.until(namespace) {
            let event = tokio::select! {
                event = events.next() => event,
                () = tokio::time::sleep_until(until) => continue,
            };
            match event {
                Some(Ok(Event::Init)) => listed.clear(),
                Some(Ok(Event::InitApply(seen))) => {
                    let metadata = seen.metadata;
                    let name = metadata.name.unwrap_or_default();
                    self.shown(namespace, &name, metadata.resource_version.as_deref());
                    listed.extend(self.waits().waits_for(namespace, &name).then_some(name));
                }
                Some(Ok(Event::InitDone)) => {
                    let absent = self.waits().absent(namespace, &listed);
                    for name in absent {
                        self.shown(namespace, &name, None);
                    }
                }
                Some(Ok(Event::Apply(seen))) => {
                    let name = seen.metadata.name.unwrap_or_default();
                    self.shown(namespace, &name, seen.metadata.resource_version.as_deref());
                }
                Some(Ok(Event::Delete(seen))) => {
                    self.shown(namespace, &seen.metadata.name.unwrap_or_default(), None);
                }
                Some(Err(error)) => tracing::debug!(namespace, %error, "watch of Secrets interrupted"),
                None => return,
            }
        }
    }

    fn until(&self, namespace: &str) -> Option<Instant> {
        self.waits().until(namespace, Instant::now())
    }

    /// Wakes the objects whose known resourceVersion of the Secret differs from the one that the API server showed.
    fn shown(&self, namespace: &str, name: &str, seen: Option<&str>) {
        let changed = self.waits().take_changed(namespace, name, seen);
        for object in changed {
            self.references.wake(&object);
        }
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of a wish to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Added {
    /// A watch of the namespace must begin.
    Begun,
    /// The namespace is watched already.
    Joined,
    /// The object waits already for that change.
    Known,
    /// There are watches enough.
    Refused,
}

/// Who waits in each namespace that is watched.
#[derive(Debug, Default)]
struct Waits(HashMap<String, HashMap<ObjectId, Wait>>);

/// What an object waits for.
#[derive(Debug)]
struct Wait {
    /// The name of the Secret.
    secret: String,
    /// The resourceVersion that the object knows; `None` for a Secret that does not exist.
    known: Option<String>,
    until: Instant,
}

impl Waits {
    /// Records that an object waits for a Secret, and for no other any more.
    fn add(&mut self, secret: &ObjectKey, known: Option<String>, object: ObjectId, now: Instant) -> Added {
        let watched = self.0.contains_key(&secret.namespace);
        if !watched && self.0.len() >= MOST {
            return Added::Refused;
        }
        let wait = Wait { secret: secret.name.clone(), known, until: now + LASTS };
        let waits = self.0.entry(secret.namespace.clone()).or_default();
        let same = waits.get(&object).is_some_and(|old| old.secret == wait.secret && old.known == wait.known);
        waits.insert(object, wait);
        match (watched, same) {
            (false, _) => Added::Begun,
            (true, true) => Added::Known,
            (true, false) => Added::Joined,
        }
    }

    /// The time at which the watch of the namespace ends. `None` when no object waits any more: the watch ends now, and the next object
    /// that waits begins a new watch.
    fn until(&mut self, namespace: &str, now: Instant) -> Option<Instant> {
        let waits = self.0.get_mut(namespace)?;
        waits.retain(|_, wait| wait.until > now);
        let until = waits.values().map(|wait| wait.until).max();
        if until.is_none() {
            self.0.remove(namespace);
        }
        until
    }

    fn waits_for(&self, namespace: &str, secret: &str) -> bool {
        self.0.get(namespace).is_some_and(|waits| waits.values().any(|wait| wait.secret == secret))
    }

    /// The Secrets that are waited for and are not among the `listed`.
    fn absent(&self, namespace: &str, listed: &BTreeSet<String>) -> BTreeSet<String> {
        let waits = self.0.get(namespace).into_iter().flat_map(HashMap::values);
        waits.map(|wait| wait.secret.clone()).filter(|secret| !listed.contains(secret)).collect()
    }

    /// Takes out the objects that know another state of the Secret.
    fn take_changed(&mut self, namespace: &str, secret: &str, seen: Option<&str>) -> BTreeSet<ObjectId> {
        let Some(waits) = self.0.get_mut(namespace) else { return BTreeSet::new() };
        let changed = waits.extract_if(|_, wait| wait.secret == secret && wait.known.as_deref() != seen);
        changed.map(|(object, _)| object).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KindName;

    fn login(name: &str) -> ObjectId {
        ObjectId::new(KindName::RegistryCredential, ObjectKey::new("team", name))
    }

    #[tokio::test]
    async fn whoever_knows_another_state_is_woken_once() {
        let mut waits = Waits::default();
        let secret = ObjectKey::new("team", "login");
        let now = Instant::now();
        assert_eq!(waits.add(&secret, Some("7".into()), login("a"), now), Added::Begun);
        assert_eq!(waits.add(&secret, Some("8".into()), login("b"), now), Added::Joined);
        assert_eq!(
            waits.add(&secret, None, login("c"), now),
            Added::Joined,
            "who believes that there is none"
        );
        assert_eq!(waits.add(&secret, Some("7".into()), login("a"), now), Added::Known);
        assert_eq!(waits.take_changed("team", "another", None), [].into());
        assert_eq!(waits.take_changed("team", "login", Some("7")), [login("b"), login("c")].into());
        assert!(waits.until("team", now).is_some(), "a waits");
        assert_eq!(waits.take_changed("team", "login", Some("7")), [].into());
        assert_eq!(waits.take_changed("team", "login", None), [login("a")].into());
        assert!(waits.until("team", now).is_none(), "nobody waits");
        assert_eq!(waits.add(&secret, None, login("a"), now), Added::Begun, "a watch that ended begins anew");
    }

    #[tokio::test]
    async fn what_a_list_does_not_show_is_absent() {
        let mut waits = Waits::default();
        for name in ["here", "gone"] {
            waits.add(&ObjectKey::new("team", name), Some("1".into()), login(name), Instant::now());
        }
        assert_eq!(waits.absent("team", &["here".to_owned()].into()), ["gone".to_owned()].into());
        assert_eq!(waits.absent("other", &BTreeSet::new()), [].into());
    }

    #[tokio::test]
    async fn an_object_waits_for_one_secret_however_often_it_names_another() {
        let mut waits = Waits::default();
        for at in 0..100 {
            waits.add(&ObjectKey::new("team", format!("secret-{at}")), None, login("a"), Instant::now());
        }
        assert_eq!(waits.0["team"].len(), 1);
        assert!(waits.waits_for("team", "secret-99") && !waits.waits_for("team", "secret-98"));
    }

    #[tokio::test]
    async fn any_number_of_secrets_takes_one_watch_and_not_many_namespaces_have_one() {
        let begun = |namespaces: usize, each: usize| {
            let mut waits = Waits::default();
            let mut count = HashMap::new();
            for at in 0..namespaces * each {
                let key = ObjectKey::new(format!("team-{}", at / each), format!("secret-{at}"));
                let added = waits.add(&key, None, login(&at.to_string()), Instant::now());
                *count.entry(format!("{added:?}")).or_insert(0) += 1;
            }
            ["Begun", "Joined", "Refused"].map(|added| count.get(added).copied().unwrap_or(0))
        };
        assert_eq!(begun(1, 100), [1, 99, 0]);
        assert_eq!(begun(10, 3), [10, 20, 0]);
        assert_eq!(begun(100, 3), [64, 128, 108]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_ends_when_nobody_asks_again() {
        let mut waits = Waits::default();
        let secret = ObjectKey::new("team", "login");
        waits.add(&secret, None, login("a"), Instant::now());
        tokio::time::advance(LASTS.mul_f64(0.9)).await;
        assert!(waits.until("team", Instant::now()).is_some());
        waits.add(&secret, None, login("a"), Instant::now());
        tokio::time::advance(LASTS.mul_f64(0.5)).await;
        assert!(waits.until("team", Instant::now()).is_some(), "it was asked again");
        tokio::time::advance(LASTS).await;
        assert!(waits.until("team", Instant::now()).is_none());
    }
}
