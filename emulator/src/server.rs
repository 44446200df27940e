//! What the routes are, and what all of them share.

use crate::addresses::Addresses;
use crate::clock::{Clock, Move, OutOfRange};
use crate::control;
use crate::data;
use crate::error::Error;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::operations;
use crate::options::Options;
use crate::request_log::OnCall;
use crate::state::Store;
use crate::state::ledger::Unsaved;
use crate::sts;
use crate::throttle::Throttle;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::{any, get};
use http::Request;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Larger bodies are refused. Assets in tests are small; the machine's memory is not endless.
const BODY_LIMIT: usize = 512 * 1024 * 1024;

/// How long the whole of a body may take to come.
pub(crate) const BODY_TIME: Duration = Duration::from_mins(1);

/// What the routes share.
pub(crate) struct App {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) throttle: Throttle,
    pub(crate) addresses: Option<Addresses>,
    pub(crate) on_call: Option<OnCall>,
    store: Mutex<Store>,
    journal: Mutex<Journal>,
    panics: AtomicU64,
}

/// Why the clock was not moved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unmoved {
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    #[error(transparent)]
    Unsaved(#[from] Unsaved),
}

impl App {
    pub(crate) fn new(options: &Options, store: Store, clock: Clock, addresses: Option<Addresses>) -> Self {
        Self {
            clock,
            faults: Faults::new(),
            throttle: Throttle::new(&options.rates),
            addresses,
            on_call: options.on_call.clone(),
            store: Mutex::new(store),
            journal: Mutex::default(),
            panics: AtomicU64::new(0),
        }
    }

    /// Move the clock. How it stands is kept with the state.
    pub(crate) fn move_clock(&self, to: Move) -> Result<(), Unmoved> {
        // One move after the other.
        let store = self.store();
        let setting = self.clock.after_move(to)?;
        store.record_clock(setting)?;
        self.clock.set(setting);
        Ok(())
    }

    /// How many requests ended in a panic. Each is a defect of the emulator.
    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Ordering::SeqCst)
    }

    pub(crate) fn count_panic(&self) {
        self.panics.fetch_add(1, Ordering::SeqCst);
    }

    /// The state. Never hold it across an await.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal. Never hold it across an await.
    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/", any(sts_request))
        .route("/v1/credentials", get(pod_request))
        .route("/v1/{*path}", any(api_request))
        .route("/{format}/d/{*path}", any(data_request))
        .nest(control::PREFIX, control::routes())
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(app)
}

async fn api_request(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match collected(request).await {
        Ok(request) => operations::answer(&app, &request).await,
        Err(error) => error.to_json_response(),
    }
}

async fn data_request(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match collected(request).await {
        Ok(request) => data::answer(&app, request).await,
        Err(error) => data::render(&error),
    }
}

async fn sts_request(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match collected(request).await {
        Ok(request) => sts::answer(&app, &request).await,
        Err(error) => sts::error_response(&error),
    }
}

async fn pod_request(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match collected(request).await {
        Ok(request) => sts::answer_pod(&app, &request).await,
        Err(error) => error.to_json_response(),
    }
}

async fn unknown() -> Response {
    Error::unknown_operation().to_json_response()
}

/// The request with its whole body.
async fn collected(request: Request<Body>) -> Result<Request<Bytes>, Error> {
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(BODY_TIME, Limited::new(body, BODY_LIMIT).collect()).await {
        Ok(Ok(body)) => Ok(Request::from_parts(parts, body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Error::new(
            "RequestEntityTooLargeException",
            format!("The body has more than {BODY_LIMIT} bytes"),
        )),
        Ok(Err(error)) => Err(Error::unparsable(format!("The body cannot be read: {error}"))),
        Err(_) => Err(Error::new("RequestTimeoutException", "The body did not come in time")),
    }
}
