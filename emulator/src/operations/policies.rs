//! Permissions policies of domains and repositories.

use super::{Input, unknown};
use crate::error::Result;
use crate::state::State;
use axum::response::Response;

pub(super) fn put_domain(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn get_domain(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn delete_domain(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn put_repository(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn get_repository(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn delete_repository(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}
