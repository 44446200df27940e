//! The emulator's API, driven by the AWS SDK over HTTP.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod access;
mod clock;
mod connections;
mod control;
mod data;
mod deleted;
mod domains;
mod every_operation;
mod faults;
mod groups;
mod groups_origin;
mod hold;
mod identities;
mod npm;
mod package_versions;
mod packages;
mod permissions;
mod pods;
mod presigned;
mod python;
mod repositories;
mod roles;
mod seed;
mod signatures;
mod sts;
mod support;
mod tags;
mod throttle;
mod tokens;
mod upstreams;
mod versions;
mod versions_batches;
mod versions_copy;
mod versions_publish;
mod web_identity;
