//! Control routes for tests and demonstrations: clock, journal, faults, principals, seed, reset.

mod events;
mod extract;
mod faults;
mod identity;

use crate::app::{App, ClockNotMoved};
use crate::clock::{Move, Reading};
use crate::seed::Seed;
use crate::state::{self, Store};
use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use extract::{Body, Object, Query, Refused};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, MutexGuard};

/// Where the control routes are.
pub(crate) const PREFIX: &str = "/_emulator";

/// Everything under [`PREFIX`].
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(health))
        .route("/clock", get(read_clock).post(move_clock))
        .route("/journal", get(read_journal).delete(clear_journal))
        .merge(events::routes())
        .merge(faults::routes())
        .merge(identity::routes())
        .route("/seed", put(seed))
        .route("/reset", post(reset))
        .route_layer(middleware::from_fn(known_query))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
}

/// What a query may have. A member that is misspelt would otherwise do something else in silence.
fn query_members(method: &Method, path: &str) -> &'static [&'static str] {
    match (method, path) {
        (&Method::GET | &Method::HEAD, "/clock") => &["after"],
        (&Method::GET | &Method::HEAD, "/journal") => &["since", "format"],
        (&Method::GET | &Method::HEAD, "/events") => &["since"],
        (&Method::DELETE, "/principals" | "/oidc-providers" | "/keys") => &["arn"],
        (&Method::DELETE, "/pod-identities") => &["roleArn"],
        _ => &[],
    }
}

async fn known_query(request: Request, next: Next) -> Response {
    let known = query_members(request.method(), request.uri().path());
    let uri = request.uri();
    let query = uri.query().unwrap_or_default().as_bytes();
    let Some((name, _)) = form_urlencoded::parse(query).find(|(name, _)| !known.contains(&&**name)) else {
        return next.run(request).await;
    };
    let takes = if known.is_empty() { "no query".into() } else { known.join(" and ") };
    let told = format!("{} {PREFIX}{} takes {takes}, not {name:?}", request.method(), uri.path());
    Refused::bad_request(told).into_response()
}

/// For paths under [`PREFIX`], with it or without.
pub(crate) async fn no_route(uri: Uri) -> Response {
    let path = uri.path().strip_prefix(PREFIX).unwrap_or(uri.path());
    let told = format!("there is no control route {PREFIX}{path}");
    Refused::new(StatusCode::NOT_FOUND, told).into_response()
}

async fn no_method(method: Method, uri: Uri) -> Refused {
    let told = format!("the control route {PREFIX}{} does not take {method}", uri.path());
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, told)
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

#[derive(Deserialize)]
struct After {
    #[serde(default, deserialize_with = "extract::whole")]
    after: Option<u64>,
}

async fn read_clock(State(app): State<Arc<App>>, Query(query): Query<After>) -> Json<Reading> {
    Json(match query.after {
        Some(seq) => app.clock.after(seq).await,
        None => app.clock.read(),
    })
}

async fn move_clock(State(app): State<Arc<App>>, Object(to): Object<Move>) -> Result<Json<Reading>, Refused> {
    app.move_clock(to).map_err(|not_moved| match not_moved {
        ClockNotMoved::OutOfRange(_) => Refused::bad_request(not_moved),
        ClockNotMoved::Unsaved(_) => Refused::failed(not_moved),
    })?;
    Ok(Json(app.clock.read()))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default, deserialize_with = "extract::whole")]
    since: Option<u64>,
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
    let entries = app.journal().since(query.since.unwrap_or_default());
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

/// Change the state, and keep it as calls do.
fn change<T>(app: &App, call: impl FnOnce(&mut state::State) -> Result<T, Refused>) -> Result<T, Refused> {
    app.store().change(app.clock.now(), call)
}

/// The state with all that is due by now.
fn settled(app: &App) -> Result<MutexGuard<'_, Store>, Refused> {
    let mut store = app.store();
    store.settle(app.clock.now())?;
    Ok(store)
}

async fn seed(State(app): State<Arc<App>>, Body(asked): Body<Value>) -> Result<StatusCode, Refused> {
    let seed = Seed::parse(asked).map_err(Refused::bad_request)?;
    let now = app.clock.now();
    change(&app, |state| seed.apply(state, now).map_err(Refused::bad_request))?;
    Ok(StatusCode::NO_CONTENT)
}

/// As after a start, but that the clock, the ids and the journal's numbers go on.
async fn reset(State(app): State<Arc<App>>) -> Result<StatusCode, Refused> {
    faults::replace(&app, Vec::new(), 0)?;
    change(&app, |state| {
        state.reset();
        Ok(())
    })?;
    if let Some(bucket) = &app.bucket {
        bucket.clear();
    }
    app.store().events.clear();
    app.journal().clear();
    Ok(StatusCode::NO_CONTENT)
}
