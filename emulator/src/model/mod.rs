//! The service model: its operations, what each of them takes, where it travels, and what it must satisfy.
//!
//! Names and constraints are those of the published model, version 2018-09-22.

mod inputs;
mod operation;
mod shape;
pub(crate) mod shapes;
mod values;

pub(crate) use inputs::*;
pub(crate) use operation::{Operation, Resource, find, is_action, is_operation, names};
pub(crate) use values::{Raw, Values};

use shape::Shape;

/// Where a member travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    Body,
    Header,
    /// It is the whole body, as it is.
    Payload,
}

/// A member of an operation's input.
pub(crate) struct Member {
    /// The model's name, which messages use.
    pub(crate) name: &'static str,
    /// The name on the wire.
    pub(crate) wire: &'static str,
    pub(crate) place: Place,
    pub(crate) shape: &'static Shape,
    pub(crate) required: bool,
}

impl Member {
    const fn query(wire: &'static str, name: &'static str, shape: &'static Shape) -> Self {
        Self { name, wire, place: Place::Query, shape, required: false }
    }

    const fn body(name: &'static str, shape: &'static Shape) -> Self {
        Self { name, wire: name, place: Place::Body, shape, required: false }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// An operation's members, in groups that operations share.
pub(crate) type Members = &'static [&'static [Member]];
