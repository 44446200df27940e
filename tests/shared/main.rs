//! Tests that share one control plane; each has names and namespaces that nobody else uses.

mod admission;
mod confinement;
mod login;
mod publish;
mod slow_account;
mod tenancy;
