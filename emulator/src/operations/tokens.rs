//! `GetAuthorizationToken`.

use super::Input;
use crate::error::{Error, Result};
use crate::state::State;
use crate::state::token::TokenGrant;
use crate::wire::{json_response, timestamp};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// The life of a token unless the caller says otherwise, and its maximum.
const MAX_SECONDS: i64 = 43_200;
/// The shortest life, but for 0, which means the session's.
const MIN_SECONDS: i64 = 900;

pub(super) fn mint(input: &Input<'_>, state: &mut State) -> Result<Response> {
    let key = input.domain_key()?;
    let seconds = input.integer("durationSeconds").unwrap_or(MAX_SECONDS);
    if (1..MIN_SECONDS).contains(&seconds) {
        return Err(Error::constraint(
            &seconds.into(),
            "durationSeconds",
            "Member must be 0 or have value greater than or equal to 900",
        ));
    }
    state.principals.authorize(input.caller, "sts:GetServiceBearerToken", "*")?;
    let domain = state.domain(&key)?.key.clone();
    // A token outlives the session that minted it, unless it is asked to end with it.
    let expires = match (seconds, input.caller.session_ends) {
        (0, Some(end)) => end,
        (0, None) => after(input.now, MAX_SECONDS),
        (seconds, _) => after(input.now, seconds),
    };
    let grant = TokenGrant { domain, caller: input.caller.clone(), expires };
    let text = state.tokens.mint(grant);
    Ok(json_response(&json!({ "authorizationToken": text, "expiration": timestamp(expires) })))
}

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
