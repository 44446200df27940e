//! `GetAuthorizationToken`.

use super::Input;
use crate::error::Result;
use crate::state::State;
use crate::state::access::Ask;
use crate::state::policy::Context;
use crate::state::principal::denied;
use crate::state::token::{Life, TokenGrant};
use crate::wire::{json_response, timestamp};
use axum::response::Response;
use serde_json::json;

/// The life of a token unless the caller says otherwise, and its maximum.
const MAX_SECONDS: i64 = 43_200;

pub(super) fn mint(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = input.domain_key()?;
    let seconds = input.integer("durationSeconds").unwrap_or(MAX_SECONDS);
    // A token outlives the session that minted it, unless it is asked to end with it.
    let life = match (seconds, input.caller.session_ends()) {
        (0, Some(end)) => Life::until(input.now, end),
        (0, None) => Life::of_seconds(input.now, MAX_SECONDS),
        (seconds, _) => Life::of_seconds(input.now, seconds),
    };
    authorize_bearer(input, state, life)?;
    let domain = state.domain(&key)?.key.clone();
    let grant = TokenGrant { domain, caller: input.caller.clone(), life };
    let text = state.tokens.mint(grant, input.now);
    Ok(json_response(&json!({ "authorizationToken": text, "expiration": timestamp(life.expires()) })))
}

/// The permission that only an identity's own policy can give. A condition on the duration means
/// the life that the token gets.
fn authorize_bearer(input: &Input<'_>, state: &State, life: Life) -> Result<()> {
    let action = "sts:GetServiceBearerToken";
    if input.caller.is_root() {
        let why = "because account root users cannot get authorization tokens";
        return Err(denied(input.caller, action, "*", why));
    }
    let context = Context::default()
        .with("sts:AWSServiceName", "codeartifact.amazonaws.com")
        .with("sts:DurationSeconds", life.seconds().to_string());
    state.authorize(Ask { caller: input.caller, action, resource: "*", place: "*", context, now: input.now })
}
