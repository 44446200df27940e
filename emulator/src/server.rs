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
use crate::sts;
use crate::unrouted;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use axum::routing::{any, get};
use http::{Request, StatusCode};
use std::sync::Arc;

/// The service that the API is of.
const API: &str = "codeartifact";

/// What answers a request, by the host that it names: the host decides before the path does.
#[derive(Clone)]
pub(crate) struct Routes {
    by_path: Router,
    /// On a domain's host everything but the control routes is for package managers.
    of_domain: Router,
    unserved: Router,
}

impl Routes {
    pub(crate) fn new(app: &Arc<App>) -> Self {
        Self {
            by_path: by_path(app.clone()),
            of_domain: control().fallback(data_request).with_state(app.clone()),
            unserved: control().fallback(unserved).with_state(app.clone()),
        }
    }

    /// What the port of assets serves, whatever its host is called.
    pub(crate) fn of_assets(app: Arc<App>, bucket: Arc<Bucket>) -> Self {
        let router = Router::new().fallback(asset_request).with_state((app, bucket));
        Self { by_path: router.clone(), of_domain: router.clone(), unserved: router }
    }

    pub(crate) fn at(&self, host: &Host) -> &Router {
        match host {
            Host::Private | Host::Other => &self.by_path,
            Host::Domain(..) => &self.of_domain,
            Host::Unserved => &self.unserved,
        }
    }
}

/// The control routes, which every host has.
fn control() -> Router<Arc<App>> {
    // Nesting leaves the second one out.
    let bare = format!("{}/", control::PREFIX);
    Router::new().nest(control::PREFIX, control::routes()).route(&bare, any(control::no_route))
}

fn by_path(app: Arc<App>) -> Router {
    control()
        .route("/", any(sts_request))
        .route("/v1/credentials", get(pod_request))
        .route("/v1/{*path}", any(api_request))
        .route("/{format}/d/{*path}", any(data_request))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .with_state(app)
}

async fn asset_request(
    State((app, bucket)): State<(Arc<App>, Arc<Bucket>)>,
    request: Request<Body>,
) -> Response {
    assets::answer(&app, &bucket, &request.map(|_| Bytes::new())).await
}

/// Refuses a request for a host that is not served: with DNS, such a request would reach another Region or nobody.
async fn unserved(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let message = format!("The host is none of AWS CodeArtifact's in {}", app.settings.region);
    let error = Error::new("UnknownOperationException", message);
    let error = error.with_status(StatusCode::MISDIRECTED_REQUEST);
    unrouted::refuse(&app, (API, UNKNOWN), &request.map(|_| Bytes::new()), error, data::render).await
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
