//! Versions of packages.

use super::{Input, unknown};
use crate::error::Result;
use crate::state::State;
use axum::response::Response;

pub(super) fn describe(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn list_assets(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn list_dependencies(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn readme(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn asset(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn publish(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn update_status(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn dispose(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn delete(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}

pub(super) fn copy(_: &Input<'_>, _: &mut State) -> Result<Response> {
    unknown()
}
