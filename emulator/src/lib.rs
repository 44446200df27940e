//! AWS CodeArtifact over HTTP on your own machine, as strict as the service.
//!
//! [`Emulator::start`] binds a free port and answers the CodeArtifact API, the part of STS that
//! clients of CodeArtifact need, the package managers' data plane, and control routes for tests.

mod clock;
mod connections;
mod control;
mod data;
mod emulator;
mod error;
mod faults;
mod glob;
mod journal;
mod manifest;
mod model;
mod operations;
mod options;
mod perform;
mod seed;
mod server;
mod state;
mod sts;
mod wire;

pub use emulator::{Emulator, StartError};
pub use journal::Entry;
pub use options::{Options, Quotas, UnknownQuota};
