//! The events that EventBridge would get.

use super::extract::{Query, Refused, whole};
use super::settled;
use crate::app::App;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/events", get(read_events).delete(clear_events))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default, deserialize_with = "whole")]
    since: Option<u64>,
}

async fn read_events(
    State(app): State<Arc<App>>,
    Query(query): Query<Since>,
) -> Result<Json<Vec<Value>>, Refused> {
    let (events, region) = {
        let store = settled(&app)?;
        (store.events.since(query.since.unwrap_or_default()), store.current().settings.region.clone())
    };
    Ok(Json(events.iter().map(|event| event.describe(&region)).collect()))
}

/// What is due by now belongs to the events that go.
async fn clear_events(State(app): State<Arc<App>>) -> Result<StatusCode, Refused> {
    settled(&app)?.events.clear();
    Ok(StatusCode::NO_CONTENT)
}
