//! Control routes for tests and demonstrations: clock, journal, faults, principals, seed, reset.

mod asked;
mod identity;

use crate::clock::{Move, Reading};
use crate::faults::{Rule, Shown};
use crate::seed::Seed;
use crate::server::App;
use crate::state;
use asked::{Body, Query, Refused};
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Everything under `/_emulator`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(health))
        .route("/clock", get(read_clock).post(move_clock))
        .route("/journal", get(read_journal).delete(clear_journal))
        .route("/faults", get(show_faults).put(put_faults).delete(clear_faults))
        .merge(identity::routes())
        .route("/seed", put(seed))
        .route("/reset", post(reset))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
}

async fn no_route(uri: Uri) -> Refused {
    Refused::new(StatusCode::NOT_FOUND, format!("there is no control route {}", uri.path()))
}

async fn no_method(method: Method, uri: Uri) -> Refused {
    let told = format!("the control route {} does not take {method}", uri.path());
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, told)
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

#[derive(Deserialize)]
struct After {
    after: Option<u64>,
}

async fn read_clock(State(app): State<Arc<App>>, Query(query): Query<After>) -> Json<Reading> {
    Json(match query.after {
        Some(seq) => app.clock.after(seq).await,
        None => app.clock.read(),
    })
}

async fn move_clock(State(app): State<Arc<App>>, Body(to): Body<Move>) -> Result<Json<Reading>, Refused> {
    app.move_clock(to).map_err(Refused::failed)?;
    Ok(Json(app.clock.read()))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
    #[serde(default)]
    format: Option<Format>,
}

/// How the journal is shown.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Text,
}

impl Format {
    /// Text for those who would rather have it.
    fn accepted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accept.trim_start().starts_with("text/plain") { Self::Text } else { Self::Json }
    }
}

async fn read_journal(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(query): Query<Since>,
) -> Response {
    let entries = app.journal().since(query.since);
    match query.format.unwrap_or_else(|| Format::accepted(&headers)) {
        Format::Json => Json(entries).into_response(),
        Format::Text => {
            entries.iter().fold(String::new(), |text, entry| text + &format!("{entry}\n")).into_response()
        }
    }
}

async fn clear_journal(State(app): State<Arc<App>>) -> StatusCode {
    app.journal().clear();
    StatusCode::NO_CONTENT
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
    faults: Vec<Rule>,
}

async fn put_faults(
    State(app): State<Arc<App>>,
    Body(body): Body<Value>,
) -> Result<Json<Vec<Shown>>, Refused> {
    let Seeded { seed, faults } = match body {
        list @ Value::Array(_) => {
            let faults = serde_json::from_value(list);
            Seeded { seed: 0, faults: faults.map_err(Refused::bad_request)? }
        }
        other => serde_json::from_value(other).map_err(Refused::bad_request)?,
    };
    replace_faults(&app, faults, seed)?;
    Ok(Json(app.faults.show()))
}

async fn clear_faults(State(app): State<Arc<App>>) -> Result<StatusCode, Refused> {
    replace_faults(&app, Vec::new(), 0)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The store must keep earlier states from before the first call that a stale read may look behind.
fn replace_faults(app: &App, faults: Vec<Rule>, seed: u64) -> Result<(), Refused> {
    let mut store = app.store();
    app.faults.replace(faults, seed).map_err(Refused::bad_request)?;
    store.keep_past(app.faults.make_reads_stale());
    Ok(())
}

/// Change the state, and keep it as calls do.
fn change<T>(app: &App, call: impl FnOnce(&mut state::State) -> Result<T, Refused>) -> Result<T, Refused> {
    app.store().change(app.clock.now(), call)
}

async fn seed(State(app): State<Arc<App>>, Body(seed): Body<Seed>) -> Result<StatusCode, Refused> {
    let now = app.clock.now();
    change(&app, |state| seed.apply(state, now).map_err(Refused::bad_request))?;
    Ok(StatusCode::NO_CONTENT)
}

/// As after a start, but that the clock, the ids and the journal's numbers go on.
async fn reset(State(app): State<Arc<App>>) -> Result<StatusCode, Refused> {
    replace_faults(&app, Vec::new(), 0)?;
    change(&app, |state| {
        state.reset();
        Ok(())
    })?;
    app.journal().clear();
    Ok(StatusCode::NO_CONTENT)
}
