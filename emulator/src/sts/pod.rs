//! Credentials of a container, as the agent of EKS Pod Identity serves them.

use crate::app::App;
use crate::call::{Access, Call, Payer, peer};
use crate::error::{Error, Result};
use crate::pipeline::perform;
use crate::state::State;
use crate::state::policy::{Context, Requester};
use crate::state::principal::{Assumption, Session, SessionTags};
use crate::wire::json_response;
use axum::body::Bytes;
use axum::response::Response;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::num::NonZeroU32;

const SERVICE: &str = "pods.eks.amazonaws.com";
/// As long as the agent's sessions are.
const LIFE: SignedDuration = SignedDuration::from_hours(6);

/// Answer `GET /v1/credentials`. The pod's token is the whole `Authorization` header.
pub(crate) async fn answer(app: &App, request: &Request<Bytes>) -> Response {
    let token = request.headers().get(http::header::AUTHORIZATION).and_then(|token| token.to_str().ok());
    let call = Call {
        service: "eks-auth",
        operation: "AssumeRoleForPodIdentity".into(),
        access: Access::Mint,
        principal: None,
        from: peer(request),
        payer: Payer::Address(peer(request)),
        requests: NonZeroU32::MIN,
        domain: None,
        repositories: Vec::new(),
        imports: None,
        parameters: Value::Null,
        render: Error::to_json_response,
    };
    perform(app, call, |state, now| credentials(state, token, now)).await
}

fn credentials(state: &mut State, token: Option<&str>, now: Timestamp) -> Result<Response> {
    let token = token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| Error::new("InvalidRequestException", "Service account token cannot be empty"))?;
    let pod = state.pods.of_token(token).cloned().ok_or_else(|| {
        Error::new("InvalidTokenException", "The token included in the request is not known")
    })?;
    let tags = pod.tags(&state.settings.region);
    let pairs = || tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let context = Context::default()
        .with_tags("aws:RequestTag", pairs())
        .with_all("aws:TagKeys", tags.keys().cloned())
        .with_all("sts:TransitiveTagKeys", tags.keys().cloned())
        .and(state.surroundings(now));
    let actions = ["sts:AssumeRole", "sts:TagSession"];
    let assumption = Assumption { role: &pod.role_arn, external_id: None, actions: &actions, context };
    if !state.principals.trusts(Requester::Service(SERVICE), &assumption) {
        let why =
            "The role does not exist or does not let pods.eks.amazonaws.com assume it and tag the session";
        return Err(Error::access_denied(why));
    }
    let session = Session {
        opened: now,
        ends: now.saturating_add(LIFE).unwrap_or(Timestamp::MAX),
        tags: SessionTags { transitive: tags.keys().cloned().collect(), values: tags },
        source_identity: None,
        policy: None,
        provider: None,
    };
    let opened = state.principals.open_session(&pod.role_arn, &pod.session_name(), session);
    Ok(json_response(&json!({
        "AccessKeyId": opened.access_key_id,
        "SecretAccessKey": opened.secret_access_key,
        "Token": opened.token,
        "AccountId": opened.account,
        "Expiration": opened.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    })))
}
