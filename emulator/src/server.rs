//! The HTTP server: connections, routes, and what all of it shares.

use crate::clock::Clock;
use crate::control;
use crate::data;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::operations;
use crate::options::Options;
use crate::perform::Disconnect;
use crate::state::{Settings, Store};
use crate::sts;
use crate::wire::{header_value, request_id};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use axum::routing::{any, post};
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Larger bodies are refused. Assets in tests are small; the machine's memory is not endless.
const BODY_LIMIT: usize = 512 * 1024 * 1024;

/// What the routes share.
pub(crate) struct App {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    store: Mutex<Store>,
    journal: Mutex<Journal>,
}

impl App {
    pub(crate) fn new(options: Options, url: &str) -> Self {
        let clock = Clock::new();
        let settings = Settings::new(options, url);
        Self {
            store: Mutex::new(Store::new(settings)),
            clock,
            faults: Faults::new(),
            journal: Mutex::default(),
        }
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

type Accepted = std::io::Result<(tokio::net::TcpStream, SocketAddr)>;

/// Accept connections until told to stop; then all of them end.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let router = routes(app.clone());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                connections.spawn(connection(accepted, router.clone(), app.clone()));
            }
        }
    }
}

async fn connection(accepted: Accepted, router: Router, app: Arc<App>) {
    let stream = match accepted.and_then(|(stream, _)| stream.set_nodelay(true).map(|()| stream)) {
        Ok(stream) => stream,
        Err(error) => return tracing::warn!(%error, "a connection could not be accepted"),
    };
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |request| {
        let answer = inner.call(request);
        let app = app.clone();
        async move {
            let Ok(response) = answer.await;
            finish(response, &app)
        }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The headers that every answer has. An error here makes hyper cut the connection.
fn finish(mut response: Response, app: &App) -> Result<Response, Cut> {
    if response.extensions().get::<Disconnect>().is_some() {
        return Err(Cut);
    }
    let date = app.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let headers = response.headers_mut();
    headers.insert(header::DATE, header_value(&date));
    headers.insert("x-amzn-requestid", header_value(&request_id()));
    Ok(response)
}

/// A fault asked for this.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut by a fault")]
struct Cut;

fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/", post(sts_request))
        .route("/v1/{*path}", any(api_request))
        .route("/{format}/d/{*path}", any(data_request))
        .nest("/_emulator", control::routes())
        .fallback(unknown)
        .with_state(app)
}

async fn api_request(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match collected(request).await {
        Ok(request) => operations::answer(&app, &request).await,
        Err(response) => response,
    }
}

async fn data_request(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match collected(request).await {
        Ok(request) => data::answer(&app, request).await,
        Err(response) => response,
    }
}

async fn sts_request(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match collected(request).await {
        Ok(request) => sts::answer(&app, &request).await,
        Err(response) => response,
    }
}

async fn unknown() -> Response {
    crate::error::Error::unknown_operation().to_json_response()
}

/// The request with its whole body.
async fn collected(request: Request<Body>) -> Result<Request<Bytes>, Response> {
    let (parts, body) = request.into_parts();
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Ok(Request::from_parts(parts, body.to_bytes())),
        Err(error) => {
            let mut response = Response::new(Body::from(error.to_string()));
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            let plain = HeaderValue::from_static("text/plain");
            response.headers_mut().insert(header::CONTENT_TYPE, plain);
            Err(response)
        }
    }
}
