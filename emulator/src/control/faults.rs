//! The list of faults.

use super::extract::{Body, Refused};
use crate::app::App;
use crate::faults::{Rule, Shown};
use crate::operation_names;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/faults", get(show_faults).put(put_faults).delete(clear_faults))
}

async fn show_faults(State(app): State<Arc<App>>) -> Json<Vec<Shown>> {
    Json(app.faults.show())
}

/// A list of faults, alone or with the seed of their probabilities.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seeded {
    #[serde(default)]
    seed: u64,
    faults: Vec<Value>,
}

async fn put_faults(
    State(app): State<Arc<App>>,
    Body(body): Body<Value>,
) -> Result<Json<Vec<Shown>>, Refused> {
    let Seeded { seed, faults } = match body {
        Value::Array(faults) => Seeded { seed: 0, faults },
        object @ Value::Object(_) => serde_json::from_value(object).map_err(Refused::bad_request)?,
        _ => return Err(Refused::bad_request("faults are a list, or {\"seed\": 7, \"faults\": […]}")),
    };
    let rules = faults.into_iter().enumerate().map(|(at, fault)| {
        let told = |why: String| Refused::bad_request(format!("fault {}: {why}", at + 1));
        // Lists of what the members hold would be understood, too.
        let parts = [Some(&fault), fault.get("match"), fault.get("fault")];
        if let Some(part) = parts.into_iter().flatten().find(|part| !part.is_object()) {
            return Err(told(format!("{part} is no object")));
        }
        serde_json::from_value(fault).map_err(|error| told(error.to_string()))
    });
    let rules = rules.collect::<Result<_, _>>()?;
    replace(&app, rules, seed)?;
    Ok(Json(app.faults.show()))
}

async fn clear_faults(State(app): State<Arc<App>>) -> Result<StatusCode, Refused> {
    replace(&app, Vec::new(), 0)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The store must keep earlier states from before the first call that a stale read may look behind.
pub(super) fn replace(app: &App, faults: Vec<Rule>, seed: u64) -> Result<(), Refused> {
    let names: Vec<_> = operation_names::all().collect();
    let mut store = app.store();
    app.faults.replace(faults, seed, &names).map_err(Refused::bad_request)?;
    store.keep_past(app.faults.make_reads_stale());
    Ok(())
}
