//! `AssumeRole`.

use super::form::{ARN, EXTERNAL_ID, Form, NAME, invalid, resource};
use super::reply::{session, success};
use super::session::{Wanted, marks};
use crate::error::{Error, Result};
use crate::state::principal::Assumption;
use crate::state::{Caller, State};
use crate::wire::elements;
use axum::response::Response;
use jiff::Timestamp;

pub(super) fn answer(state: &mut State, caller: &Caller, form: &Form, now: Timestamp) -> Result<Response> {
    let role = form.required("RoleArn", &ARN)?;
    let name = form.required("RoleSessionName", &NAME)?;
    let external_id = form.text("ExternalId", &EXTERNAL_ID)?;
    resource(role).ok_or_else(|| invalid(format!("{role} is invalid")))?;
    let longest = state.principals.longest_session(role);
    let wanted = Wanted::parse(form, longest, marks(form)?, caller.session.as_ref())?;
    let context = wanted.context(form).with_some("sts:ExternalId", external_id).and(state.surroundings(now));
    let actions = wanted.actions("sts:AssumeRole");
    let assumption = Assumption { role, external_id, actions: &actions, context };
    let refused = |error: Error| Error::new("AccessDenied", error.message);
    state.principals.may_assume(caller, &assumption).map_err(refused)?;
    let source_identity = wanted.source_identity().map(|identity| elements(&[("SourceIdentity", identity)]));
    let opened = state.principals.open_session(role, name, wanted.opened(now, None));
    Ok(success("AssumeRole", &(session(&opened) + &source_identity.unwrap_or_default())))
}
