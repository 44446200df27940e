//! The data plane, driven by real package managers.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod broken;
mod bundler;
mod cargo;
mod checks;
mod gem;
mod groups;
mod login;
mod maven;
mod npm;
mod origin;
mod program;
mod pypi;
mod record;
mod statuses;
#[path = "../api/support.rs"]
#[allow(dead_code, reason = "shared with the tests of the API, which need all of it")]
mod support;
mod tools;
mod world;
