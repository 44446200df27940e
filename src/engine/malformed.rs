//! Objects that do not parse: told in their status, and left alone.

use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::context::{KubeClient, kube_call};
use super::object::{Controlled, ObjectKey};
use super::publish::{dynamic_api, replace_status};
use super::summary::{Circumstances, summarize};
use crate::api::CommonStatus;
use crate::clock::Clock;
use crate::error::{Error, Reason, Result};

/// Says in the status of an object that does not parse why it is left alone. All else in the status stays: what it
/// stands for in AWS must be found again once the object has been corrected.
pub(super) async fn report<K: Controlled>(
    client: &KubeClient,
    clock: &Clock,
    key: &ObjectKey,
    why: &str,
) -> Result<()> {
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
    let common = summarize(&CommonStatus::default(), &Circumstances::default(), &outcome, clock.now());
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
