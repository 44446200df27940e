//! Package groups.

use super::{Input, unknown};
use crate::error::Result;
use crate::state::State;
use axum::response::Response;

pub(super) fn create(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn describe(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn update(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn delete(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn update_origin(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn list(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn list_sub(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn list_allowed_repositories(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn list_associated(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn get_associated(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}
