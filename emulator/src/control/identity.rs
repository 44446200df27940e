//! Who there is: principals, the providers that vouch for people, and pods.

use super::asked::{Body, Query, Refused};
use super::change;
use crate::server::App;
use crate::state::principal::{PodSpec, PrincipalSpec, ProviderSpec};
use axum::extract::State;
use axum::routing::{get, put};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/principals", get(show_principals).put(put_principal).delete(delete_principal))
        .route("/oidc-providers", get(show_providers).put(put_provider))
        .route("/pod-identities", put(put_pod))
}

async fn show_principals(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.store().current().principals.show())
}

async fn put_principal(
    State(app): State<Arc<App>>,
    Body(spec): Body<PrincipalSpec>,
) -> Result<StatusCode, Refused> {
    change(&app, |state| state.principals.put(spec).map_err(Refused::bad_request))?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Named {
    arn: String,
}

async fn delete_principal(
    State(app): State<Arc<App>>,
    Query(named): Query<Named>,
) -> Result<StatusCode, Refused> {
    if change(&app, |state| Ok(state.principals.remove(&named.arn)))? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refused::new(StatusCode::NOT_FOUND, format!("there is no principal {}", named.arn)))
}

async fn show_providers(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.store().current().providers.show())
}

async fn put_provider(
    State(app): State<Arc<App>>,
    Body(spec): Body<ProviderSpec>,
) -> Result<StatusCode, Refused> {
    change(&app, |state| state.providers.put(spec, &state.settings.account).map_err(Refused::bad_request))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn put_pod(State(app): State<Arc<App>>, Body(spec): Body<PodSpec>) -> Result<StatusCode, Refused> {
    change(&app, |state| state.pods.put(spec).map_err(Refused::bad_request))?;
    Ok(StatusCode::NO_CONTENT)
}
