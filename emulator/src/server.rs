//! The routes: each leads to the protocol that answers there.

use crate::app::App;
use crate::assets::{self, Bucket};
use crate::body::{Unread, collected};
use crate::call::{UNKNOWN, UNREAD};
use crate::control;
use crate::data;
use crate::error::Error;
use crate::host::Host;
use crate::operations;
use crate::reached::Reached;
use crate::sts;
use crate::unrouted;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use http::{Request, StatusCode};
use std::sync::Arc;

/// The service that the API is of.
const API: &str = "codeartifact";

/// The host of a request decides before its path does.
pub(crate) fn routes(app: Arc<App>) -> Router {
    let by_path = by_path(app.clone());
    Router::new().fallback_service(by_path).layer(from_fn_with_state(app, by_host))
}

fn by_path(app: Arc<App>) -> Router {
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

/// What the port of assets serves.
pub(crate) fn asset_routes(app: Arc<App>, bucket: Arc<Bucket>) -> Router {
    Router::new().fallback(asset_request).with_state((app, bucket))
}

async fn asset_request(
    State((app, bucket)): State<(Arc<App>, Arc<Bucket>)>,
    request: Request<Body>,
) -> Response {
    assets::answer(&app, &bucket, &request.map(|_| Bytes::new())).await
}

/// Finds out how the request came. On a domain's host everything but the control routes is for package managers.
async fn by_host(State(app): State<Arc<App>>, mut request: Request<Body>, next: Next) -> Response {
    let reached = Reached::of(&request, &app.settings.links);
    let host = reached.host.clone();
    request.extensions_mut().insert(reached);
    match host {
        Host::Private | Host::Other => next.run(request).await,
        Host::Domain(..) | Host::Unserved if is_control(request.uri().path()) => next.run(request).await,
        Host::Domain(..) => data_request(State(app), request).await,
        Host::Unserved => unserved(&app, request).await,
    }
}

fn is_control(path: &str) -> bool {
    path.strip_prefix(control::PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// DNS leads no such request to the Region that is served.
async fn unserved(app: &App, request: Request<Body>) -> Response {
    let message = format!("The host is none of AWS CodeArtifact's in {}", app.settings.region);
    let error = Error::new("UnknownOperationException", message);
    let error = error.with_status(StatusCode::MISDIRECTED_REQUEST);
    unrouted::refuse(app, (API, UNKNOWN), &request.map(|_| Bytes::new()), error, data::render).await
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
