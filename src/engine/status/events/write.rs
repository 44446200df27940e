//! Writes an event to the Kubernetes API: as a new one, or as one more of those that were told before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;

use crate::clock::Clock;
use crate::engine::status::events::record::CLUSTER_SCOPED;
use crate::error::{Error, Result};
use crate::kubernetes::{KubeClient, is_gone, kube_call};

/// The number of events whose counts are remembered. When there are more, all counts start anew.
const REMEMBERED: usize = 4096;

/// Writes events. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Writer {
    client: KubeClient,
    pub(in crate::engine) clock: Clock,
    counts: Arc<Mutex<Counts>>,
}

/// How often each event was told, by its name.
#[derive(Debug, Default)]
struct Counts(HashMap<String, i32>);

impl Writer {
    pub(in crate::engine) fn new(client: KubeClient, clock: Clock) -> Self {
        Self { client, clock, counts: Arc::default() }
    }

    /// Creates the event, or counts it once more when it was told before. `again` says that an earlier attempt may have
    /// created it without our knowledge.
    pub(in crate::engine) async fn write(&self, event: &Event, again: bool) -> Result<()> {
        let name = event.metadata.name.clone().unwrap_or_default();
        let namespace = event.metadata.namespace.as_deref().unwrap_or(CLUSTER_SCOPED);
        let events = Api::<Event>::namespaced(self.client.0.clone(), namespace);
        let told = self.counts().of(&name);
        let count = told.map_or(2, |count| count.saturating_add(1));
        if told.is_some() && self.count_up(&events, &name, count).await? {
            self.counts().keep(name, count);
            return Ok(());
        }
        let count = match kube_call(events.create(&PostParams::default(), event)).await {
            Ok(_) => 1,
            Err(error) if !exists(&error) => return Err(error),
            Err(_) if again => 1,
            Err(_) => self.count_up(&events, &name, count).await.map(|_| count)?,
        };
        self.counts().keep(name, count);
        Ok(())
    }

    /// Says that an event was told once more; `false` when the API server has forgotten it.
    async fn count_up(&self, events: &Api<Event>, name: &str, count: i32) -> Result<bool> {
        let series = json!({"series": {"count": count, "lastObservedTime": MicroTime(self.clock.now())}});
        match kube_call(events.patch(name, &PatchParams::default(), &Patch::Merge(&series))).await {
            Ok(_) => Ok(true),
            Err(error) if is_gone(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn of(&self, name: &str) -> Option<i32> {
        self.0.get(name).copied()
    }

    fn keep(&mut self, name: String, count: i32) {
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(name, count);
    }
}

/// Whether the API server had said that an object of that name exists.
fn exists(error: &Error) -> bool {
    matches!(error, Error::Kube(error) if matches!(error.as_ref(), kube::Error::Api(status) if status.code == 409))
}

/// Whether the same write may succeed later.
pub(in crate::engine) fn may_pass(error: &Error) -> bool {
    match error {
        Error::Kube(error) => match error.as_ref() {
            kube::Error::Api(status) => status.code == 429 || status.code >= 500,
            _ => true,
        },
        Error::KubeTimeout(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_bounded() {
        let mut counts = Counts::default();
        for number in 0..=REMEMBERED {
            counts.keep(number.to_string(), 1);
        }
        assert!(counts.0.len() <= REMEMBERED);
        assert_eq!(counts.of(&REMEMBERED.to_string()), Some(1));
    }
}
