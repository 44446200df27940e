//! Who there is, and with which keys: principals, the providers that vouch for people, pods, and KMS keys.

use super::change;
use super::extract::{Object, Query, Refused};
use crate::app::App;
use crate::state;
use crate::state::keys::{KeyNotPut, KeySpec};
use crate::state::principal::{NotPut, PodSpec, PrincipalSpec, ProviderSpec};
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/principals", get(show_principals).put(put_principal).delete(delete_principal))
        .route("/oidc-providers", get(show_providers).put(put_provider).delete(delete_provider))
        .route("/pod-identities", get(show_pods).put(put_pod).delete(delete_pods))
        .route("/keys", get(show_keys).put(put_key).delete(delete_key))
}

async fn show_principals(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.store().current().principals.show())
}

async fn put_principal(
    State(app): State<Arc<App>>,
    Object(spec): Object<PrincipalSpec>,
) -> Result<StatusCode, Refused> {
    change(&app, |state| {
        let id = state.next_id();
        state.principals.put(spec, id).map_err(not_put)
    })?;
    Ok(StatusCode::NO_CONTENT)
}

fn not_put(why: NotPut) -> Refused {
    match why {
        NotPut::Senseless(_) => Refused::bad_request(why),
        NotPut::Taken { .. } => Refused::new(StatusCode::CONFLICT, why.to_string()),
    }
}

/// What a query names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    arn: Option<String>,
    role_arn: Option<String>,
}

/// Remove what a member of the query names.
fn remove(
    app: &App,
    (member, name): (&str, Option<String>),
    what: &str,
    take: impl FnOnce(&mut state::State, &str) -> bool,
) -> Result<StatusCode, Refused> {
    let name = name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refused::bad_request(format!("?{member}= is needed")))?;
    if change(app, |state| Ok(take(state, &name)))? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refused::new(StatusCode::NOT_FOUND, format!("there is no {what} {name}")))
}

async fn delete_principal(
    State(app): State<Arc<App>>,
    Query(named): Query<Named>,
) -> Result<StatusCode, Refused> {
    remove(&app, ("arn", named.arn), "principal", state::State::forget_principal)
}

async fn show_providers(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.store().current().providers.show())
}

async fn put_provider(
    State(app): State<Arc<App>>,
    Object(spec): Object<ProviderSpec>,
) -> Result<StatusCode, Refused> {
    change(&app, |state| state.providers.put(spec, &state.settings.account).map_err(Refused::bad_request))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_provider(
    State(app): State<Arc<App>>,
    Query(named): Query<Named>,
) -> Result<StatusCode, Refused> {
    remove(&app, ("arn", named.arn), "provider", |state, arn| state.providers.remove(arn))
}

async fn show_pods(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.store().current().pods.show())
}

async fn put_pod(State(app): State<Arc<App>>, Object(spec): Object<PodSpec>) -> Result<StatusCode, Refused> {
    change(&app, |state| {
        let role = spec.role().to_owned();
        state.pods.put(spec).map_err(Refused::bad_request)?;
        let is_there = state.principals.has_role(&role);
        is_there
            .then_some(())
            .ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, format!("there is no role {role}")))
    })?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_pods(State(app): State<Arc<App>>, Query(named): Query<Named>) -> Result<StatusCode, Refused> {
    remove(&app, ("roleArn", named.role_arn), "pod with the role", |state, role| state.pods.remove(role))
}

async fn show_keys(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.store().current().keys.show())
}

async fn put_key(State(app): State<Arc<App>>, Object(spec): Object<KeySpec>) -> Result<StatusCode, Refused> {
    change(&app, |state| {
        let settings = state.settings.clone();
        state.keys.put(spec, &settings.region, &settings.account).map_err(|why| match why {
            KeyNotPut::Senseless(_) => Refused::bad_request(why),
            KeyNotPut::Taken(..) => Refused::new(StatusCode::CONFLICT, why.to_string()),
        })
    })?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_key(State(app): State<Arc<App>>, Query(named): Query<Named>) -> Result<StatusCode, Refused> {
    remove(&app, ("arn", named.arn), "key", |state, arn| state.keys.remove(arn))
}
