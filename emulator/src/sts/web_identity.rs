//! `AssumeRoleWithWebIdentity`: a role for whoever a provider vouches for.

use super::form::{ARN, Form, NAME, WEB_TOKEN, invalid, resource};
use super::jwt::{Claims, Flaw, issuer_of, verify};
use super::reply::{session, success};
use super::session::{Marks, Wanted};
use crate::error::{Error, Result};
use crate::state::State;
use crate::state::policy::{Context, Requester};
use crate::state::principal::{Assumption, Provider, condition_prefix};
use crate::wire::elements;
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;

pub(super) fn answer(state: &mut State, form: &Form, now: Timestamp) -> Result<Response> {
    let role = form.required("RoleArn", &ARN)?;
    let name = form.required("RoleSessionName", &NAME)?;
    let token = form.required("WebIdentityToken", &WEB_TOKEN)?;
    if form.get("ProviderId").is_some() {
        return Err(invalid("ProviderId goes with the access tokens of OAuth 2.0, which are not taken here"));
    }
    if !resource(role).is_some_and(|resource| resource.starts_with("role/")) {
        return Err(invalid("Request ARN is invalid"));
    }
    let account = role.split(':').nth(4).unwrap_or_default();
    let issuer = issuer_of(token).map_err(|flaw| refused(&flaw))?;
    let provider = state.providers.get(account, &issuer).ok_or_else(|| {
        let message = format!("No OpenIDConnect provider found in your account for {issuer}");
        Error::new("InvalidIdentityToken", message)
    })?;
    let claims = verify(token, provider).map_err(|flaw| refused(&flaw))?;
    let marks = Marks { tags: claims.tags(), source_identity: claims.source_identity.clone() };
    let wanted = Wanted::parse(form, state.principals.longest_session(role), marks, None)?;
    let context = wanted.context(form).and(vouched(&claims, provider)).and(state.surroundings(now));
    let actions = wanted.actions("sts:AssumeRoleWithWebIdentity");
    let assumption = Assumption { role, external_id: None, actions: &actions, context };
    if !state.principals.trusts(Requester::Federated(&provider.arn), &assumption) {
        return Err(Error::new("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"));
    }
    let told = elements(&[
        ("SubjectFromWebIdentityToken", &claims.sub),
        ("Audience", &claims.audience),
        ("Provider", &provider.issuer),
    ]);
    let source_identity = wanted.source_identity().map(|identity| elements(&[("SourceIdentity", identity)]));
    let opened = wanted.opened(now, Some(provider.arn.clone()));
    let opened = state.principals.open_session(role, name, opened);
    let result = session(&opened) + &told + &source_identity.unwrap_or_default();
    Ok(success("AssumeRoleWithWebIdentity", &result))
}

/// The condition keys that a token gives, under the name of its provider.
fn vouched(claims: &Claims, provider: &Provider) -> Context {
    let key = |claim: &str| format!("{}:{claim}", condition_prefix(&provider.issuer));
    Context::default()
        .with("aws:FederatedProvider", &provider.arn)
        .with(&key("sub"), &claims.sub)
        .with(&key("aud"), &claims.audience)
        .with_all(&key("amr"), claims.amr.iter().cloned())
}

fn refused(flaw: &Flaw) -> Error {
    let code = match flaw {
        Flaw::Expired { .. } => "ExpiredTokenException",
        _ => "InvalidIdentityToken",
    };
    // The code of an expired session is 403; that of an expired proof of identity is not.
    Error::new(code, flaw.to_string()).with_status(StatusCode::BAD_REQUEST)
}
