//! From the API server's watches into caches.

use std::collections::HashSet;

use futures::{StreamExt, pin_mut};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::PartialObjectMeta;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource};
use prometheus_client::metrics::counter::Counter;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::watch::Sender;

use crate::engine::object::ObjectKey;
use crate::engine::watching::cache::{Cache, Stored};

/// What a watch showed.
#[derive(Debug)]
pub enum Change<K> {
    /// An object is new or different. `initial` while the list is first read.
    Applied {
        /// What was known before.
        before: Option<Arc<K>>,
        /// What is known now.
        now: Arc<K>,
        /// Whether the watch has just begun.
        initial: bool,
    },
    /// An object is gone; with it what was last known of it.
    Removed(ObjectKey, Option<Arc<K>>),
    /// An object is there but cannot be read.
    Malformed(ObjectKey, String),
}

/// What the API server sent: an object, or the name of an object that does not parse.
pub trait Incoming:
    Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + Resource<DynamicType = ()> + 'static
{
    /// What is kept.
    type Kept: Stored + Send + Sync + 'static;

    /// The object, or its key and why it cannot be read.
    fn accept(self) -> Result<Self::Kept, (ObjectKey, String)>;

    /// Whether an object that was not known so far is kept.
    fn matters(_kept: &Self::Kept) -> bool {
        true
    }
}

impl Incoming for PartialObjectMeta<Namespace> {
    type Kept = Self;

    /// Only the labels of a namespace are read.
    fn accept(mut self) -> Result<Self, (ObjectKey, String)> {
        self.metadata.managed_fields = None;
        self.metadata.annotations = None;
        Ok(self)
    }
}

/// What is watched.
#[derive(Debug)]
pub struct Watch<T> {
    /// Where the objects are.
    pub api: Api<T>,
    /// Which of them.
    pub config: watcher::Config,
    /// The namespace that this watch covers, if it is one of several that fill the same cache.
    pub namespace: Option<String>,
    /// Counts each failure.
    pub errors: Counter,
}

/// How far the first list of a watch is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListState {
    /// Not there yet.
    #[default]
    Pending,
    /// The API server refuses it: the namespace, or our right to it, is gone. It is asked for again.
    Refused,
    /// In the cache.
    Synced,
}

/// Follows one watch for ever, keeps the cache, and tells about each change. An error of the watch is waited out
/// with backoff on its own; `listed` says how far the first list is.
pub async fn run_watch<T: Incoming>(
    watch: Watch<T>,
    cache: Cache<T::Kept>,
    progress: Sender<ListState>,
    on_change: impl Fn(Change<T::Kept>),
) {
    let Watch { api, config, namespace, errors } = watch;
    let events = watcher(api, config).default_backoff();
    pin_mut!(events);
    let mut listed: HashSet<ObjectKey> = HashSet::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(object)) => {
                let initial = *progress.borrow() != ListState::Synced;
                listed.extend(take_in(object, &cache, initial, &on_change));
            }
            Ok(Event::InitDone) => {
                let [known, unreadable] =
                    [cache.keys(namespace.as_deref()), cache.unreadable_keys(namespace.as_deref())];
                for gone in known.into_iter().chain(unreadable).filter(|key| !listed.contains(key)) {
                    drop_out(gone, &cache, &on_change);
                }
                listed = HashSet::new();
                progress.send_replace(ListState::Synced);
            }
            Ok(event) => take(event, &cache, &on_change),
            Err(error) => {
                errors.inc();
                if is_refusal(&error) && *progress.borrow() == ListState::Pending {
                    progress.send_replace(ListState::Refused);
                }
                tracing::warn!(kind = %T::kind(&()), namespace, %error, "watch interrupted");
            }
        }
    }
}

/// Takes in one change after the list.
pub(crate) fn take<T: Incoming>(
    event: Event<T>,
    cache: &Cache<T::Kept>,
    on_change: &impl Fn(Change<T::Kept>),
) {
    match event {
        Event::Apply(object) => {
            take_in(object, cache, false, on_change);
        }
        Event::Delete(object) => {
            let key = ObjectKey::of(&object);
            // The cache may never have kept the object: then only the deletion event names the owner.
            let known = cache.remove(&key).or_else(|| object.accept().ok().map(Arc::new));
            on_change(Change::Removed(key, known));
        }
        Event::Init | Event::InitApply(_) | Event::InitDone => {}
    }
}

fn is_refusal(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status)) => {
            status.is_forbidden() || status.is_not_found()
        }
        _ => false,
    }
}

/// Returns the key of what is in the cache now.
fn take_in<T: Incoming>(
    object: T,
    cache: &Cache<T::Kept>,
    initial: bool,
    on_change: &impl Fn(Change<T::Kept>),
) -> Option<ObjectKey> {
    match object.accept() {
        Ok(object) => {
            let key = object.key();
            if !T::matters(&object) && cache.get(&key).is_none() {
                return None;
            }
            if let Some((before, now)) = cache.apply(object) {
                on_change(Change::Applied { before, now, initial });
            }
            Some(key)
        }
        Err((key, why)) => {
            if let Some(known) = cache.mark_unreadable(&key) {
                on_change(Change::Removed(key.clone(), Some(known)));
            }
            on_change(Change::Malformed(key.clone(), why));
            Some(key)
        }
    }
}

fn drop_out<K: Stored>(key: ObjectKey, cache: &Cache<K>, on_change: &impl Fn(Change<K>)) {
    let known = cache.remove(&key);
    on_change(Change::Removed(key, known));
}

/// Watches are ended by the server after this long; a dead connection is noticed 5 s later.
const WATCH_SECONDS: u32 = 290;

/// Objects in one page of a list. An object may have 1.5 MiB (a limit of etcd), and a page of the largest must fit into memory.
const PAGE: u32 = 12;

/// How every watch is set up.
pub fn config() -> watcher::Config {
    watcher::Config::default().timeout(WATCH_SECONDS).page_size(PAGE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_namespace_only_the_labels_are_kept() {
        let large = "x".repeat(200_000);
        let namespace =
            json!({"metadata": {"name": "team", "labels": {"a": "b"}, "annotations": {"note": large}}});
        let namespace: PartialObjectMeta<Namespace> = serde_json::from_value(namespace).unwrap();
        let meta = namespace.accept().unwrap().metadata;
        assert_eq!((meta.labels.unwrap().len(), meta.annotations), (1, None));
    }
}
