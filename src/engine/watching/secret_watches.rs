//! Watches of single Secrets by name: of Secrets that no label marks as ours, while an object waits for their change.

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
use crate::kubernetes::KubeClient;

/// How long a Secret is watched for an object that does not ask again. What waits looks again more often.
const LASTS: Duration = Duration::from_mins(15);

/// How many Secrets are watched by name at once. The others are looked at again every five minutes.
const MOST: usize = 64;

/// How many of these Secrets may lie in one namespace.
const MOST_IN_NAMESPACE: usize = 4;

/// Watches of single Secrets. Each ends with the first change that it sees. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SecretWatches {
    client: KubeClient,
    references: References,
    stop: CancellationToken,
    watched: Arc<Mutex<Watched>>,
}

impl SecretWatches {
    /// Nothing is watched until an object waits. The watches end with `stop`.
    pub fn new(client: KubeClient, references: References, stop: CancellationToken) -> Self {
        Self { client, references, stop, watched: Arc::default() }
    }

    /// Wakes the object once, as soon as the Secret has another resourceVersion than `known`, or is gone, or appears where `known` is
    /// `None`. Beyond the limits nothing is watched.
    pub fn wake_on_change(&self, secret: &ObjectKey, known: Option<String>, object: ObjectId) {
        let begun = self.watched().add(secret, known, object, Instant::now());
        if begun {
            let (this, secret) = (self.clone(), secret.clone());
            tokio::spawn(async move {
                let stop = this.stop.clone();
                stop.run_until_cancelled(this.follow(&secret)).await;
            });
        }
    }

    /// Follows one Secret until the Secret changes or nobody waits any more.
    async fn follow(&self, secret: &ObjectKey) {
        let api = Api::<PartialObjectMeta<Secret>>::namespaced(self.client.0.clone(), &secret.namespace);
        let config = super::watch::config().fields(&format!("metadata.name={}", secret.name));
        let events = watcher(api, config).default_backoff();
        tokio::pin!(events);
        let mut listed = false;
        while let Some(until) = self.until_or_end(secret) {
            let event = tokio::select! {
                event = events.next() => event,
                () = tokio::time::sleep_until(until) => continue,
            };
            let seen = match event {
                Some(Ok(Event::InitApply(seen) | Event::Apply(seen))) => {
                    listed = true;
                    seen.metadata.resource_version
                }
                Some(Ok(Event::InitDone)) if !listed => None,
                Some(Ok(Event::Delete(_))) => None,
                Some(Ok(Event::Init)) => {
                    listed = false;
                    continue;
                }
                Some(Ok(Event::InitDone)) => continue,
                Some(Err(error)) => {
                    tracing::debug!(%secret, %error, "watch of a Secret interrupted");
                    continue;
                }
                None => return,
            };
            for object in self.watched().take_changed(secret, seen.as_deref()) {
                self.references.wake(&object);
            }
        }
    }

    /// Until when the Secret is watched. When nobody waits any more, the next who waits begins a watch anew.
    fn until_or_end(&self, secret: &ObjectKey) -> Option<Instant> {
        let mut watched = self.watched();
        let until = watched.until(secret);
        if until.is_none() {
            watched.secrets.remove(secret);
        }
        until
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The Secrets that are watched, with who waits for each.
#[derive(Debug, Default)]
struct Watched {
    secrets: HashMap<ObjectKey, Entry>,
}

/// A Secret that is watched.
#[derive(Debug)]
struct Entry {
    /// The objects that wait, each with the resourceVersion that it knows; `None` for a Secret that does not exist.
    waiting: HashMap<ObjectId, Option<String>>,
    until: Instant,
}

impl Watched {
    /// Records that an object waits. Returns whether a watch must begin.
    fn add(&mut self, secret: &ObjectKey, known: Option<String>, object: ObjectId, now: Instant) -> bool {
        let until = now + LASTS;
        if let Some(entry) = self.secrets.get_mut(secret) {
            entry.waiting.insert(object, known);
            entry.until = until;
            return false;
        }
        let neighbours = self.secrets.keys().filter(|key| key.namespace == secret.namespace).count();
        if self.secrets.len() >= MOST || neighbours >= MOST_IN_NAMESPACE {
            return false;
        }
        let waiting = HashMap::from([(object, known)]);
        self.secrets.insert(secret.clone(), Entry { waiting, until });
        true
    }

    /// Until when the Secret is watched; `None` when nobody waits any more.
    fn until(&self, secret: &ObjectKey) -> Option<Instant> {
        let entry = self.secrets.get(secret)?;
        (!entry.waiting.is_empty() && entry.until > Instant::now()).then_some(entry.until)
    }

    /// Takes out the objects that know another state of the Secret.
    fn take_changed(&mut self, secret: &ObjectKey, seen: Option<&str>) -> BTreeSet<ObjectId> {
        let Some(entry) = self.secrets.get_mut(secret) else { return BTreeSet::new() };
        let changed = entry.waiting.extract_if(|_, known| known.as_deref() != seen);
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
        let mut watched = Watched::default();
        let secret = ObjectKey::new("team", "login");
        let now = Instant::now();
        assert!(watched.add(&secret, Some("7".into()), login("a"), now), "the first begins a watch");
        assert!(!watched.add(&secret, Some("8".into()), login("b"), now), "the second joins");
        assert!(!watched.add(&secret, None, login("c"), now), "the third believes that there is none");
        assert_eq!(watched.take_changed(&secret, Some("7")), [login("b"), login("c")].into());
        assert!(watched.until(&secret).is_some(), "a waits");
        assert_eq!(watched.take_changed(&secret, Some("7")), [].into());
        assert_eq!(watched.take_changed(&secret, None), [login("a")].into());
        assert!(watched.until(&secret).is_none(), "nobody waits");
    }

    #[tokio::test]
    async fn a_namespace_has_few_watches_and_all_have_not_many() {
        let now = Instant::now();
        let begun = |namespaces: usize, each: usize| {
            let mut watched = Watched::default();
            let keys = (0..namespaces * each)
                .map(|at| ObjectKey::new(format!("team-{}", at / each), format!("secret-{at}")));
            keys.filter(|key| watched.add(key, None, login("a"), now)).count()
        };
        for (namespaces, each, expected) in [(1, 3, 3), (1, 100, 4), (10, 100, 40), (1_000, 3, 64)] {
            assert_eq!(begun(namespaces, each), expected, "{namespaces} × {each}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_ends_when_nobody_asks_again() {
        let mut watched = Watched::default();
        let secret = ObjectKey::new("team", "login");
        watched.add(&secret, None, login("a"), Instant::now());
        tokio::time::advance(LASTS.mul_f64(0.9)).await;
        assert!(watched.until(&secret).is_some());
        watched.add(&secret, None, login("a"), Instant::now());
        tokio::time::advance(LASTS.mul_f64(0.5)).await;
        assert!(watched.until(&secret).is_some(), "it was asked again");
        tokio::time::advance(LASTS).await;
        assert!(watched.until(&secret).is_none());
    }
}
