//! The emulator's API, driven by the AWS SDK over HTTP.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod clock;
mod connections;
mod control;
mod domains;
mod faults;
mod hold;
mod package_versions;
mod packages;
mod repositories;
mod seed;
mod signatures;
mod sts;
mod support;
mod tags;
mod tokens;
mod upstreams;
mod versions;
mod versions_batches;
mod versions_copy;
mod versions_publish;
