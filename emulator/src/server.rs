//! What the routes are, and what all of them share.

use crate::addresses::Addresses;
use crate::body::{Unread, collected};
use crate::call::{UNKNOWN, UNREAD};
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
use crate::unrouted;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use axum::routing::{any, get};
use http::Request;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The service that the API is of.
const API: &str = "codeartifact";

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
    under_way: AtomicUsize,
}

/// A request that is not answered yet, counted for as long as this lives.
pub(crate) struct UnderWay(Arc<App>);

impl UnderWay {
    pub(crate) fn of(app: &Arc<App>) -> Self {
        app.under_way.fetch_add(1, Ordering::SeqCst);
        Self(app.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Why the clock was not moved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClockNotMoved {
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
            under_way: AtomicUsize::new(0),
        }
    }

    /// Move the clock. How it stands is kept with the state.
    pub(crate) fn move_clock(&self, to: Move) -> Result<(), ClockNotMoved> {
        // One move after the other.
        let store = self.store();
        let setting = self.clock.after_move(to)?;
        store.record_clock(setting)?;
        self.clock.set(setting);
        Ok(())
    }

    /// How many requests are not answered yet.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
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
        // Nesting leaves this one out.
        .route(&format!("{}/", control::PREFIX), any(control::no_route))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .with_state(app)
}

async fn api_request(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match collected(request).await {
        Ok(request) => operations::answer(&app, &request).await,
        Err(unread) => unread.refuse(&app, API, Error::to_json_response).await,
    }
}

async fn data_request(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match collected(request).await {
        Ok(request) => data::answer(&app, request).await,
        Err(unread) => unread.refuse(&app, "data", data::render).await,
    }
}

async fn sts_request(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match collected(request).await {
        Ok(request) => sts::answer(&app, &request).await,
        Err(unread) => unread.refuse(&app, "sts", sts::error_response).await,
    }
}

async fn pod_request(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match collected(request).await {
        Ok(request) => sts::answer_pod(&app, &request).await,
        Err(unread) => unread.refuse(&app, "eks-auth", Error::to_json_response).await,
    }
}

async fn unknown(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let request = request.map(|_| Bytes::new());
    unrouted::refuse(&app, (API, UNKNOWN), &request, Error::unknown_operation(), Error::to_json_response)
        .await
}

impl Unread {
    async fn refuse(self, app: &App, service: &'static str, render: fn(&Error) -> Response) -> Response {
        unrouted::refuse(app, (service, UNREAD), &self.request, self.error, render).await
    }
}
