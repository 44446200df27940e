//! AWS CodeArtifact over HTTP on your own machine, as strict as the service.
//!
//! [`Emulator::start`] binds a free port and answers the CodeArtifact API, the part of STS that
//! clients of CodeArtifact need, the package managers' data plane, and control routes for tests.

mod addresses;
mod app;
mod assets;
mod body;
mod call;
mod certificates;
mod clock;
mod connections;
mod control;
mod data;
mod emulator;
mod error;
mod events;
mod faults;
mod glob;
mod host;
mod journal;
mod links;
mod manifest;
mod model;
mod operation_names;
mod operations;
mod options;
mod origin;
mod pipeline;
mod rates;
mod reached;
mod request_log;
mod seed;
mod server;
mod signer;
mod state;
mod sts;
mod throttle;
mod times;
mod unrouted;
mod wire;

pub use clock::SignatureClock;
pub use emulator::{Emulator, StartError};
pub use journal::Entry;
pub use options::{Assets, Endpoints, Options, Quotas, TokenTexts, UnknownQuota};
pub use origin::{BadHostName, BadOrigin, HostName, Origin};
pub use rates::{BadRate, Rates};
pub use request_log::OnCall;
pub use state::ledger::LedgerError;
