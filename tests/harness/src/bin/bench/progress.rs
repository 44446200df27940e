//! Counts objects by a watch, which costs the API server as little as can be.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::StreamExt;
use kube::api::{Api, DynamicObject};
use kube::runtime::{WatchStreamExt, watcher};

use crate::stage::PATIENCE;

/// Waits until `count` objects pass a test, and tells how long that took since `begin`.
pub(crate) async fn until(
    api: Api<DynamicObject>,
    config: watcher::Config,
    count: usize,
    begin: Instant,
    test: impl Fn(&DynamicObject) -> bool,
) -> Result<Duration> {
    let mut passed = HashSet::new();
    let objects = watcher(api, config.page_size(500)).default_backoff().applied_objects();
    let mut objects = std::pin::pin!(objects);
    let counting = async {
        while let Some(object) = objects.next().await {
            // The watch begins anew by itself.
            let Ok(object) = object else { continue };
            let metadata = &object.metadata;
            if test(&object) {
                passed.insert((metadata.namespace.clone(), metadata.name.clone()));
            }
            if passed.len() >= count {
                return Some(begin.elapsed());
            }
        }
        None
    };
    let counted = tokio::time::timeout(PATIENCE, counting).await;
    counted.ok().flatten().with_context(|| format!("only {} of {count} in time", passed.len()))
}

/// Whether an object is Ready for its present spec.
pub(crate) fn is_ready(object: &DynamicObject) -> bool {
    harness::objects::observed(object) && harness::objects::holds(object, "Ready")
}
