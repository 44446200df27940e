//! From the API server's watches into caches.

use std::collections::HashSet;

use futures::{StreamExt, pin_mut};
use kube::api::PartialObjectMeta;
use kube::core::DeserializeGuard;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::watch::Sender;

use super::ObjectKey;
use super::cache::Cache;

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

/// What the API server sent: an object, or one that does not parse.
pub trait Incoming:
    Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + Resource<DynamicType = ()> + 'static
{
    /// What is kept.
    type Kept: Resource<DynamicType = ()> + Send + Sync + 'static;

    /// The object, or its key and why it cannot be read.
    fn accept(self) -> Result<Self::Kept, (ObjectKey, String)>;
}

impl<K> Incoming for DeserializeGuard<K>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static,
{
    type Kept = K;

    fn accept(self) -> Result<K, (ObjectKey, String)> {
        match self.0 {
            Ok(mut object) => {
                // Nobody here reads who set which field, and it is the largest part of a small object.
                object.meta_mut().managed_fields = None;
                Ok(object)
            }
            Err(invalid) => {
                let meta = &invalid.metadata;
                let key = ObjectKey::new(
                    meta.namespace.clone().unwrap_or_default(),
                    meta.name.clone().unwrap_or_default(),
                );
                Err((key, invalid.error))
            }
        }
    }
}

impl<K> Incoming for PartialObjectMeta<K>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + Send + Sync + 'static,
{
    type Kept = Self;

    fn accept(self) -> Result<Self, (ObjectKey, String)> {
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
}

/// How far the first list of a watch is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listed {
    /// Not there yet.
    #[default]
    Pending,
    /// The API server refuses it: the namespace, or our right to it, is gone. It is asked for again.
    Refused,
    /// In the cache.
    In,
}

/// Follows one watch for ever, keeps the cache, and tells about each change. An error of the watch is waited out
/// with backoff on its own; `listed` says how far the first list is.
pub async fn follow<T: Incoming>(
    watch: Watch<T>,
    cache: Cache<T::Kept>,
    progress: Sender<Listed>,
    tell: impl Fn(Change<T::Kept>),
) {
    let Watch { api, config, namespace } = watch;
    let events = watcher(api, config).default_backoff();
    pin_mut!(events);
    let mut listed: HashSet<ObjectKey> = HashSet::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(object)) => {
                let initial = *progress.borrow() != Listed::In;
                listed.insert(take_in(object, &cache, initial, &tell));
            }
            Ok(Event::InitDone) => {
                let [known, unreadable] =
                    [cache.keys(namespace.as_deref()), cache.unreadable_keys(namespace.as_deref())];
                for gone in known.into_iter().chain(unreadable).filter(|key| !listed.contains(key)) {
                    drop_out(gone, &cache, &tell);
                }
                listed = HashSet::new();
                progress.send_replace(Listed::In);
            }
            Ok(Event::Apply(object)) => {
                take_in(object, &cache, false, &tell);
            }
            Ok(Event::Delete(object)) => drop_out(ObjectKey::of(&object), &cache, &tell),
            Err(error) => {
                if is_refusal(&error) && *progress.borrow() == Listed::Pending {
                    progress.send_replace(Listed::Refused);
                }
                tracing::warn!(kind = %T::kind(&()), namespace, %error, "watch interrupted");
            }
        }
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

fn take_in<T: Incoming>(
    object: T,
    cache: &Cache<T::Kept>,
    initial: bool,
    tell: &impl Fn(Change<T::Kept>),
) -> ObjectKey {
    match object.accept() {
        Ok(object) => {
            let key = ObjectKey::of(&object);
            if let Some((before, now)) = cache.apply(object) {
                tell(Change::Applied { before, now, initial });
            }
            key
        }
        Err((key, why)) => {
            if let Some(known) = cache.mark_unreadable(&key) {
                tell(Change::Removed(key.clone(), Some(known)));
            }
            tell(Change::Malformed(key.clone(), why));
            key
        }
    }
}

fn drop_out<K: Resource>(key: ObjectKey, cache: &Cache<K>, tell: &impl Fn(Change<K>)) {
    let known = cache.remove(&key);
    tell(Change::Removed(key, known));
}

/// Watches are ended by the server after this long; a dead connection is noticed 5 s later.
const WATCH_SECONDS: u32 = 290;

/// How every watch is set up.
pub fn config() -> watcher::Config {
    watcher::Config::default().timeout(WATCH_SECONDS).page_size(500)
}
