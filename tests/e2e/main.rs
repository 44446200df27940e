//! The operator against a real control plane and the emulator, each file about one behaviour.
//!
//! A test takes a [`harness::Fixture`]: on the shared control plane with names and namespaces that nobody else uses, or on
//! one of its own where it counts requests, stops servers, or works with kinds of the whole cluster.

mod accounts;
mod admission;
mod adoption;
mod blocked_deletion;
mod cluster_login;
mod confinement;
mod crash;
mod crowd;
mod deletion;
mod drift;
mod ended_sessions;
mod events;
mod fairness;
mod faults;
mod foreign_accounts;
mod how_to;
mod login;
mod order;
mod packages;
mod proxy;
mod refusals;
mod rejected;
mod silence;
mod status;
mod tenancy;
mod uninstall;
mod upstreams;
mod usage;
