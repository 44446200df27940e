//! `AssociateExternalConnection`, `DisassociateExternalConnection`.

use super::{Input, repositories};
use crate::error::Result;
use crate::state::{Repository, State};
use crate::wire::text::EXTERNAL_CONNECTION_NAME;
use serde_json::Value;

pub(super) fn associate(input: &Input<'_>, state: &mut State) -> Result<Value> {
    change(input, state, Repository::connect)
}

pub(super) fn disassociate(input: &Input<'_>, state: &mut State) -> Result<Value> {
    change(input, state, Repository::disconnect)
}

fn change(
    input: &Input<'_>,
    state: &mut State,
    apply: fn(&mut Repository, &str) -> Result<()>,
) -> Result<Value> {
    let name = input.members.required_query("external-connection", &EXTERNAL_CONNECTION_NAME)?;
    let domain = state.domain_mut(&input.domain_key()?)?;
    apply(domain.repository_mut(input.repository_name()?)?, name)?;
    repositories::describe(input, state)
}
