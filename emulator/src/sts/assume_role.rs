//! `AssumeRole`.

use super::form::{ARN, EXTERNAL_ID, Form, NAME};
use super::reply::{session, success};
use super::session::Wanted;
use crate::error::{Error, Result};
use crate::state::principal::Assumption;
use crate::state::{Caller, State};
use axum::response::Response;
use jiff::Timestamp;

pub(super) fn answer(state: &mut State, caller: &Caller, form: &Form, now: Timestamp) -> Result<Response> {
    let role = form.required("RoleArn", &ARN)?;
    let name = form.required("RoleSessionName", &NAME)?;
    let external_id = form.text("ExternalId", &EXTERNAL_ID)?;
    let wanted = Wanted::parse(form, state.principals.longest_session(role), caller.session.as_ref())?;
    let context = wanted.context(form).with_some("sts:ExternalId", external_id).and(state.surroundings(now));
    let mut actions = vec!["sts:AssumeRole"];
    if !wanted.tags.values.is_empty() {
        actions.push("sts:TagSession");
    }
    if wanted.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    let assumption = Assumption { role, external_id, actions: &actions, context };
    let refused = |error: Error| Error::new("AccessDenied", error.message);
    state.principals.may_assume(caller, &assumption).map_err(refused)?;
    let source_identity = wanted.source_identity.clone();
    let opened = state.principals.open_session(role, name, wanted.opened(now, None));
    let source_identity = source_identity.map(|identity| super::elements(&[("SourceIdentity", &identity)]));
    Ok(success("AssumeRole", &(session(&opened) + &source_identity.unwrap_or_default())))
}
