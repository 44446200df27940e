//! Objects that do not parse: told in their status, and left alone.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube::api::DynamicObject;
use serde_json::{Value, json};

use crate::api::CommonStatus;
use crate::clock::Clock;
use crate::engine::context::Context;
use crate::engine::object::{Controlled, ObjectKey};
use crate::engine::queue::fair::{FairQueue, Place};
use crate::engine::queue::urgency::Urgency;
use crate::engine::status::publish::{dynamic_api, replace_status};
use crate::engine::status::summary::{StatusInput, summarize};
use crate::error::{Error, Result};
use crate::kubernetes::{KubeClient, kube_call};
use crate::reason::Reason;

/// Reports that are written at once; those of other namespaces get a part of their own.
const AT_ONCE: usize = 4;

/// The objects of one kind that do not parse and whose status does not say so yet. Cheap to clone.
#[derive(Debug)]
pub(in crate::engine) struct Reports<K> {
    client: KubeClient,
    clock: Clock,
    due: Arc<Mutex<Due>>,
    kind: PhantomData<fn() -> K>,
}

#[derive(Debug, Default)]
struct Due {
    shares: FairQueue,
    /// Why an object cannot be read, for each that stands in `shares`.
    why: HashMap<ObjectKey, String>,
}

/// All reports share one line of work.
const PLACE: Place = Place { account: None, urgency: Urgency::Routine };

impl<K: Controlled> Reports<K> {
    pub(in crate::engine) fn new(context: &Context) -> Self {
        let due = Due { shares: FairQueue::of(AT_ONCE), ..Due::default() };
        let (client, clock) = (context.client.clone(), context.clock.clone());
        Self { client, clock, due: Arc::new(Mutex::new(due)), kind: PhantomData }
    }

    /// Writes a report as soon as few enough others are being written.
    pub(in crate::engine) fn push(&self, key: ObjectKey, why: String) {
        self.due().push(key, why);
        self.begin();
    }

    /// Starts as many waiting reports as the bound allows.
    fn begin(&self) {
        while let Some((key, why)) = { self.due().next() } {
            let this = self.clone();
            tokio::spawn(async move {
                if let Err(error) = report::<K>(&this.client, &this.clock, &key, &why).await {
                    tracing::warn!(%error, object = %key, "could not report that an object cannot be read");
                }
                this.due().shares.ended(&PLACE.account, &key.namespace);
                this.begin();
            });
        }
    }

    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Clone for Reports<K> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            clock: self.clock.clone(),
            due: Arc::clone(&self.due),
            kind: PhantomData,
        }
    }
}

impl Due {
    /// The latest reason counts.
    fn push(&mut self, key: ObjectKey, why: String) {
        if self.why.insert(key.clone(), why).is_none() {
            self.shares.push(key, &PLACE);
        }
    }

    fn next(&mut self) -> Option<(ObjectKey, String)> {
        let (_, key) = self.shares.next()?;
        let why = self.why.remove(&key).unwrap_or_default();
        Some((key, why))
    }
}

/// Says in the status of an object that does not parse why it is left alone. All else in the status stays: what it
/// stands for in AWS must be found again once the object has been corrected.
async fn report<K: Controlled>(client: &KubeClient, clock: &Clock, key: &ObjectKey, why: &str) -> Result<()> {
    let api = dynamic_api::<K>(client, &key.namespace);
    let Some(object) = kube_call(api.get_opt(&key.name)).await? else { return Ok(()) };
    let conditions = conditions(why, clock);
    if without_times(told(&object)) == without_times(conditions.clone()) {
        return Ok(());
    }
    let mut status =
        object.data.get("status").filter(|status| status.is_object()).cloned().unwrap_or_else(|| json!({}));
    status["conditions"] = Value::Array(conditions);
    let uid = object.metadata.uid.unwrap_or_default();
    replace_status(&api, &key.name, &uid, &status).await?;
    Ok(())
}

fn conditions(why: &str, clock: &Clock) -> Vec<Value> {
    let message = format!(
        "the object cannot be read: {why}; correct it, until then it is left alone and its deletion waits"
    );
    let outcome = Err(Error::stalled(Reason::Malformed, message));
    let common = summarize(&CommonStatus::default(), &StatusInput::default(), &outcome, clock.now());
    common.conditions.iter().filter_map(|condition| serde_json::to_value(condition).ok()).collect()
}

fn told(object: &DynamicObject) -> Vec<Value> {
    object.data.pointer("/status/conditions").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn without_times(mut conditions: Vec<Value>) -> Vec<Value> {
    for condition in conditions.iter_mut().filter_map(Value::as_object_mut) {
        condition.remove("lastTransitionTime");
        condition.remove("observedGeneration");
    }
    conditions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_reports_are_written_at_once_and_the_latest_reason_counts() {
        let mut due = Due { shares: FairQueue::of(AT_ONCE), ..Due::default() };
        for reason in ["first", "last"] {
            for number in 0..1000 {
                due.push(ObjectKey::new("n", number.to_string()), reason.to_owned());
            }
        }
        let begun: Vec<_> = std::iter::from_fn(|| due.next()).collect();
        assert_eq!(begun.len(), AT_ONCE);
        assert!(begun.iter().all(|(_, why)| why == "last"));
        due.shares.ended(&None, "n");
        assert!(due.next().is_some() && due.next().is_none());
        assert_eq!(due.why.len(), 1000 - AT_ONCE - 1);
    }
}
