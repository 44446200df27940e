//! Tests that share one control plane; each has names and namespaces that nobody else uses.

mod admission;
mod confinement;
mod flood;
mod login;
mod policy;
mod publish;
mod slow_account;
mod tenancy;
