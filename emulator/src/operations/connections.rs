//! `AssociateExternalConnection`, `DisassociateExternalConnection`.

use super::{Input, repositories};
use crate::error::Result;
use crate::state::{Repository, State};
use axum::response::Response;

pub(super) fn associate(input: &Input<'_>, state: &mut State) -> Result<Response> {
    change(input, state, Repository::connect)
}

pub(super) fn disassociate(input: &Input<'_>, state: &mut State) -> Result<Response> {
    change(input, state, Repository::disconnect)
}

fn change(
    input: &Input<'_>,
    state: &mut State,
    apply: impl FnOnce(&mut Repository, &str) -> Result<()>,
) -> Result<Response> {
    let name = input.required("externalConnection")?;
    let domain = state.domain_mut(&input.domain_key()?)?;
    apply(domain.repository_mut(input.repository_name()?)?, name)?;
    repositories::describe(input, state)
}
