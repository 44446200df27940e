//! The data plane, driven by real package managers.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod aws_login;
mod broken;
mod bundler;
mod cargo;
mod checks;
mod gem;
mod groups;
mod login;
mod maven;
mod mode;
mod mounted;
mod npm;
mod origin;
mod poetry_plugin;
mod program;
mod proxy;
mod published;
mod pypi;
mod record;
mod snapshots;
mod statuses;
#[path = "../api/support/emulator.rs"]
mod support;
mod surroundings;
mod tools;
mod world;
