//! Control routes for tests and demonstrations: clock, journal, faults, principals, seed, reset.

use crate::clock::Reading;
use crate::faults::{Rule, Shown};
use crate::journal::Entry;
use crate::seed::Seed;
use crate::server::App;
use crate::state::principal::PrincipalSpec;
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// Everything under `/_emulator`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(health))
        .route("/clock", get(read_clock).post(move_clock))
        .route("/journal", get(read_journal).delete(clear_journal))
        .route("/faults", get(show_faults).put(put_faults).delete(clear_faults))
        .route("/principals", get(show_principals).put(put_principal))
        .route("/seed", put(seed))
        .route("/reset", post(reset))
}

/// A request that a control route does not understand.
struct BadRequest(String);

impl IntoResponse for BadRequest {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({ "error": self.0 }))).into_response()
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, BadRequest> {
    serde_json::from_slice(body).map_err(|error| BadRequest(error.to_string()))
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Move {
    Advance(SignedDuration),
    Set(Timestamp),
}

async fn move_clock(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Reading>, BadRequest> {
    match parse(&body)? {
        Move::Advance(by) => app.clock.advance(by),
        Move::Set(to) => app.clock.set(to),
    }
    Ok(Json(app.clock.read()))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn read_journal(State(app): State<Arc<App>>, Query(query): Query<Since>) -> Json<Vec<Entry>> {
    Json(app.journal().since(query.since))
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

async fn put_faults(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Vec<Shown>>, BadRequest> {
    let Seeded { seed, faults } = match parse(&body)? {
        list @ Value::Array(_) => {
            let faults = serde_json::from_value(list);
            Seeded { seed: 0, faults: faults.map_err(|error| BadRequest(error.to_string()))? }
        }
        other => serde_json::from_value(other).map_err(|error| BadRequest(error.to_string()))?,
    };
    replace_faults(&app, faults, seed).map_err(BadRequest)?;
    Ok(Json(app.faults.show()))
}

async fn clear_faults(State(app): State<Arc<App>>) -> Result<StatusCode, BadRequest> {
    replace_faults(&app, Vec::new(), 0).map_err(BadRequest)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The store must keep earlier states from before the first call that a stale read may look behind.
fn replace_faults(app: &App, faults: Vec<Rule>, seed: u64) -> Result<(), String> {
    let mut store = app.store();
    app.faults.replace(faults, seed)?;
    store.keep_past(app.faults.make_reads_stale());
    Ok(())
}

async fn show_principals(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.store().current().principals.show())
}

async fn put_principal(State(app): State<Arc<App>>, body: Bytes) -> Result<StatusCode, BadRequest> {
    let spec: PrincipalSpec = parse(&body)?;
    app.store().current_mut().principals.put(spec).map_err(BadRequest)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn seed(State(app): State<Arc<App>>, body: Bytes) -> Result<StatusCode, BadRequest> {
    let seed: Seed = parse(&body)?;
    let now = app.clock.now();
    seed.apply(app.store().current_mut(), now).map_err(BadRequest)?;
    Ok(StatusCode::NO_CONTENT)
}

/// As after a start, but that the clock, the ids and the journal's numbers go on.
async fn reset(State(app): State<Arc<App>>) -> Result<StatusCode, BadRequest> {
    replace_faults(&app, Vec::new(), 0).map_err(BadRequest)?;
    app.store().current_mut().reset();
    app.journal().clear();
    Ok(StatusCode::NO_CONTENT)
}
