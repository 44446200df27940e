//! The operator against a real control plane and the emulator, each file about one behaviour.

mod accounts;
mod admission;
mod adoption;
mod blocked_deletion;
mod confinement;
mod crash;
mod crowd;
mod deletion;
mod events;
mod fairness;
mod faults;
mod foreign_accounts;
mod login;
mod order;
mod packages;
mod proxy;
mod refusals;
mod rejected;
mod scene;
mod silence;
mod status;
mod tenancy;
mod uninstall;
mod upstreams;
